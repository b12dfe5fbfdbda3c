// A draft → the YAML of a policy file. Every line says where it came from. Texts come from an adversary: what is not plain is escaped,
// in values as YAML escapes and in comments by `forTerminal`, so no text can end its line and become a key.
import { forTerminal } from "../../text/show.ts";
import { POLICY_KEYS } from "../keys.ts";
import type { DraftPart } from "./draft.ts";

const COMMENT_COLUMN = 44;

/** The whole file. `heading` lines become comments at its top. */
export function printPolicy(
  parts: readonly DraftPart[],
  heading: readonly string[],
): { readonly text: string; readonly lines: ReadonlyMap<number, DraftPart> } {
  const out: string[] = [...heading.map((line) => `# ${forTerminal(line)}`), "version: 1"];
  const lines = new Map<number, DraftPart>();
  const put = (text: string, part?: DraftPart): void => {
    if (part === undefined) out.push(text);
    else {
      out.push(`${text.padEnd(COMMENT_COLUMN)} # ${forTerminal(whence(part), { max: 400 })}`);
      lines.set(out.length, part);
    }
  };
  let open: readonly string[] = [];
  for (const { key, kind } of POLICY_KEYS) {
    if (key === "version") continue;
    const all = parts.filter((part) => part.key === key);
    const single = kind === "value" || kind === "switch";
    const kept = single ? all.slice(-1) : all.toSorted((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
    if (kept.length === 0) continue;
    const path = key.split(".");
    const parents = path.slice(0, -1);
    const shared = parents.findIndex((step, i) => open[i] !== step);
    for (let i = shared < 0 ? parents.length : shared; i < parents.length; i++) put(`${"  ".repeat(i)}${parents[i]}:`);
    open = parents;
    const indent = "  ".repeat(parents.length);
    const [first] = kept;
    if (single && first !== undefined) put(`${indent}${path.at(-1)}: ${scalar(first.value)}`, first);
    else {
      put(`${indent}${path.at(-1)}:`);
      for (const part of kept) {
        const entry =
          key === "env.set" && Array.isArray(part.value)
            ? `${indent}  ${quoted(String(part.value[0]))}: ${quoted(String(part.value[1]))}`
            : `${indent}  - ${scalar(part.value)}`;
        put(entry, part);
      }
    }
  }
  return { text: `${out.join("\n")}\n`, lines };
}

function whence(part: DraftPart): string {
  const place = `${part.at.file}:${part.at.line}`;
  return part.note === undefined ? place : `${place}: ${part.note}`;
}

function scalar(value: unknown): string {
  if (typeof value === "string")
    return /^[a-z][a-zA-Z-]*$/.test(value) && !/^(?:true|false|null|yes|no|on|off)$/.test(value)
      ? value
      : quoted(value);
  if (Array.isArray(value)) return `[${value.map(scalar).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{ ${entries.map(([key, inner]) => `${/^[A-Za-z]+$/.test(key) ? key : quoted(key)}: ${typeof inner === "string" ? quoted(inner) : scalar(inner)}`).join(", ")} }`;
}

const UNPLAIN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u00a0\ufe00-\ufe0f\u{e0100}-\u{e01ef}\u115f\u1160\u3164\uffa0\u034f]/gu;

/** A YAML double-quoted scalar of visible characters only. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(UNPLAIN, (c) => {
    const code = c.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
