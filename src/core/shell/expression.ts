// `$(( ))`, `(( ))` and `[[ ]]`. Arithmetic evaluates the text of every variable in it again, so only numbers and operators are harmless.
import type { ArithmeticExpression, TestExpression, WordPart } from "unbash";
import type { ShellWord } from "./facts.ts";
import { isNumber, isSettled, settle } from "./number.ts";
import type { Reader } from "./reader.ts";

const MAX_ARITHMETIC = 1000;

/** Reads an arithmetic expression: its substitutions are judged, and anything but numbers is a doubt. */
export function readArithmetic(
  reader: Reader,
  expression: ArithmeticExpression | undefined,
  text: string,
  offset: number,
): void {
  // the readers follow the tree, and the tree of `1+1+1…` is as deep as the text is long
  if (expression !== undefined && expression.end - expression.pos > MAX_ARITHMETIC)
    return reader.doubt("too-deep", text, offset);
  findSubstitutions(reader, expression);
  if (expression !== undefined && isSettled(reader, expression)) return settle(reader, expression);
  reader.doubt("evaluated-text", text, offset);
}

/** Commands inside arithmetic, so that a deny still sees them. */
function findSubstitutions(reader: Reader, node: unknown): void {
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
export function readTest(reader: Reader, expression: TestExpression): void {
  switch (expression.type) {
    case "TestUnary":
      readFileTest(reader, expression.operator, reader.word(expression.operand), expression.pos);
      if (expression.operator === "-v" || expression.operator === "-R")
        reader.doubt("evaluated-text", expression.operand.text, expression.pos);
      return;
    case "TestBinary": {
      reader.word(expression.left);
      reader.pattern(expression.right);
      const numbers = [expression.left, expression.right].every((word) => isNumber(reader, word));
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

/** `[[ -f x ]]` asks whether a file is there, as `[` does: for rules on paths it is a command. */
function readFileTest(reader: Reader, operator: string, words: readonly ShellWord[], offset: number): void {
  const [path] = words;
  if (path === undefined || !/^-[bcdefghkprsuwxGLNOS]$/.test(operator)) return;
  const texts = ["[[", operator].map(
    (text): ShellWord => ({ text, value: text, likely: [text], prefix: text, kind: "constant", tilde: false }),
  );
  reader.add({
    words: [...texts, path],
    effects: [],
    free: true,
    text: `[[ ${operator} ${path.text} ]]`,
    offset,
  });
}
