// Files of the person and of the machine that say where a tool fetches from. Nothing of the workspace is read, by whatever name (NET-1).
import { readFileSync, realpathSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { parseHost, type ToolHost } from "#core/net";

/** The caller, as far as their tools' configuration goes. */
export interface ToolConfigPlaces {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What sessions write, the workspace first: no program and no file there has a say (NET-1). */
  readonly written: readonly string[];
}

/** Where one tool fetches from, and the part of its settings that is no secret. */
export interface ToolSource {
  readonly hosts: readonly ToolHost[];
  readonly files?: readonly { readonly target: string; readonly content: string }[];
  readonly env?: Readonly<Record<string, string>>;
}

const LARGEST = 1024 * 1024;

/** The text of a file outside what sessions write; `undefined` for everything else, also what cannot be read: it is not the person's setting then. */
export function userFile(file: string, written: readonly string[]): string | undefined {
  try {
    const real = isAbsolute(file) ? realpathSync(file) : undefined;
    if (real === undefined || isBelow(real, written)) return undefined;
    const text = readFileSync(real, "utf8");
    return text.length > LARGEST ? undefined : text;
  } catch {
    return undefined;
  }
}

/** `~/.config`, or what XDG_CONFIG_HOME says. */
export function configHome({ home, env }: ToolConfigPlaces): string {
  const named = env["XDG_CONFIG_HOME"];
  return named !== undefined && isAbsolute(named) ? named : join(home, ".config");
}

/** The host of an http(s) address, without user and path; none for anything else. */
export function toolHost(text: string): readonly ToolHost[] {
  if (!URL.canParse(text)) return [];
  const url = new URL(text);
  const host = parseHost(url.hostname);
  if (host === undefined || !/^https?:$/.test(url.protocol)) return [];
  return [{ host, port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port) }];
}

/** The address alone: no user, no query, and nothing at all of what does not parse or holds a variable. */
export function withoutUser(text: string): string | undefined {
  if (!URL.canParse(text) || /\$\{|\$[A-Za-z]|%[A-Za-z]+%/.test(text)) return undefined;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) ? `${url.protocol}//${url.host}${url.pathname}` : undefined;
}

/** Each host and port once. */
export function unique(hosts: readonly ToolHost[]): readonly ToolHost[] {
  return [...new Map(hosts.map((host) => [`${host.host}:${host.port}`, host])).values()];
}

/** True for the folders themselves and everything in them. */
export function isBelow(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => path === root || path.startsWith(`${root}/`));
}
