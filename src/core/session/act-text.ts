// An act as text, exactly: what the actions say, and whatever else the tool's input holds, whole or by its hash. Two acts that differ in
// anything but an agent's own description of them have different texts.
import type { Action } from "../action.ts";
import type { HexDigest } from "../log/index.ts";
import { err, ok, type Problem, type Result } from "../result.ts";

/** An input longer than this is named by its hash: a file's new content is not what a person reads in a question. */
const INPUT_MOST = 4_096;

/** Fields that say again, in the agent's words, what it does; they are no part of the act. */
const DESCRIPTIONS: ReadonlySet<string> = new Set(["description", "explanation", "justification"]);

/** The text; fails on an input that has no JSON form. */
export function actText(
  actions: readonly [Action, ...Action[]],
  input: unknown,
  hash: HexDigest,
): Result<string, Problem> {
  try {
    const one = actions.length === 1;
    const told = actions.map((action) => (one ? alone(action) : `${action.kind} ${spelled(action)}`));
    const unclear = one && OURS.test(told[0] ?? "");
    const rest = restOf(actions, input) ?? (unclear ? {} : undefined);
    return ok([...told, ...(rest === undefined ? [] : [`with ${whole(rest, hash)}`])].join("\n"));
  } catch {
    return err({ code: "question-no-text", message: "the tool's input has no exact form that could be shown" });
  }
}

/** A line of an act's own text that begins as one of ours: then ours stands at the end in any case, so that the two are told apart. */
const OURS = /\n(?:with|exec|read|write|edit|delete|fetch|mcp|agent|prompt|other) /;

/** One of several acts: as a JSON string where its lines could be taken for further acts, or for such a string. */
function spelled(action: Action): string {
  const text = alone(action);
  return OURS.test(text) || text.startsWith('"') ? JSON.stringify(text) : text;
}

function alone(action: Action): string {
  switch (action.kind) {
    case "exec":
      return action.command;
    case "read":
    case "write":
    case "edit":
    case "delete":
      return action.path;
    case "fetch":
      return action.url ?? `${action.host}:${action.port}`;
    case "mcp":
      return `${action.server} ${action.tool} ${json(action.input)}${definition(action.definition)}`;
    case "agent":
      return action.name;
    case "prompt":
      return action.text;
    case "other":
      return `${action.tool} ${json(action.input)}`;
    default:
      return action satisfies never;
  }
}

/** The fields of the input that the actions have not said yet. */
function restOf(actions: readonly Action[], input: unknown): object | undefined {
  if (input === undefined || actions.some(({ kind }) => kind === "mcp" || kind === "other")) return undefined;
  const said = new Set(actions.map(alone));
  if (typeof input !== "object" || input === null || Array.isArray(input))
    return said.has(input as string) ? undefined : { input };
  const rest = Object.entries(input).filter(
    ([name, value]) => !(typeof value === "string" && (said.has(value) || DESCRIPTIONS.has(name))),
  );
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}

function whole(rest: object, hash: HexDigest): string {
  const text = json(rest);
  if (text.length <= INPUT_MOST) return text;
  return `${text.length} more characters of input, SHA-256 ${hash(new TextEncoder().encode(text))}`;
}

/** JSON has no line ends, so the line is ours. */
function definition(digest: string | undefined): string {
  return digest === undefined ? "" : `\ndefinition ${digest.slice(0, 32)}`;
}

function json(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value);
}
