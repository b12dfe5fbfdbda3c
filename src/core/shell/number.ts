// What is certainly a number. Arithmetic evaluates the text of every variable in it a second time, so only numbers and variables
// that hold nothing else are harmless there (DESIGN 7 rule 3).
import type { ArithmeticExpression, Statement, Word, WordPart } from "unbash";
import type { Reader } from "./reader.ts";

const DIGITS = /^[-+]?\d+$/;
const LITERAL = /^(?:0[xX][\da-fA-F]+|\d+)$/;
/** `$?`, `$#`, `$$`, `$!` and lengths, quoted or not. */
const COUNTED = /^"?\$(?:[?#$!]|\{[?#$!]\}|\{#[A-Za-z_]\w*(?:\[[@*]\])?\})"?$/;
const NAMED = /^(?:"?\$\{?)?([A-Za-z_]\w*)\}?"?$/;
const ASSIGNS = /^(?:[-+*/%&|^]|<<|>>)?=$/;

/** True when a written word is a number whatever happens. */
export function isNumber(reader: Reader, word: Word): boolean {
  if (word.parts === undefined) return DIGITS.test(word.value);
  const [only, ...more] = word.parts;
  return only !== undefined && more.length === 0 && isNumberPart(reader, only);
}

/** The same for one part of a word. */
export function isNumberPart(reader: Reader, part: WordPart): boolean {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
      return DIGITS.test(part.value);
    case "DoubleQuoted": {
      const [only, ...more] = part.parts;
      return only !== undefined && more.length === 0 && isNumberPart(reader, only);
    }
    case "SimpleExpansion":
    case "ParameterExpansion":
      return isNumberText(reader, part.text, part.pos);
    case "ArithmeticExpansion":
      return part.expression !== undefined && isSettled(reader, part.expression);
    case "CommandExpansion":
      return part.script?.commands.length === 1 && counts(reader, part.script.commands[0]);
    default:
      return false;
  }
}

function isNumberText(reader: Reader, text: string, offset: number): boolean {
  if (LITERAL.test(text) || COUNTED.test(text)) return true;
  if (/^"?\$?\{?RANDOM\}?"?$/.test(text)) return true;
  const name = NAMED.exec(text)?.[1];
  return name !== undefined && reader.flow.isNumber(name, text, offset);
}

/** True when evaluating changes nothing and runs nothing. Variables it sets are numbers afterwards: `settle` says so. */
export function isSettled(reader: Reader, node: ArithmeticExpression): boolean {
  switch (node.type) {
    case "ArithmeticBinary": {
      if (node.operator === ",") {
        if (!isSettled(reader, node.left)) return false;
        settle(reader, node.left);
        return isSettled(reader, node.right);
      }
      const sets = ASSIGNS.test(node.operator);
      const left = node.operator === "=" ? isName(node.left) : isSettled(reader, node.left);
      return (!sets || isName(node.left)) && left && isSettled(reader, node.right);
    }
    case "ArithmeticUnary":
      return isSettled(reader, node.operand);
    case "ArithmeticTernary":
      return [node.test, node.consequent, node.alternate].every((part) => isSettled(reader, part));
    case "ArithmeticGroup":
      return isSettled(reader, node.expression);
    case "ArithmeticWord":
      return isNumberText(reader, node.value, node.pos);
    case "ArithmeticCommandExpansion":
      return node.script?.commands.length === 1 && counts(reader, node.script.commands[0]);
    default:
      return node satisfies never;
  }
}

function isName(node: ArithmeticExpression): boolean {
  return node.type === "ArithmeticWord" && /^[A-Za-z_]\w*$/.test(node.value);
}

/** Names that an expression sets, with those it surely reaches first. */
export function settle(reader: Reader, node: ArithmeticExpression, certain = true): void {
  switch (node.type) {
    case "ArithmeticBinary": {
      const shortcut = node.operator === "&&" || node.operator === "||";
      settle(reader, node.right, certain && !shortcut);
      if (ASSIGNS.test(node.operator) && node.left.type === "ArithmeticWord") {
        if (certain) reader.flow.assign(node.left.value, { number: true });
        else reader.flow.folders.set(node.left.value);
      } else settle(reader, node.left, certain);
      return;
    }
    case "ArithmeticUnary":
      if (/^(?:\+\+|--)$/.test(node.operator) && node.operand.type === "ArithmeticWord")
        reader.flow.assign(node.operand.value, { number: true });
      return settle(reader, node.operand, certain);
    case "ArithmeticTernary":
      settle(reader, node.test, certain);
      settle(reader, node.consequent, false);
      return settle(reader, node.alternate, false);
    case "ArithmeticGroup":
      return settle(reader, node.expression, certain);
    default:
      return;
  }
}

const COUNTERS: Readonly<Record<string, RegExp>> = {
  wc: /^-[lcwm]$/,
  date: /^\+%[sNYmdHMSjuwV]+$/,
  nproc: /^$/,
};

/** `$(… | wc -l)`, `$(date +%s)`, `$(seq 3)`: commands that print nothing but numbers. */
function counts(reader: Reader, statement: Statement | undefined): boolean {
  const node = statement?.command;
  const command = node?.type === "Pipeline" ? node.commands.at(-1) : node;
  if (command?.type !== "Command" || command.prefix.length > 0) return false;
  const name = command.name?.value ?? "";
  if (command.name?.parts !== undefined || reader.flow.isFunction(name)) return false;
  const words = command.suffix.filter((part) => part.type === "Word");
  const odd = command.suffix.some((part) => part.type === "Assignment");
  if (odd || words.some((word) => word.parts?.some((part) => part.type !== "Literal"))) return false;
  const values = words.map((word) => word.value);
  if (name === "seq") return values.length > 0 && values.every((value) => DIGITS.test(value));
  const shape = Object.hasOwn(COUNTERS, name) ? COUNTERS[name] : undefined;
  return shape !== undefined && values.length <= 1 && shape.test(values[0] ?? "");
}
