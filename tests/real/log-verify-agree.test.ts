// Both verifiers, ours and the one that an auditor has, say the same: of what a crash may leave, of what stands in a file's or a folder's place, and of
// what others saw of a log.
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { verifyLog } from "#audit";
import { formatVerifierKey, signCheckpoint, verdictText } from "#core/log";
import { type Forged, forge, newKey, noise } from "../support/log-forge.ts";
import { readByPython } from "../support/log-readers.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const [machine, first, second] = [newKey("machine"), newKey("machine/s"), newKey("machine/s")];

let dir: string;
let vkey: string;
let forged: Forged;

beforeEach((context) => {
  needs(context, "python3", "openssl");
  dir = join(tmp(), "log");
  vkey = join(tmp(), "machine.vkey");
  writeFileSync(vkey, formatVerifierKey(machine.key));
  const records = [1, 2, 3, 4, 5, 6].map(noise);
  forged = forge({ dir, session: "s", machine: [machine], keys: [first, second], records, perEpoch: 3 });
});

function said(): string {
  const verdict = verdictText(verifyLog(dir, { keys: [machine.key] }).verdict);
  expect(readByPython(dir, vkey).ok, verdict).toBe(verdict.startsWith("OK"));
  return verdict;
}

/** The log as a writer leaves it that died before its last signature: only so many records are signed, and no note of the second epoch is there. */
function cutOff(sealed: number): void {
  for (const name of ["epochs", "checkpoints", "tile"]) rmSync(join(dir, name), { recursive: true, force: true });
  writeFileSync(join(dir, "checkpoint"), forged.checkpoint(sealed, first));
}

it("records of the next epoch may stand there before its note does, while none of them is signed", () => {
  const [close] = forged.starts as [number];
  const behind = forged.lines.length - close;
  cutOff(close);
  expect(said()).toBe(`OK_UNSEALED_TAIL(${behind})`);
  cutOff(close - 1);
  expect(said()).toBe(`OK_UNSEALED_TAIL(${behind + 1})`);
  cutOff(close + 1);
  expect(said()).toMatch(/^INCOMPLETE/);
});

describe("a folder's place", () => {
  it.each(["log", "checkpoints", "epochs", "tile", "blobs", "cosigned", "timestamps", "rekor"])(
    "is taken by a file: %s",
    (name) => {
      rmSync(join(dir, name), { recursive: true, force: true });
      writeFileSync(join(dir, name), "");
      expect(said()).toBe("TAMPERED(framing, 0)");
    },
  );

  it.each(["timestamps/6.tsr", "rekor/6.json"])("holds a link: %s", (name) => {
    mkdirSync(join(dir, name, ".."));
    symlinkSync("/dev/zero", join(dir, name));
    expect(said()).toBe("TAMPERED(framing, 0)");
  });
});

it("a signature line holds more than a key's id", () => {
  const note = readFileSync(join(dir, "checkpoint"), "utf8");
  writeFileSync(join(dir, "checkpoint"), `${note}\u2014 somebody AAAAAA==\n`);
  expect(said()).toBe("TAMPERED(sig, 0)");
});

describe.each(["cosigned/0a0b0c0d", "timestamps/9.checkpoint", "rekor/9.checkpoint"])(
  "what others saw, %s,",
  (file) => {
    it("is the log's own: longer, other, resealed, a stranger's or none", { timeout: 120_000 }, () => {
      const size = forged.lines.length;
      const other = { origin: first.key.name, root: new Uint8Array(32) };
      mkdirSync(join(dir, file, ".."));
      const of = (note: string): string => {
        writeFileSync(join(dir, file), note);
        return said();
      };
      expect(of(forged.checkpoint(size, second))).toBe("OK");
      expect(of(forged.checkpoint(3, first))).toBe("OK");
      expect(of(signCheckpoint({ ...other, size: size + 1 }, second))).toBe(
        `TRUNCATED(${size}, ${size + 1}, checkpoint)`,
      );
      expect(of(signCheckpoint({ ...other, size }, second))).toBe(`TAMPERED(fork, ${size - 1})`);
      expect(of(forged.checkpoint(size, first))).toBe(`TAMPERED(epoch, ${size - 1})`);
      expect(of(forged.checkpoint(size, newKey("machine/s")))).toBe("UNTRUSTED_KEY(machine/s)");
      expect(of("\u001b[31m\n")).toMatch(/^(?:TAMPERED\(sig|UNTRUSTED_KEY)/);
    });
  },
);
