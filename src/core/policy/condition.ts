// The conditions of an MCP rule as written: `mcp__github__create_issue(repo=acme/*, labels.*=bug)`. All of them must hold. Claude Code's form
// `(repo:acme/*)` is one condition whose value reaches to the end. What meets a condition is argument.ts's affair.
import { err, ok, type Result } from "../result.ts";

/** One condition on the arguments of a call. */
export interface Condition {
  /** Keys from the arguments down; `*` stands for every member of a list or an object. */
  readonly path: readonly string[];
  readonly is:
    | { readonly kind: "text"; readonly pattern: string }
    /** Written without quotes, and a number, `true`, `false` or `null` in JSON: that value itself. */
    | { readonly kind: "value"; readonly value: number | boolean | null };
}

const CONDITIONS_MOST = 16;
const KEYS_MOST = 8;
const KEY = /(?:[A-Za-z0-9_$-]+|\*|"(?:[^"\\]|\\.)*")/y;
const QUOTED = /"(?:[^"\\]|\\.)*"/y;

/** What stands between the parentheses. The fault is a half sentence that follows "the rule …". */
export function parseConditions(text: string): Result<readonly Condition[], string> {
  const found: Condition[] = [];
  let at = 0;
  const blank = (): void => {
    while (text[at] === " " || text[at] === "\t") at += 1;
  };
  for (;;) {
    blank();
    const path = keysAt(text, at);
    if (path === undefined) return err("has a condition without the name of an argument");
    at = path.end;
    blank();
    const mark = text[at];
    if (mark !== "=" && mark !== ":") return err("has a condition that is not of the form `name=value`");
    if (mark === ":" && (found.length > 0 || path.keys.length > 1))
      return err("mixes `name:value`, which is one condition and reaches to the end, with others");
    at += 1;
    blank();
    const value = mark === ":" ? { is: plain(text.slice(at)), end: text.length } : valueAt(text, at);
    if (value === undefined) return err("has a value whose quotes do not close, or with text behind them");
    const { is, end } = value;
    if (is === undefined) return err('has a condition without a value: write `""` for an empty text');
    found.push({ path: path.keys, is });
    if (found.length > CONDITIONS_MOST) return err(`has more than ${CONDITIONS_MOST} conditions`);
    at = end;
    if (at >= text.length) return ok(found);
    at += 1; // the comma
  }
}

function keysAt(text: string, start: number): { readonly keys: readonly string[]; readonly end: number } | undefined {
  const keys: string[] = [];
  for (let at = start; ; ) {
    KEY.lastIndex = at;
    const [key] = KEY.exec(text) ?? [];
    const read = key?.startsWith('"') === true ? quoted(key) : key;
    if (key === undefined || read === undefined || keys.length >= KEYS_MOST) return undefined;
    keys.push(read);
    at += key.length;
    if (text[at] !== ".") return { keys, end: at };
    at += 1;
  }
}

function valueAt(
  text: string,
  start: number,
): { readonly is: Condition["is"] | undefined; readonly end: number } | undefined {
  if (text[start] !== '"') {
    const comma = text.indexOf(",", start);
    const end = comma < 0 ? text.length : comma;
    return { is: plain(text.slice(start, end)), end };
  }
  QUOTED.lastIndex = start;
  const [written] = QUOTED.exec(text) ?? [];
  const pattern = written === undefined ? undefined : quoted(written);
  if (written === undefined || pattern === undefined) return undefined;
  const end = start + written.length + (/^[ \t]*/.exec(text.slice(start + written.length))?.[0].length ?? 0);
  return end < text.length && text[end] !== "," ? undefined : { is: { kind: "text", pattern }, end };
}

function plain(text: string): Condition["is"] | undefined {
  const word = text.trim();
  if (word === "") return undefined;
  if (/^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(word))
    return { kind: "value", value: JSON.parse(word) as number | boolean | null };
  return { kind: "text", pattern: word };
}

function quoted(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined; // an escape that JSON does not have
  }
}
