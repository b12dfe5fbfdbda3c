// Codex runs a hook only when the person's config.toml holds the hash of exactly that hook; others it skips without a word. These are the
// hashes of ours, as tables at the end of that file. Codex 0.169: SHA-256 over the entry as JSON with sorted keys (its hooks/list answers the same).
import { createHash } from "node:crypto";
import { err, ok, type Problem, type Result } from "#core";
import { commandOf, EVENTS, type InstalledEvent } from "./settings.ts";

const OPENING = "# The next tables let codex run ringfence's hooks; `ringfence uninstall codex` takes them away.";

/** The hash by which Codex knows one hook of ours. */
export function codexHookHash(event: InstalledEvent, client: string): string {
  const hook = { async: false, command: commandOf(event, client), timeout: event.timeoutSeconds, type: "command" };
  const identity = JSON.stringify({ event_name: snakeCase(event.name), hooks: [hook] });
  return `sha256:${createHash("sha256").update(identity).digest("hex")}`;
}

/** Which hooks are to be trusted. */
export interface TrustedHooks {
  /** Every name that Codex may have for hooks.json. */
  readonly hooksFiles: readonly string[];
  /** Event → our place among its groups. */
  readonly places: ReadonlyMap<string, number>;
  /** Shell text that starts the client. */
  readonly client: string;
}

/** config.toml with a table for each hook. */
export function withTrust(toml: string, file: string, hooks: TrustedHooks): Result<string, Problem> {
  const line = /\r\n/.test(toml) ? "\r\n" : "\n";
  const tables = hooks.hooksFiles.flatMap((hooksFile) =>
    EVENTS.codex.map((event) => {
      const key = keyOf(hooksFile, event, hooks.places);
      return { header: headerOf(key), hash: codexHookHash(event, hooks.client) };
    }),
  );
  // A table twice is an error to Codex, and an inline `hooks` cannot be added to.
  const lines = toml.split(/\r\n|\n/);
  const clash = clashingLine(lines, new Set(tables.map(({ header }) => header)));
  if (clash >= 0)
    return err({
      code: "settings-shape",
      message: "codex's own record of trusted hooks stands where ringfence's would",
      at: { file, line: clash + 1, column: 1 },
      hint: "remove that entry, then try again",
    });
  const text = tables.map(({ header, hash }) => `${line}${header}${line}trusted_hash = "${hash}"${line}`).join("");
  const gap = toml === "" || /\n$/.test(toml) ? "" : line;
  return ok(`${toml}${gap}${OPENING}${text}`);
}

// A line of the outermost table, or of [hooks], that already holds what a table of ours would.
function clashingLine(lines: readonly string[], headers: ReadonlySet<string>): number {
  let table = "";
  return lines.findIndex((each) => {
    const line = each.trim();
    if (line.startsWith("[")) table = line.replace(/\s*(?:#.*)?$/, "");
    if (headers.has(table)) return true;
    if (table === "") return /^"?hooks"?\s*(?:=|\.\s*"?state"?\s*[.=])/.test(line);
    return table === "[hooks]" && /^"?state"?\s*[.=]/.test(line);
  });
}

/** True when Codex would run every hook of ours where it stands now, under one of its file's names. */
export function isTrusted(toml: string, hooks: TrustedHooks): boolean {
  const lines = toml.split(/\r\n|\n/).map((line) => line.trim());
  return EVENTS.codex.every((event) => {
    const hash = `trusted_hash = "${codexHookHash(event, hooks.client)}"`;
    return hooks.hooksFiles.some((file) => {
      const header = lines.indexOf(headerOf(keyOf(file, event, hooks.places)));
      const table = header < 0 ? [] : lines.slice(header + 1, header + 12);
      const end = table.findIndex((line) => line.startsWith("["));
      const body = end < 0 ? table : table.slice(0, end);
      return body.includes(hash) && !body.some((line) => /^enabled\s*=\s*false/.test(line));
    });
  });
}

/** True when config.toml switches all hooks off. */
export function hooksAreOff(toml: string): boolean {
  let table = "";
  return toml.split(/\r\n|\n/).some((each) => {
    const line = each.trim();
    if (line.startsWith("[")) table = line.replace(/\s*(?:#.*)?$/, "");
    const key = table === "[features]" ? "" : table === "" ? "features\\s*\\.\\s*" : undefined;
    return key !== undefined && new RegExp(`^${key}(?:codex_)?hooks\\s*=\\s*false\\b`).test(line);
  });
}

/** config.toml without the tables of hooks in these files whose hash is that of a hook of ours. */
export function withoutTrust(toml: string, hooksFiles: readonly string[], client: string): string {
  const hashes = new Set(EVENTS.codex.map((event) => codexHookHash(event, client)));
  const lines = toml.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const kept: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const isOpening = lines[at]?.trim() === OPENING;
    const length = isOpening ? 1 : ourTable(lines, at, hooksFiles, hashes);
    if (length === 0) kept.push(lines[at] ?? "");
    at += Math.max(length, 1);
  }
  return kept.join("");
}

// Header, hash and the empty line before them.
function ourTable(
  lines: readonly string[],
  at: number,
  hooksFiles: readonly string[],
  hashes: ReadonlySet<string>,
): number {
  const empty = lines[at]?.trim() === "" ? 1 : 0;
  const header = lines[at + empty]?.trim() ?? "";
  const hash = /^trusted_hash = "([^"]*)"$/.exec(lines[at + empty + 1]?.trim() ?? "")?.[1] ?? "";
  const named = hooksFiles.some((file) => header.startsWith(headerOf(`${file}:`).slice(0, -2)));
  return named && hashes.has(hash) ? empty + 2 : 0;
}

// A basic string of TOML takes JSON's escapes, but for the slash that JSON does not escape either.
function headerOf(key: string): string {
  return `[hooks.state.${JSON.stringify(key)}]`;
}

function keyOf(file: string, event: InstalledEvent, places: ReadonlyMap<string, number>): string {
  return `${file}:${snakeCase(event.name)}:${places.get(event.name) ?? 0}:0`;
}

function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase();
}
