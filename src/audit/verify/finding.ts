// How a check ends in the middle: the first verdict that applies is thrown, and caught in one place.
import type { LogVerdict, TamperKind } from "#core/log";
import type { Unreadable } from "../open-file.ts";

/** Carries a verdict out of a check. */
export class Finding extends Error {
  readonly verdict: LogVerdict;

  constructor(verdict: LogVerdict) {
    super(verdict.word);
    this.name = "Finding";
    this.verdict = verdict;
  }
}

/** `TAMPERED` at a place. */
export function tampered(
  kind: TamperKind,
  at: { readonly seq: number; readonly file: string; readonly offset?: number },
): Finding {
  return new Finding({ word: "TAMPERED", kind, ...at });
}

/** `INCOMPLETE`, with what is missing. */
export function incomplete(what: string): Finding {
  return new Finding({ word: "INCOMPLETE", what });
}

/** What a file that could not be read says about the log. */
export function verdictOf({ reason, path, message }: Unreadable): LogVerdict {
  if (reason === "alien") return { word: "TAMPERED", kind: "framing", seq: 0, file: path };
  if (reason === "absent") return { word: "INCOMPLETE", what: path };
  return { word: "UNREADABLE", what: `${path}: ${message}` };
}
