// `${name…}`: which forms only read a variable, and which assign it or evaluate its text a second time (DESIGN 7 rule 3).
import type { ParameterExpansionPart, Word } from "unbash";
import { isNumber } from "./number.ts";
import type { Reader } from "./reader.ts";

/** Reads one parameter expansion. */
export function readParameter(reader: Reader, part: ParameterExpansionPart): void {
  if (part.index) reader.subscript(part.index);
  const operation = part.operation;
  // `${!a[@]}` lists an array's keys; any other `!` follows a name that the value gives
  const keys = part.index !== undefined && /^[@*]$/.test(part.index.text) && operation === undefined;
  if (part.prefix === "!" && !keys && operation?.type !== "Names") reader.doubt("evaluated-text", part.text, part.pos);
  if (operation === undefined) return;
  switch (operation.type) {
    case "Default":
      if (operation.operator.includes("=")) reader.name(part.parameter, part.pos, false);
      if (operation.operator.includes("=")) reader.flow.forget(part.parameter);
      reader.word(operation.operand);
      return;
    case "Remove":
      return reader.pattern(operation.operand);
    case "Replace":
      reader.pattern(operation.pattern);
      reader.word(operation.replacement);
      return;
    case "CaseModification":
      if (operation.operand) reader.pattern(operation.operand);
      return;
    case "Slice":
      for (const piece of [operation.offset, operation.length]) {
        if (piece === undefined) continue;
        reader.word(piece);
        if (!/^\s*-?\d+\s*$/.test(piece.text) && !isNumber(reader, piece))
          reader.doubt("evaluated-text", piece.text, part.pos);
      }
      return;
    case "Transform":
      // quoting and letters; `@P` expands the value like a prompt, and the rest is not needed often enough to argue
      if (/^[QUuL]$/.test(operation.operand.text)) return;
      return reader.doubt("evaluated-text", part.text, part.pos);
    case "Names":
      return;
    default:
      return reader.doubt("evaluated-text", part.text, part.pos);
  }
}

/** What a plain form makes of a constant value; `undefined` where that takes more than text. For ask and deny only. */
export function expandConstant(part: ParameterExpansionPart, value: string): string | undefined {
  if (part.index !== undefined) return undefined;
  const operation = part.operation;
  if (part.prefix !== undefined)
    return part.prefix === "#" && operation === undefined ? String(value.length) : undefined;
  if (operation === undefined) return value;
  switch (operation.type) {
    case "Default":
      return defaulted(operation.operator, value);
    case "Remove": {
      const end = plain(operation.operand);
      if (end === undefined) return undefined;
      if (operation.operator.startsWith("#")) return value.startsWith(end) ? value.slice(end.length) : value;
      return value.endsWith(end) ? value.slice(0, value.length - end.length) : value;
    }
    case "Replace": {
      const [old, next] = [plain(operation.pattern), plain(operation.replacement)];
      if (!old || next === undefined || !/^\/\/?$/.test(operation.operator)) return undefined;
      return operation.operator === "//" ? value.replaceAll(old, () => next) : value.replace(old, () => next);
    }
    case "Slice": {
      const [from, length] = [operation.offset, operation.length].map((word) => number(word));
      if (from === undefined || (operation.length !== undefined && length === undefined)) return undefined;
      const start = from < 0 ? value.length + from : from;
      return length === undefined
        ? value.slice(start)
        : length < 0
          ? value.slice(start, length)
          : value.slice(start, start + length);
    }
    case "CaseModification":
      if (operation.operand !== undefined) return undefined;
      return cased(operation.operator, value);
    default:
      return undefined;
  }
}

/** The variable is set; whether it is also empty matters to the forms with a colon. */
function defaulted(operator: string, value: string): string | undefined {
  if (operator.includes("+")) return undefined;
  return value !== "" || !operator.startsWith(":") ? value : undefined;
}

function cased(operator: string, value: string): string {
  const change = (text: string): string => (operator.startsWith("^") ? text.toUpperCase() : text.toLowerCase());
  return operator.length === 2 ? change(value) : change(value.slice(0, 1)) + value.slice(1);
}

function plain(word: Word): string | undefined {
  return word.parts === undefined && !/[*?[\\]/.test(word.text) ? word.value : undefined;
}

function number(word: Word | undefined): number | undefined {
  return word !== undefined && /^\s*-?\d+\s*$/.test(word.text) ? Number(word.text) : undefined;
}
