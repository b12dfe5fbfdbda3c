// Having a log's newest checkpoint cosigned by a witness (c2sp.org/tlog-witness): the proof that it extends what the witness saw,
// the answer checked with the witness's key, and the cosigned checkpoint kept beside the log.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import {
  consistencyProof,
  cosignaturesOf,
  formatAddCheckpoint,
  formatProvenance,
  treeOfNote,
  type VerifierKey,
} from "#core/log";
import { sha256, verifyEd25519 } from "./crypto.ts";
import { publishFile, readSmall } from "./files.ts";
import { Unreadable } from "./open-file.ts";
import { systemCode } from "./problem.ts";
import type { SignedLog } from "./receipt.ts";
import { hashesOnDisk } from "./receipt-tiles.ts";

/** A witness as its clients know it. */
export interface WitnessPlace {
  /** Submission prefix, without a slash at its end. */
  readonly url: string;
  readonly key: VerifierKey;
}

/** What the witness said. */
export interface Witnessed {
  readonly origin: string;
  readonly size: number;
  /** Seconds since 1970, by the witness's clock. */
  readonly time: number;
  /** The cosigned checkpoint, which `log verify --anchor` takes. */
  readonly note: string;
}

/** Answers are a few lines. */
const LONGEST_ANSWER = 65_536;

/** How long one request may take. */
const PATIENCE_MS = 10_000;

/** Where a log keeps what a witness cosigned. */
export function cosignedPath(dir: string, key: VerifierKey): string {
  return join(dir, "cosigned", key.id);
}

/** Two sessions that close at once both hand in the ledger; each may find that the other was faster. */
const TRIES = 4;

/**
 * Has the newest checkpoint of the log that `open` opens cosigned; it is opened again when somebody else was faster. Fails with
 * `witness-fork` when the witness has seen a log that this one does not extend: the one answer that must never be passed over.
 */
export async function submitToWitness(
  open: () => Result<SignedLog, Problem>,
  witness: WitnessPlace,
): Promise<Result<Witnessed, Problem>> {
  let old: number | undefined;
  let told = false;
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const opened = open();
      if (!opened.ok) return opened;
      const signed = opened.value;
      old ??= await rememberedSize(signed, witness.key);
      if (old > signed.size) return err(fork(witness, `it has seen ${old} records, this log has ${signed.size}`));
      const answer = await ask(signed, witness, old);
      if (answer.status === 200) return await keep(signed, witness, answer.body);
      if (answer.status === 422) return err(fork(witness, `this log does not extend the ${old} records it has seen`));
      if (answer.status === 409) {
        const size = /^(0|[1-9][0-9]{0,15})\n$/.exec(answer.body)?.[1];
        if (size === undefined) return err(refused(witness, 409, "it does not say which size it knows"));
        old = Number(size);
        continue;
      }
      // A log, or a later key of one, that it does not know yet: the notes are what it learns them from.
      const unknown = answer.status === 404 || answer.status === 403;
      if (!unknown || told) return err(refused(witness, answer.status, answer.body.split("\n", 1)[0] ?? ""));
      told = true;
      const learnt = await post(`${witness.url}/add-log`, formatProvenance(signed.provenance));
      if (learnt.status !== 200) return err(refused(witness, learnt.status, "it does not know this log"));
    }
    return err(refused(witness, 409, "others hand in the same log faster"));
  } catch (error) {
    if (error instanceof Unreadable) return err(unreadable(error));
    return err(refused(witness, undefined, systemCode(causeOf(error))));
  }
}

/** What an earlier answer of this witness covered; it is only a first guess. */
async function rememberedSize(signed: SignedLog, key: VerifierKey): Promise<number> {
  const tree = treeOfNote((await readSmall(cosignedPath(signed.dir, key))) ?? "");
  return tree === undefined || tree.size > signed.size ? 0 : tree.size;
}

function ask(signed: SignedLog, witness: WitnessPlace, old: number): Promise<Answer> {
  const { dir, size, checkpoint } = signed;
  const proof = old === 0 ? [] : consistencyProof(sha256, hashesOnDisk(dir, size), old, size);
  return post(`${witness.url}/add-checkpoint`, formatAddCheckpoint({ old, proof, note: checkpoint }));
}

/** Takes over the lines that are this witness's own, valid and about this checkpoint; nothing else it may have said. */
async function keep(signed: SignedLog, witness: WitnessPlace, lines: string): Promise<Result<Witnessed, Problem>> {
  const { dir, log, checkpoint, size } = signed;
  const mine = lines.split("\n").filter((line) => line.startsWith(`\u2014 ${witness.key.name} `));
  for (const line of mine) {
    const note = `${checkpoint}${line}\n`;
    const [cosignature] = cosignaturesOf(note, [witness.key], verifyEd25519) ?? [];
    if (cosignature === undefined) continue;
    await mkdir(join(dir, "cosigned"), { recursive: true, mode: 0o700 });
    await publishFile(cosignedPath(dir, witness.key), note);
    return ok({ origin: log.origin, size, time: cosignature.time, note });
  }
  return err(refused(witness, 200, "its answer is not signed by the key it is known under"));
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function post(url: string, body: string): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": "text/plain; charset=utf-8" },
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > LONGEST_ANSWER) throw new Error("its answer does not end");
  }
  return { status: response.status, body: text };
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}

function fork({ key }: WitnessPlace, why: string): Problem {
  const message = `the witness \`${key.name}\` will not sign: ${why}`;
  return {
    code: "witness-fork",
    message,
    hint: "ringfence log verify; then ask the witness for the checkpoint that it keeps",
  };
}

function refused({ key, url }: WitnessPlace, status: number | undefined, why: string): Problem {
  const answered = status === undefined ? "" : ` (${status})`;
  return {
    code: "witness-refused",
    message: `the witness \`${key.name}\` at \`${url}\` did not sign${answered}: ${why}`,
    hint: "its owner adds the machine's public key to its `--trust` file",
  };
}

function unreadable({ path, reason, message }: Unreadable): Problem {
  const why = reason === "absent" ? "is missing" : message;
  return { code: "log-damaged", message: `\`${path}\` of the record ${why}`, hint: "ringfence log verify" };
}
