// The servers of a client's file.
import type { Problem, Result } from "../../result.ts";
import { CLIENTS, type ClientId } from "./client.ts";
import type { Entry } from "./entry.ts";
import { readJsonEntries } from "./json-entries.ts";
import { readTomlEntries } from "./toml-entries.ts";

/** Every server in the text, in its order. A Problem says line and column. */
export function readEntries(client: ClientId, text: string, file: string): Result<readonly Entry[], Problem> {
  const { text: form, roots } = CLIENTS[client];
  return form === "toml" ? readTomlEntries(text, file, roots[0] ?? []) : readJsonEntries(text, file, roots);
}

/** How a text is written as a value: JSON's strings are TOML's too, but for what no path, name or header may hold. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
