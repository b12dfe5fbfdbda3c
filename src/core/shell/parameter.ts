// `${name…}`: which forms only read a variable, and which assign it or evaluate its text a second time (DESIGN 7 rule 3).
import type { ParameterExpansionPart } from "unbash";
import type { WordReader } from "./word.ts";

/** Reads one parameter expansion. */
export function readParameter(reader: WordReader, part: ParameterExpansionPart): void {
  if (part.index) reader.subscript(part.index);
  const operation = part.operation;
  if (part.prefix === "!") reader.doubt("evaluated-text", part.text, part.pos);
  if (operation === undefined) return;
  switch (operation.type) {
    case "Default":
      if (operation.operator.includes("=")) reader.name(part.parameter, part.pos);
      if (operation.operator.includes("=")) reader.forget(part.parameter);
      reader.word(operation.operand);
      return;
    case "Remove":
      reader.word(operation.operand);
      return;
    case "Replace":
      reader.word(operation.pattern);
      reader.word(operation.replacement);
      return;
    case "CaseModification":
      if (operation.operand) reader.word(operation.operand);
      return;
    case "Slice":
      for (const piece of [operation.offset, operation.length]) {
        if (piece === undefined) continue;
        reader.word(piece);
        if (!/^\s*-?\d+\s*$/.test(piece.text)) reader.doubt("evaluated-text", piece.text, part.pos);
      }
      return;
    default:
      return reader.doubt("evaluated-text", part.text, part.pos);
  }
}
