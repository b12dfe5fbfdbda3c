// Whether a call's arguments meet the conditions of an MCP rule. Two questions: an allow needs proof, by a value of exactly the written type at
// exactly the written place; a limit holds for whatever a server could take for that value, and where only the server knows, a person is asked.
import { wildcardSource } from "../text/wildcard.ts";
import { LONGEST, readings } from "./argument-text.ts";
import type { Condition } from "./condition.ts";

/** `maybe`: nobody here can exclude it. */
export type Met = "yes" | "maybe" | "no";

/** Values that are looked at for one condition, and how deep. What has more is not excluded, and not proved. */
const VALUES_MOST = 2_000;
const DEPTH_MOST = 24;

/** Every condition is met, provably. */
export function proves(conditions: readonly Condition[], input: unknown): boolean {
  return conditions.every(({ path, is }) => {
    const { found, complete } = valuesAt(input, path);
    return complete && found.length > 0 && found.every(({ value, exact }) => exact && isExactly(value, is));
  });
}

/** How far the conditions could be met as a server may read the arguments. */
export function couldMeet(conditions: readonly Condition[], input: unknown): Met {
  const all = conditions.map(({ path, is }): Met => {
    const { found, complete } = valuesAt(input, path);
    return strongest([...found.map(({ value }) => couldBe(value, is, 0)), complete ? "no" : "maybe"]);
  });
  return all.includes("no") ? "no" : all.includes("maybe") ? "maybe" : "yes";
}

function strongest(all: readonly Met[]): Met {
  return all.includes("yes") ? "yes" : all.includes("maybe") ? "maybe" : "no";
}

/** A value that the path of a condition leads to. `exact`: by these very keys, and by nothing that only looks like them. */
interface Found {
  readonly value: unknown;
  readonly exact: boolean;
}

interface Search {
  readonly found: Found[];
  complete: boolean;
}

function valuesAt(input: unknown, path: readonly string[]): Search {
  const search: Search = { found: [], complete: true };
  if (input === undefined) return search;
  walk(search, { value: input, exact: true, depth: 0 }, path);
  // arguments that are no object have no names: only the server knows what it makes of them
  if (typeof input !== "object" || input === null || Array.isArray(input)) search.complete = false;
  return search;
}

interface Place extends Found {
  readonly depth: number;
}

function walk(search: Search, { value, exact, depth }: Place, path: readonly string[]): void {
  const [key, ...rest] = path;
  const below = depth + 1;
  if (key === undefined) {
    if (search.found.length >= VALUES_MOST) search.complete = false;
    else search.found.push({ value, exact });
    return;
  }
  if (!search.complete || typeof value !== "object" || value === null) return;
  if (depth > DEPTH_MOST) {
    search.complete = false;
    return;
  }
  if (Array.isArray(value)) {
    // a list where one thing was meant: servers take each
    const isEach = key === "*" || /^\d+$/.test(key);
    for (const [index, item] of value.entries()) {
      if (isEach && key !== "*" && String(index) !== key) continue;
      walk(search, { value: item, exact: exact && isEach, depth: below }, isEach ? rest : path);
    }
    return;
  }
  for (const [name, inner] of Object.entries(value)) {
    if (key === "*") {
      walk(search, { value: inner, exact, depth: below }, rest);
      continue;
    }
    for (let taken = 1; taken <= path.length; taken++) {
      const written = path.slice(0, taken).join(".");
      if (appears(name) !== appears(written)) continue;
      walk(search, { value: inner, exact: exact && taken === 1 && name === key, depth: below }, path.slice(taken));
    }
  }
}

/** `File-Path`, `file_path` and `filePath` are one name to many servers. */
function appears(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\p{Cf}\p{Z}_-]/gu, "");
}

function isExactly(value: unknown, is: Condition["is"]): boolean {
  if (is.kind === "text") {
    if (typeof value !== "string" || is.pattern === "*") return typeof value === "string";
    return value.length <= LONGEST && certain(is.pattern).test(value) && !climbs(value, is.pattern);
  }
  // beyond that, two numbers are one in JavaScript and two elsewhere
  return typeof value === "number" ? value === is.value && Number.isSafeInteger(value) : value === is.value;
}

/** A star may not lead out of what stands before it. */
function climbs(text: string, pattern: string): boolean {
  return pattern.includes("*") && /(?:^|[/\\])\.\.(?:[/\\?#]|$)|%(?:2e|2f|5c|25|00)/i.test(text);
}

function couldBe(value: unknown, is: Condition["is"], depth: number): Met {
  if (typeof value === "object" && value !== null) {
    const members = Object.values(value);
    if (depth >= DEPTH_MOST || members.length > VALUES_MOST) return "maybe";
    const met = strongest(members.map((member) => couldBe(member, is, depth + 1)));
    // one of a list is the value; what stands somewhere inside of an object may be
    return Array.isArray(value) ? met : met === "yes" ? "maybe" : met;
  }
  if (is.kind === "text") {
    if (is.pattern === "*") return "yes";
    const { texts, complete } = readings(String(value));
    return texts.some((text) => possible(is.pattern).test(text)) ? "yes" : complete ? "no" : "maybe";
  }
  if (value === is.value) return "yes";
  const text = String(value).trim().toLowerCase();
  if (text === String(is.value)) return "yes";
  return isTakenFor(text, is.value) ? "maybe" : "no";
}

/** What lenient servers make a value of: `"yes"` and 1 are true, `"5.0"` is 5. */
function isTakenFor(text: string, value: number | boolean | null): boolean {
  if (value === true) return /^(?:1(?:\.0*)?|y|yes|t|on|enabled?)$/.test(text);
  if (value === false) return /^(?:0(?:\.0*)?|n|no|f|off|none|null|nil|undefined|disabled?|)$/.test(text);
  if (value === null) return /^(?:none|nil|undefined|)$/.test(text);
  return text !== "" && Number(text.replaceAll("_", "")) === value;
}

const compiled = new Map<string, RegExp>();
const COMPILED_MOST = 2_000;

/** Patterns come from the policy, never from a call: each is compiled once. */
function once(key: string, make: () => RegExp): RegExp {
  const known = compiled.get(key);
  if (known !== undefined) return known;
  if (compiled.size >= COMPILED_MOST) compiled.clear();
  const made = make();
  compiled.set(key, made);
  return made;
}

/** A star at the end takes the rest; one before it stays inside of one name, so that no other host or folder slips in. */
function certain(pattern: string): RegExp {
  return once(`=${pattern}`, () => {
    const pieces = literals(pattern);
    const open = pieces.length > 1 && pieces.at(-1) === "";
    const source = open ? wildcardSource(pieces.slice(0, -1), INSIDE) : wildcardSource(pieces, INSIDE);
    return new RegExp(`^${source}${open ? "[^\\p{Cc}\\p{Zl}\\p{Zp}]*" : ""}$`, "su");
  });
}

const INSIDE = "[^/\\\\?#@:&\\p{Cc}\\p{Zl}\\p{Zp}]";

/** A star takes any text, and case says nothing. Who limits what is in a folder limits the folder. */
function possible(pattern: string): RegExp {
  return once(`~${pattern}`, () => {
    const folder = /^(.*[^*/])\/\*+$/s.exec(pattern)?.[1];
    const source = (text: string): string => wildcardSource(literals(text.normalize("NFKC")), ".");
    return new RegExp(folder === undefined ? `^${source(pattern)}$` : `^${source(folder)}(?:/.*)?$`, "isu");
  });
}

function literals(pattern: string): readonly string[] {
  return pattern.split(/\*+/).map((part) => part.replace(/[\\^$.+?()[\]{}|/-]/g, (c) => (c === "-" ? "-" : `\\${c}`)));
}
