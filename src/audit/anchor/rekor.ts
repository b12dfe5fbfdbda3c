// Having a log's newest checkpoint entered in a Rekor transparency log: a digest, signed by a key that is made for this entry and forgotten. The entry
// says that the digest stood there in public since; whose log it is, the checkpoint itself says.
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { publishFile } from "../files.ts";
import type { SignedLog } from "../receipt.ts";
import { askOutside } from "./ask-outside.ts";
import { checkRekorEntry, type RekorWord } from "./rekor-entry.ts";

/** A transparency log as its clients know it. */
export interface RekorPlace {
  /** Without a slash at its end. */
  readonly url: string;
  readonly key: KeyObject;
}

/** A checkpoint that was entered. */
export interface Entered extends RekorWord {
  readonly size: number;
  /** What was entered, for `log verify --anchor`. */
  readonly checkpoint: string;
  /** The answer, for `log verify --rekor`. */
  readonly entry: string;
}

/** Enters it and keeps checkpoint and entry beside the log, in `rekor/`. An entry that does not hold is not kept. */
export async function enterInRekor(signed: SignedLog, rekor: RekorPlace): Promise<Result<Entered, Problem>> {
  const anchored = Buffer.from(signed.checkpoint, "utf8");
  const headers = { "content-type": "application/json", accept: "application/json" };
  const answer = await askOutside(`${rekor.url}/api/v1/log/entries`, { body: proposal(anchored), headers });
  if (!answer.ok) return err(refused("rekor-refused", rekor, answer.error));
  const text = answer.value.toString("utf8");
  const word = checkRekorEntry(text, anchored, rekor.key);
  if (!word.ok) return err(refused("rekor-wrong", rekor, word.error));
  const folder = join(signed.dir, "rekor");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [checkpoint, entry] = [join(folder, `${signed.size}.checkpoint`), join(folder, `${signed.size}.json`)];
  await publishFile(checkpoint, signed.checkpoint);
  await publishFile(entry, text);
  return ok({ ...word.value, size: signed.size, checkpoint, entry });
}

/** A `hashedrekord` entry. It takes ECDSA, and of Ed25519 only a form that Node 20 has not: hence a key of its own. */
function proposal(anchored: Uint8Array): string {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = publicKey.export({ format: "pem", type: "spki" }) as string;
  const hash = { algorithm: "sha256", value: createHash("sha256").update(anchored).digest("hex") };
  const signature = {
    content: sign("sha256", anchored, privateKey).toString("base64"),
    publicKey: { content: Buffer.from(pem).toString("base64") },
  };
  return JSON.stringify({ apiVersion: "0.0.1", kind: "hashedrekord", spec: { data: { hash }, signature } });
}

function refused(code: string, { url }: RekorPlace, why: string): Problem {
  return {
    code,
    message: `the log at \`${url}\` made no entry that holds: ${why}`,
    hint: "`--rekor-key` takes the log's public key as PEM, as it publishes it",
  };
}
