// What a verifier may say about a log: a closed list of words, each with its exit code. Nothing is softened: a log is worth
// exactly what its worst word says.

/** What was done to a log, as far as can be told. */
export type TamperKind =
  | "edit"
  | "delete"
  | "insert"
  | "reorder"
  | "fork"
  | "root"
  | "sig"
  | "epoch"
  | "blob"
  | "dup-json"
  | "framing"
  | "trailing";

/** One word and what belongs to it. `file` is a path below the log's folder, `seq` the first bad record. */
export type LogVerdict =
  | { readonly word: "OK" }
  | { readonly word: "OK_UNSEALED_TAIL"; readonly records: number }
  | { readonly word: "RECOVERED"; readonly bytes: number }
  | {
      readonly word: "TAMPERED";
      readonly kind: TamperKind;
      readonly seq: number;
      readonly file: string;
      readonly offset?: number;
    }
  | { readonly word: "TRUNCATED"; readonly have: number; readonly want: number; readonly source: string }
  | { readonly word: "ROLLBACK"; readonly have: number; readonly want: number; readonly source: string }
  | { readonly word: "UNTRUSTED_KEY"; readonly key: string; readonly file: string }
  | { readonly word: "INCOMPLETE"; readonly what: string }
  | { readonly word: "UNREADABLE"; readonly what: string };

/** 0 holds, 1 does not hold, 2 incomplete, 3 unreadable. */
export type LogExit = 0 | 1 | 2 | 3;

/** The exit code of a word. */
export function exitOf(verdict: LogVerdict): LogExit {
  switch (verdict.word) {
    case "OK":
    case "OK_UNSEALED_TAIL":
    case "RECOVERED":
      return 0;
    case "TAMPERED":
    case "TRUNCATED":
    case "ROLLBACK":
    case "UNTRUSTED_KEY":
      return 1;
    case "INCOMPLETE":
      return 2;
    case "UNREADABLE":
      return 3;
    default:
      return verdict satisfies never;
  }
}

/** The exit code of several logs together: what does not hold first, then what cannot be read, then what is missing. */
export function worstExit(exits: readonly LogExit[]): LogExit {
  for (const exit of [1, 3, 2] as const) if (exits.includes(exit)) return exit;
  return 0;
}

/** `TAMPERED(edit, 5)`: the word as people quote it. */
export function verdictText(verdict: LogVerdict): string {
  switch (verdict.word) {
    case "OK":
      return "OK";
    case "OK_UNSEALED_TAIL":
      return `OK_UNSEALED_TAIL(${verdict.records})`;
    case "RECOVERED":
      return `RECOVERED(${verdict.bytes})`;
    case "TAMPERED":
      return `TAMPERED(${verdict.kind}, ${verdict.seq})`;
    case "TRUNCATED":
    case "ROLLBACK":
      return `${verdict.word}(${verdict.have}, ${verdict.want}, ${verdict.source})`;
    case "UNTRUSTED_KEY":
      return `UNTRUSTED_KEY(${verdict.key})`;
    case "INCOMPLETE":
    case "UNREADABLE":
      return `${verdict.word}(${verdict.what})`;
    default:
      return verdict satisfies never;
  }
}
