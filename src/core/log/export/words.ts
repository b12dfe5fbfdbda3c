// Small texts that several formats say alike.
import type { Json } from "../record.ts";

/** A value as text: text as it is, everything else as JSON. */
export function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The arguments as a shell would take them, so that a person can read where one ends. */
export function commandLine(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[\p{L}\p{N}_@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

/** Last part of a path. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  const name = trimmed.slice(trimmed.lastIndexOf("/") + 1);
  return name === "" ? path || "?" : name;
}

/** `host:port`, as far as known. */
export function endpointText(place: {
  readonly host?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
}): string {
  const host = place.host ?? place.address;
  if (host === undefined) return place.path ?? "?";
  const shown = host.includes(":") ? `[${host}]` : host;
  return place.port === undefined ? shown : `${shown}:${place.port}`;
}

/** The members that have a value. */
export function present(members: { readonly [key: string]: Json | undefined }): { readonly [key: string]: Json } {
  const there: [string, Json][] = [];
  for (const [key, value] of Object.entries(members)) if (value !== undefined) there.push([key, value]);
  return Object.fromEntries(there);
}

/** A finding of damage in one line. */
export function damageText(found: {
  readonly damage: string;
  readonly seq: number;
  readonly file: string;
  readonly offset: number;
}): string {
  return `the log is not as it was written: ${found.damage} at record ${found.seq} (${found.file}, offset ${found.offset})`;
}
