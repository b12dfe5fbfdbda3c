// What an installation remembers, in the state folder: the bytes that a file had before, so that taking the hooks out leaves nothing behind.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HookedAgent } from "#core";
import type { InstallScope } from "#hooks";

/** One file that was written. */
export interface WrittenFile {
  readonly kind: "settings" | "trust" | "plugin";
  readonly path: string;
  /** Its bytes before, base64; null when there was none. */
  readonly original: string | null;
  readonly mode: number;
  /** SHA-256 of what was written: as long as it holds, `original` comes back byte by byte. */
  readonly written: string;
}

/** One installation. */
export interface InstallRecord {
  readonly v: 1;
  readonly agent: HookedAgent;
  readonly scope: InstallScope;
  /** The project or home it is for. */
  readonly base: string;
  /** The shell text that starts the client. */
  readonly client: string;
  readonly files: readonly WrittenFile[];
  /** Folders that were made, outermost first. */
  readonly folders: readonly string[];
  /** Keys of the settings that were made. */
  readonly made: readonly (readonly string[])[];
  /** Names of the hook file that Codex's trust goes by. */
  readonly hooksFiles: readonly string[];
}

/** SHA-256 in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Where the record of a hook file stands. */
export function recordPath(stateDir: string, agent: HookedAgent, hookFile: string): string {
  return join(stateDir, "hooks", `${agent}-${sha256(Buffer.from(hookFile)).slice(0, 16)}.json`);
}

/** The record, or undefined when there is none or it is not ours to understand: then entries are found by their text. */
export function readRecord(path: string): InstallRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

// The file is ours and private, so its shape is enough: what was cut short or written by another version is no record.
function isRecord(value: unknown): value is InstallRecord {
  if (typeof value !== "object" || value === null) return false;
  const { v, files, folders, made, hooksFiles, ...texts } = value as Readonly<Record<string, unknown>>;
  const whole = ["agent", "scope", "base", "client"].every((name) => typeof texts[name] === "string");
  return v === 1 && whole && [files, folders, made, hooksFiles].every(Array.isArray);
}

/** Keeps a record before the files are touched. Only the owner may read it: settings hold secrets. Throws what the system says. */
export function writeRecord(path: string, record: InstallRecord): void {
  mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Forgets a record. */
export function dropRecord(path: string): void {
  rmSync(path, { force: true });
}

/** Every record whose project or home still exists, for `doctor` and `install --check`. */
export function allRecords(stateDir: string): readonly InstallRecord[] {
  const folder = join(stateDir, "hooks");
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // nothing was ever installed
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .map((name) => readRecord(join(folder, name)))
    .filter((record) => record !== undefined)
    .filter(({ base }) => existsSync(base));
}
