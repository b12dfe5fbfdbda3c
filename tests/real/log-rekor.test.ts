// A log's checkpoint in a transparency log (a stub that speaks Rekor's protocol): entered, kept, checked by ours and by sigstore's own verifier.
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { verifyCheckpoint } from "@sigstore/verify/dist/tlog/checkpoint.js";
import { verifyMerkleInclusion } from "@sigstore/verify/dist/tlog/merkle.js";
import { verifyTLogSET } from "@sigstore/verify/dist/tlog/set.js";
import { expect, test } from "vitest";
import { checkRekorEntry, enterInRekor, verifyLog } from "#audit";
import { openRekor } from "../support/rekor.ts";
import { smallLog } from "../support/small-log.ts";

for (const others of [0, 1, 6, 7, 21])
  test(`behind ${others} entries of others`, async () => {
    const { keys, signed } = await smallLog();
    const rekor = await openRekor(others);
    const done = await enterInRekor(signed, { url: rekor.url, key: rekor.publicKey });
    if (!done.ok) throw new Error(done.error.message);
    expect(done.value).toMatchObject({ size: signed.size, log: "rekor.test", index: 1_000_000 + others });
    // the log's name is not told; the signature is one of the checkpoint's bytes
    const [proposal = ""] = rekor.proposals;
    expect(proposal).not.toContain(signed.log.origin);
    const { signature } = JSON.parse(proposal).spec;
    const entered = createPublicKey(Buffer.from(signature.publicKey.content, "base64"));
    const bytes = readFileSync(done.value.checkpoint);
    expect(verify("sha256", bytes, entered, Buffer.from(signature.content, "base64"))).toBe(true);
    expect((await verifyLog(signed.dir, { keys })).records).toBe(signed.size);
    const text = readFileSync(done.value.entry, "utf8");
    expect(checkRekorEntry(text, bytes, rekor.publicKey)).toMatchObject({ ok: true });
    expect(sigstoreAgrees(text, rekor.publicKey)).toBe(true);
    const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
    expect(checkRekorEntry(text, bytes, stranger)).toMatchObject({ ok: false });
    expect(checkRekorEntry(text, Buffer.from(`${bytes} `), rekor.publicKey)).toMatchObject({ ok: false });
  });

test("every character of an entry counts, but those that nobody signed", async () => {
  const { signed } = await smallLog();
  const rekor = await openRekor(5);
  const done = await enterInRekor(signed, { url: rekor.url, key: rekor.publicKey });
  if (!done.ok) throw new Error(done.error.message);
  const text = readFileSync(done.value.entry, "utf8");
  const bytes = readFileSync(done.value.checkpoint);
  const name = text.indexOf('":{'); // the entry's own name is for whoever looks it up
  for (let at = name; at < text.length; at += 1) {
    const changed = `${text.slice(0, at)}${text[at] === "1" ? "2" : "1"}${text.slice(at + 1)}`;
    const word = checkRekorEntry(changed, bytes, rekor.publicKey);
    if (word.ok) expect([at, word.value.time, word.value.index]).toEqual([at, done.value.time, done.value.index]);
  }
});

test("an entry of something else, a wrong head and nobody are refused in words", async () => {
  const { signed } = await smallLog();
  const refusal = async (spoil: (answer: string) => string): Promise<string> => {
    const rekor = await openRekor(3, spoil);
    const done = await enterInRekor(signed, { url: rekor.url, key: rekor.publicKey });
    return done.ok ? "entered" : `${done.error.code}: ${done.error.message}`;
  };
  const inEntry = (change: (entry: Entry) => void) => (answer: string) => {
    const parsed = JSON.parse(answer) as Record<string, Entry>;
    for (const entry of Object.values(parsed)) change(entry);
    return JSON.stringify(parsed);
  };
  expect(await refusal((answer) => answer)).toBe("entered");
  expect(await refusal(() => "[]")).toMatch(/^rekor-wrong: .*no answer/);
  expect(
    await refusal(
      inEntry((entry) => {
        entry.integratedTime += 1;
      }),
    ),
  ).toMatch(/did not sign this time/);
  expect(
    await refusal(
      inEntry((entry) => {
        entry.integratedTime = 9e12; // behind the last day that a date can name
      }),
    ),
  ).toMatch(/no answer/);
  expect(await refusal(inEntry(({ verification: { inclusionProof } }) => void inclusionProof.hashes.pop()))).toMatch(
    /does not lead to the head/,
  );
  expect(
    await refusal(
      inEntry(({ verification: { inclusionProof } }) => {
        inclusionProof.checkpoint = inclusionProof.checkpoint.replace("- 42", "- 43");
      }),
    ),
  ).toMatch(/did not sign this head/);
  const closed = await openRekor(0);
  const done = await enterInRekor(signed, { url: `${closed.url}/nowhere`, key: closed.publicKey });
  expect(done).toMatchObject({ ok: false, error: { code: "rekor-refused" } });
});

interface Entry {
  integratedTime: number;
  readonly verification: { readonly inclusionProof: { checkpoint: string; readonly hashes: string[] } };
}

/** What the verifier of the sigstore project says of the same answer. */
function sigstoreAgrees(answer: string, publicKey: ReturnType<typeof createPublicKey>): boolean {
  const [entry] = Object.values(JSON.parse(answer)) as never as [never];
  const { body, integratedTime, logID, logIndex, verification } = entry;
  const { inclusionProof, signedEntryTimestamp } = verification;
  const { checkpoint, hashes, rootHash, treeSize } = inclusionProof;
  const tlogs = [
    {
      logID: Buffer.from(logID, "hex"),
      publicKey,
      baseURL: "https://rekor.test",
      validFor: { start: new Date(0), end: new Date(8e12) },
    },
  ] as never;
  const shaped = {
    ...{
      canonicalizedBody: Buffer.from(body, "base64"),
      integratedTime: String(integratedTime),
      logIndex: String(logIndex),
    },
    logId: { keyId: Buffer.from(logID, "hex") },
    inclusionPromise: { signedEntryTimestamp: Buffer.from(signedEntryTimestamp, "base64") },
    inclusionProof: {
      ...{ logIndex: String((inclusionProof as { logIndex: number }).logIndex), treeSize: String(treeSize) },
      rootHash: Buffer.from(rootHash, "hex"),
      hashes: (hashes as string[]).map((hash) => Buffer.from(hash, "hex")),
      checkpoint: { envelope: checkpoint },
    },
  } as never;
  verifyTLogSET(shaped, tlogs);
  verifyMerkleInclusion(shaped, verifyCheckpoint(shaped, tlogs));
  return true;
}
