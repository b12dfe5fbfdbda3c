// `ringfence log verify RECEIPT`: what one file shows, with a public key and nothing else.
import { readFileSync, statSync } from "node:fs";
import { sha256, verifyEd25519 } from "#audit";
import {
  checkExtension,
  checkReceipt,
  EXTENSION_HEAD,
  exitOf,
  formatVerifierKey,
  type LogVerdict,
  RECEIPT_HEAD,
  type VerifierKey,
  verdictText,
} from "#core/log";
import { forTerminal } from "#core/text";
import { EXIT, fail } from "./exit.ts";

const CRYPTO = { sha256, verify: verifyEd25519 } as const;

/** The notes of a machine many years old stay far below this. */
const LONGEST = 16_777_216;

/** A file that was named where a log may stand. */
export interface ProofFile {
  readonly kind: "receipt" | "extension";
  readonly text: string;
}

/** The receipt or consistency proof at a path; undefined when no file is there. Ends the process for any other file. */
export function proofFile(path: string): ProofFile | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) return undefined;
  if (stat.size > LONGEST) return fail({ code: "log-receipt", message: `\`${path}\` is too long for a receipt` }, 3);
  const text = readFileSync(path, "utf8");
  if (text.startsWith(`${RECEIPT_HEAD}\n`)) return { kind: "receipt", text };
  if (text.startsWith(`${EXTENSION_HEAD}\n`)) return { kind: "extension", text };
  const hint = "give the folder of a log, or what `ringfence log prove` printed";
  return fail({ code: "log-receipt", message: `\`${path}\` is neither a log nor a receipt`, hint }, 3);
}

/** Checks it, says what it shows, and returns the exit code. */
export function verifyProof(
  { kind, text }: ProofFile,
  trust: { readonly keys: readonly VerifierKey[]; readonly anchor: string | undefined; readonly json: boolean },
): number {
  const { keys, anchor } = trust;
  const answer = kind === "receipt" ? receiptAnswer(text, keys) : extensionAnswer(text, keys, anchor);
  const { verdict } = answer;
  const exit = exitOf(verdict);
  if (trust.json) {
    const [key] = keys;
    const head = {
      ok: exit === 0,
      exit,
      kind,
      verdict: verdictText(verdict),
      ...(key === undefined ? {} : { key: formatVerifierKey(key) }),
    };
    process.stdout.write(`${JSON.stringify({ ...head, freshness: "unproven", ...answer.data }, undefined, 2)}\n`);
  } else
    process.stdout.write(`${[verdictText(verdict), ...answer.lines].map((line) => forTerminal(line)).join("\n")}\n`);
  return exit;
}

interface Answer {
  readonly verdict: LogVerdict;
  readonly data: object;
  readonly lines: readonly string[];
}

function receiptAnswer(text: string, keys: readonly VerifierKey[]): Answer {
  const { verdict, record, origin, size, epoch, signedBy } = checkReceipt(text, keys, CRYPTO);
  if (record === undefined) return { verdict, data: {}, lines: [] };
  const { seq, ts, type, data } = record;
  return {
    verdict,
    data: { origin, size, epoch: epoch?.epoch, signedBy, record },
    lines: [
      `record ${seq} of ${origin}, which held ${size} records then`,
      `${ts} ${type} (${record.origin}): ${JSON.stringify(data)}`,
      `trusted: ${signedBy}`,
      "shows that this record stands there; says nothing about records that came later",
    ],
  };
}

function extensionAnswer(text: string, keys: readonly VerifierKey[], anchor: string | undefined): Answer {
  const { verdict, origin, from, to, signedBy } = checkExtension(text, {
    keys,
    crypto: CRYPTO,
    ...(anchor === undefined ? {} : { anchor }),
  });
  if (origin === undefined) return { verdict, data: {}, lines: [] };
  return {
    verdict,
    data: { origin, from, to, signedBy },
    lines: [
      `${origin}: the log of ${to} records holds the ${from} of the older checkpoint unchanged`,
      `trusted: ${signedBy}`,
      ...(anchor === undefined
        ? ["whose checkpoint that is, `--anchor FILE` asks"]
        : ["the older checkpoint is the one that you kept"]),
    ],
  };
}
