// The parts of a word: which of them run or evaluate something (DESIGN 7 rule 3).
import type { WordPart } from "unbash";
import { readArithmetic } from "./expression.ts";
import { readParameter } from "./parameter.ts";
import type { Reader } from "./reader.ts";

/** Reads one part and everything inside it. */
export function readPart(reader: Reader, part: WordPart): void {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
    case "SimpleExpansion":
      return;
    case "Glob":
    case "ExtendedGlob":
    case "BraceExpansion":
      for (const inner of part.parts ?? []) reader.part(inner);
      if (part.parts === undefined && /[$`]/.test(part.text)) reader.doubt("not-constant", part.text, part.pos);
      return;
    case "DoubleQuoted":
    case "LocaleString":
      for (const inner of part.parts) reader.part(inner);
      return;
    case "CommandExpansion":
    case "ProcessSubstitution":
      if (part.script === undefined) return reader.doubt("syntax", part.text, part.pos);
      return reader.substitution(part.script, part.pos);
    case "ArithmeticExpansion":
      return readArithmetic(reader, part.expression, part.text, part.pos);
    case "ParameterExpansion":
      return readParameter(reader, part);
    default:
      return reader.doubt("unknown-syntax", (part as { type: string }).type, 0);
  }
}
