// `$(( ))`, `(( ))` and `[[ ]]`. Arithmetic evaluates the text of every variable in it again, so only numbers and operators are harmless.
import type { ArithmeticExpression, TestExpression, WordPart } from "unbash";
import type { WordReader } from "./word.ts";

/** Reads an arithmetic expression: its substitutions are judged, and anything but numbers is a doubt. */
export function readArithmetic(
  reader: WordReader,
  expression: ArithmeticExpression | undefined,
  text: string,
  offset: number,
): void {
  if (expression !== undefined && isHarmless(expression)) return;
  findSubstitutions(reader, expression);
  reader.doubt("evaluated-text", text, offset);
}

function isHarmless(node: ArithmeticExpression): boolean {
  switch (node.type) {
    case "ArithmeticBinary":
      return isHarmless(node.left) && isHarmless(node.right);
    case "ArithmeticUnary":
      return isHarmless(node.operand);
    case "ArithmeticTernary":
      return isHarmless(node.test) && isHarmless(node.consequent) && isHarmless(node.alternate);
    case "ArithmeticGroup":
      return isHarmless(node.expression);
    case "ArithmeticWord":
      return /^\d+$/.test(node.value) && node.parts === undefined;
    default:
      return false;
  }
}

/** Commands inside arithmetic, so that a deny still sees them. */
function findSubstitutions(reader: WordReader, node: unknown): void {
  if (typeof node !== "object" || node === null) return;
  const { type, parts } = node as { type?: string; parts?: readonly WordPart[] };
  if (type === "ArithmeticWord") for (const part of parts ?? []) reader.part(part);
  if (type === "ArithmeticCommandExpansion") {
    const { script, pos } = node as ArithmeticExpression & { readonly type: "ArithmeticCommandExpansion" };
    if (script !== undefined) reader.substitution(script, pos);
    return;
  }
  for (const key of ["left", "right", "operand", "test", "consequent", "alternate", "expression"])
    findSubstitutions(reader, (node as Record<string, unknown>)[key]);
}

const COUNTS = /^-(?:eq|ne|lt|le|gt|ge)$/;

/** Reads `[[ ]]`: `-v` and the comparisons of numbers evaluate their words. */
export function readTest(reader: WordReader, expression: TestExpression): void {
  switch (expression.type) {
    case "TestUnary":
      reader.word(expression.operand);
      if (expression.operator === "-v" || expression.operator === "-R")
        reader.doubt("evaluated-text", expression.operand.text, expression.pos);
      return;
    case "TestBinary": {
      const words = [...reader.word(expression.left), ...reader.word(expression.right)];
      const numbers = words.every((w) => w.value !== undefined && /^-?\d+$/.test(w.value));
      if (COUNTS.test(expression.operator) && !numbers)
        reader.doubt("evaluated-text", expression.left.text, expression.pos);
      return;
    }
    case "TestLogical":
      for (const operand of expression.operands) readTest(reader, operand);
      return;
    case "TestNot":
      return readTest(reader, expression.operand);
    case "TestGroup":
      return readTest(reader, expression.expression);
    default:
      return reader.doubt("unknown-syntax", "test", 0);
  }
}
