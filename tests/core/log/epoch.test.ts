// Epochs: only an unbroken chain from the genesis key counts, and each size has one owner.
import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type EpochStart,
  epochClose,
  epochOpen,
  formatVerifierKey,
  type NoteSigner,
  openEpoch,
  openEpochs,
  ownerOf,
  parseEpoch,
  signEpoch,
  splitEpochNotes,
  verifierKey,
} from "#core/log";

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());
const publicKeys = new Map<string, KeyObject>();
const crypto = {
  sha256,
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
    const key = publicKeys.get(Buffer.from(publicKey).toString("hex"));
    return key !== undefined && verify(null, message, key, signature);
  },
};

function signer(name: string): NoteSigner {
  const pair = generateKeyPairSync("ed25519");
  const raw = pair.publicKey.export({ format: "der", type: "spki" }).subarray(12);
  publicKeys.set(raw.toString("hex"), pair.publicKey);
  return {
    key: verifierKey(sha256, name, new Uint8Array(raw)),
    sign: (message) => sign(null, message, pair.privateKey),
  };
}

const START = "2026-11-26T02:00:00.000Z";
const ORIGIN = "ringfence-machine-00/one";
const machine = signer("ringfence-machine-00");
const [k0, k1, k2, k3] = Array.from({ length: 4 }, () => signer(ORIGIN)) as [
  NoteSigner,
  NoteSigner,
  NoteSigner,
  NoteSigner,
];
const genesis = { key: k0.key, start: START };

function at(epoch: number, from: number, key: NoteSigner, more: Partial<EpochStart> = {}): EpochStart {
  return { origin: ORIGIN, epoch, from, root: sha256(Buffer.from([from])), key: key.key, start: START, ...more };
}

const NOTES = [signEpoch(at(1, 10, k1), k0), signEpoch(at(2, 20, k2), machine), signEpoch(at(3, 21, k3), k2)] as const;

describe("a note", () => {
  it("has seven lines and opens to what was signed", () => {
    expect(NOTES[0].split("\n\n")[0]).toBe(
      `ringfence/epoch v1\n${ORIGIN}\nepoch 1\nfrom 10\nroot ${Buffer.from(at(1, 10, k1).root).toString("base64")}\nkey ${formatVerifierKey(k1.key)}\nstart ${START}`,
    );
    expect(openEpoch(NOTES[0], [machine.key, k0.key], crypto)).toEqual({ ok: true, start: at(1, 10, k1), by: k0.key });
    expect(openEpoch(NOTES[0], [k1.key], crypto)).toEqual({ ok: false, fault: "unknown-key" });
  });

  it("is nothing but its own text: any changed byte of it is refused", () => {
    const bytes = Buffer.from(NOTES[0], "utf8");
    for (let i = 0; i < bytes.length; i += 1) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] as number) ^ 1;
      expect(openEpoch(changed.toString("utf8"), [k0.key], crypto).ok, `byte ${i}`).toBe(false);
    }
  });

  it.each([
    ["epoch 0", "epoch 1\n", "epoch 0\n"],
    ["a leading zero", "from 10\n", "from 010\n"],
    ["an empty log", "from 10\n", "from 0\n"],
    ["another name's key", `key ${ORIGIN}`, "key other"],
    ["an eighth line", `start ${START}\n`, `start ${START}\nmore\n`],
    ["a time without milliseconds", ".000Z", "Z"],
    ["an unsafe size", "from 10\n", "from 9999999999999999\n"],
  ])("%s is not its text", (_name, from, to) => {
    const text = `${NOTES[0].split("\n\n")[0]}\n`;
    expect(parseEpoch(text, sha256)).toBeDefined();
    expect(parseEpoch(text.replace(from, to), sha256)).toBeUndefined();
  });
});

describe("a chain", () => {
  const open = (notes: readonly string[], authority: NoteSigner[] = [machine]): unknown => {
    const opened = openEpochs(notes, genesis, { crypto, authority: authority.map(({ key }) => key) });
    return opened.ok ? opened.epochs.map(({ epoch, from, reopened }) => [epoch, from, reopened]) : opened;
  };

  it("leads from the genesis key on, and says where the authority stepped in", () => {
    expect(open([])).toEqual([[0, 0, false]]);
    expect(open(NOTES)).toEqual([
      [0, 0, false],
      [1, 10, false],
      [2, 20, true],
      [3, 21, false],
    ]);
  });

  it.each<[string, readonly string[], number, string]>([
    ["the authority is not trusted here", NOTES, 2, "unknown-key"],
    ["an epoch is missing", [NOTES[0], NOTES[2]], 2, "unknown-key"],
    ["two epochs are swapped", [NOTES[0], NOTES[2], NOTES[1]], 2, "unknown-key"],
    ["a younger key signs an older epoch", [signEpoch(at(1, 10, k1), k2)], 1, "unknown-key"],
    ["the number is another", [signEpoch(at(2, 10, k1), k0)], 1, "order"],
    ["it owns nothing", [NOTES[0], signEpoch(at(2, 10, k2), k1)], 2, "order"],
    ["it goes back", [NOTES[0], signEpoch(at(2, 9, k2), k1)], 2, "order"],
    ["a key comes twice", [NOTES[0], signEpoch(at(2, 20, k0), k1)], 2, "order"],
    [
      "it is another log's",
      [signEpoch(at(1, 10, signer("other"), { origin: "other" }), { ...k0, key: k0.key })],
      1,
      "order",
    ],
  ])("breaks when %s", (_name, notes, epoch, fault) => {
    expect(open(notes, [])).toEqual({ ok: false, epoch, fault });
  });

  it("each size has one owner, and it is the last epoch that began below it", () => {
    const opened = openEpochs(NOTES, genesis, { crypto, authority: [machine.key] });
    if (!opened.ok) throw new Error(opened.fault);
    expect([0, 1, 10, 11, 20, 21, 22, 1e9].map((size) => ownerOf(opened.epochs, size)?.epoch)).toEqual([
      0, 0, 0, 1, 1, 2, 3, 3,
    ]);
  });

  it("stands end to end in one file and comes apart again", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...NOTES), { maxLength: 8 }), (notes) => {
        expect(splitEpochNotes(notes.join(""))).toEqual(notes);
      }),
    );
    expect(splitEpochNotes(`x${NOTES[0]}`)).toBeUndefined();
  });
});

it("its records name the next key", () => {
  expect(epochClose(4, k1.key, "idle")).toEqual({
    type: "epoch.close",
    origin: "observed",
    data: { epoch: 4, next: formatVerifierKey(k1.key), reason: "idle" },
  });
  expect(epochOpen(5, k2.key).data).toEqual({ epoch: 5, key: formatVerifierKey(k2.key), reason: "reopened" });
});
