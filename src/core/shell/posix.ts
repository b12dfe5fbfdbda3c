// `sh -c` is dash on one machine, bash on another, busybox on a third. What POSIX does not have, dash reads as something else and goes on:
// `[[ a || evil ]]`, `((evil))`, `[[ a > file ]]`, `echo &> file`, `$'\'` run what bash only compares or quotes.
import { forEachChild, type SyntaxNode } from "unbash";

/** Nodes of the tree that no POSIX shell has. */
const ONLY_BASH: ReadonlySet<SyntaxNode["type"]> = new Set([
  "AnsiCQuoted",
  "ArithmeticCommand",
  "ArithmeticFor",
  "ArrayValue",
  "BraceExpansion",
  "Coproc",
  "ExtendedGlob",
  "HereString",
  "LocaleString",
  "ProcessSubstitution",
  "Select",
  "TestCommand",
]);

/** The first place that shells other than bash may read in a way of their own; `undefined` when every shell reads the same. */
export function notPosix(node: SyntaxNode): SyntaxNode | undefined {
  if (ONLY_BASH.has(node.type) || isOnlyBash(node)) return node;
  let found: SyntaxNode | undefined;
  forEachChild(node, (child) => {
    found ??= notPosix(child);
  });
  return found;
}

function isOnlyBash(node: SyntaxNode): boolean {
  switch (node.type) {
    case "Assignment":
      return node.index !== undefined;
    case "ArithmeticExpansion":
      return node.text.startsWith("$[");
    case "CaseItem":
      return node.terminator === ";&" || node.terminator === ";;&";
    case "Function":
      // the keyword `function` stands before the name
      return node.name.pos > node.pos;
    case "HereDoc":
      return /\$['"]/.test(node.delimiter?.text ?? "");
    case "ParameterExpansion": {
      const { operation, index, prefix } = node;
      const plain = operation === undefined || operation.type === "Default" || operation.type === "Remove";
      return !plain || index !== undefined || prefix === "!";
    }
    case "Pipeline":
      return node.operators.includes("|&");
    case "Redirect":
      return (
        node.operator.startsWith("&") || (node.operator === ">&" && !/^(?:\d+-?|-)$/.test(node.target?.text ?? "-"))
      );
    default:
      return false;
  }
}
