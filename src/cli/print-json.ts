// The one way a command prints its JSON: names, commands and answers in it come from an adversary, and a person may look at it in a terminal.
import { forTerminalJson } from "#core/text";

/** Prints one document on standard output. */
export function printJson(document: unknown, indent?: number): void {
  process.stdout.write(jsonLine(document, indent));
}

/** The document as it is printed. */
export function jsonLine(document: unknown, indent?: number): string {
  return `${forTerminalJson(JSON.stringify(document, undefined, indent))}\n`;
}
