// A file of the person's, whole or one field of it. Never one of the workspace: what stands there the agent reads too.
import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { ValuePlace } from "#core/credentials";
import { forTerminal } from "#core/text";
import { Secret } from "../secret.ts";
import type { Source, SourceDeps } from "./source.ts";
import { openVariable } from "./variable.ts";

type FilePlace = Extract<ValuePlace, { file: string }>;

const MOST_BYTES = 65_536;

/** Reads it at each fetch: a token that another program rotates is followed. */
export function openFile(place: FilePlace, deps: SourceDeps): Source {
  return {
    fetch: async () => {
      const text = await readSecretFile(place, deps);
      return text.ok ? ok(new Secret({ value: text.value })) : text;
    },
  };
}

/** The text that a place holds, for sources that need one to ask with. */
export async function readPlace(place: ValuePlace, deps: SourceDeps): Promise<Result<string, Problem>> {
  if ("file" in place) return readSecretFile(place, deps);
  const answer = await openVariable(place, deps).fetch();
  if (!answer.ok) return answer;
  const text = answer.value.reveal();
  answer.value.wipe();
  return ok(text);
}

/** The bytes of a file of the person's as text, bounded. Never blocks on a pipe and never reads a device. */
export async function readSecretFile(place: FilePlace, deps: SourceDeps): Promise<Result<string, Problem>> {
  const shown = `\`${forTerminal(place.file, { max: 200 })}\``;
  const bad = (message: string, hint: string): Result<never, Problem> =>
    err({ code: "credential-file", message: `${shown} ${message}`, hint });
  const path = place.file.startsWith("~/") ? join(deps.home, place.file.slice(2)) : place.file;
  try {
    const real = await realpath(path);
    if (real === deps.workspace || real.startsWith(`${deps.workspace}/`))
      return bad("stands in the workspace, where the agent reads it too", "move it to your home, mode 0600");
    const handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const found = await handle.stat();
      if (!found.isFile()) return bad("is not a plain file", "name the file that holds the token");
      if (found.size > MOST_BYTES) return bad("is too large for a token", "name the file that holds the token");
      const text = await handle.readFile("utf8");
      const value = place.field === undefined ? text.trim() : fieldOf(text, place.field);
      if (value !== undefined && value !== "") return ok(value);
      return bad(
        place.field === undefined ? "is empty" : `has no \`${forTerminal(place.field, { max: 80 })}\``,
        "`field` is a dotted path into JSON, or the NAME of a `NAME=value` line",
      );
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    return bad(
      `cannot be read (${(thrown as NodeJS.ErrnoException).code ?? "unknown error"})`,
      "check the path and its mode",
    );
  }
}

function fieldOf(text: string, field: string): string | undefined {
  if (/^\s*\{/.test(text)) {
    try {
      let node: unknown = JSON.parse(text);
      for (const step of field.split("."))
        node =
          typeof node === "object" && node !== null && Object.hasOwn(node, step)
            ? (node as Record<string, unknown>)[step]
            : undefined;
      return typeof node === "string" ? node : undefined;
    } catch {
      return undefined;
    }
  }
  for (const line of text.split(/\r?\n/)) {
    const [, name, value = ""] = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === field) return /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
  }
  return undefined;
}
