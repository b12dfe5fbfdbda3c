// Assignments: the names they set, what stands in their values, and which of them make a constant or a number.
import type { Assignment, Word } from "unbash";
import type { ShellWord } from "./facts.ts";
import { isLoadedValue } from "./names.ts";
import { isNumber } from "./number.ts";
import type { Reader } from "./reader.ts";

/** Where an assignment stands: by itself, before a command, or as a word of `export` and its kin. */
export type AssignmentPlace = "alone" | "prefix" | "exported";

/** Reads one assignment. */
export function readAssignment(reader: Reader, node: Assignment, place: AssignmentPlace): void {
  reader.name(node.name, node.pos, place !== "alone");
  if (node.index) reader.subscript(node.index);
  if (node.value.type === "ArrayValue") {
    for (const element of node.value.elements) {
      reader.word(element);
      if (/^\[/.test(element.text) && !/^\[\d+\]=/.test(element.text))
        reader.doubt("evaluated-text", element.text, element.pos);
    }
    reader.flow.forget(node.name);
    return;
  }
  const [value] = reader.word(node.value);
  if (place !== "alone" && value !== undefined && isLoadedValue(value.value ?? value.prefix))
    reader.doubt("sets-loaded-name", node.name, node.pos);
  // a prefix is gone after its command
  if (place === "prefix") return reader.flow.forget(node.name);
  keep(reader, node, value, node.value);
}

function keep(reader: Reader, node: Assignment, value: ShellWord | undefined, written: Word): void {
  const whole = node.append !== true && node.index === undefined;
  const number = isNumber(reader, written);
  const [constant, more] = value?.likely ?? [];
  const known = more === undefined && constant !== undefined;
  if (whole)
    reader.flow.assign(node.name, {
      constant: known && value?.tilde === true ? fromHome(reader, constant) : known ? constant : undefined,
      number,
    });
  else reader.flow.forget(node.name);
}

/** `a=~/x` holds the home's own name; another user's home is not known. */
function fromHome(reader: Reader, written: string): string | undefined {
  const home = reader.flow.constant("HOME");
  return home !== undefined && /^~(?:\/|$)/.test(written) ? home + written.slice(1) : undefined;
}

/** An argument such as `a=b`: the word as written. For `declare` and its kin it is an assignment besides. */
export function readArgument(reader: Reader, node: Assignment): readonly ShellWord[] {
  if (node.value.type === "ArrayValue" || node.index) {
    readAssignment(reader, node, "alone");
    return [{ text: node.text, value: undefined, likely: undefined, prefix: "", kind: "split", tilde: false }];
  }
  const head = `${node.name}${node.append ? "+" : ""}=`;
  return reader.word(node.value).map((w) => ({
    text: node.text,
    value: w.tilde || w.value === undefined ? undefined : head + w.value,
    likely: w.likely?.map((l) => head + l),
    prefix: head + w.prefix,
    kind: w.tilde ? "split" : w.kind,
    tilde: false,
  }));
}

/** `declare c=rm`: the variables of such a command, after it ran. Options may change the value (`-u`, `-i`, `-n`): then nothing is known. */
export function declared(reader: Reader, node: Assignment, plain: boolean): void {
  if (node.value.type === "ArrayValue" || node.index || !plain) return reader.flow.forget(node.name);
  const [value] = reader.word(node.value);
  keep(reader, node, value, node.value);
}
