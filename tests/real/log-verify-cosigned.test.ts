// What a witness cosigned stands beside the log under the log's own signature: who cuts the log or signs another one has to fit that, too.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { verifyLog } from "#audit";
import { formatVerifierKey, signCheckpoint, verdictText } from "#core/log";
import { forge, newKey, noise } from "../support/log-forge.ts";
import { readByPython } from "../support/log-readers.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

it("a cosigned checkpoint is the log's own: longer, other, resealed, a stranger's or none", {
  timeout: 120_000,
}, (context) => {
  needs(context, "python3", "openssl");
  const dir = join(tmp(), "log");
  const [machine, first, second] = [newKey("machine"), newKey("machine/s"), newKey("machine/s")];
  const vkey = join(tmp(), "machine.vkey");
  writeFileSync(vkey, formatVerifierKey(machine.key));
  const records = [1, 2, 3, 4, 5, 6].map(noise);
  const forged = forge({ dir, session: "s", machine: [machine], keys: [first, second], records, perEpoch: 3 });
  const size = forged.lines.length;
  const other = { origin: first.key.name, root: new Uint8Array(32) };
  mkdirSync(join(dir, "cosigned"));
  const said = (note: string): string => {
    writeFileSync(join(dir, "cosigned/0a0b0c0d"), note);
    const verdict = verdictText(verifyLog(dir, { keys: [machine.key] }).verdict);
    expect(readByPython(dir, vkey).ok, verdict).toBe(verdict === "OK");
    return verdict;
  };
  expect(said(forged.checkpoint(size, second))).toBe("OK");
  expect(said(forged.checkpoint(3, first))).toBe("OK");
  expect(said(signCheckpoint({ ...other, size: size + 1 }, second))).toBe(
    `TRUNCATED(${size}, ${size + 1}, checkpoint)`,
  );
  expect(said(signCheckpoint({ ...other, size }, second))).toBe(`TAMPERED(fork, ${size - 1})`);
  expect(said(forged.checkpoint(size, first))).toBe(`TAMPERED(epoch, ${size - 1})`);
  expect(said(forged.checkpoint(size, newKey("machine/s")))).toBe("UNTRUSTED_KEY(machine/s)");
  expect(said("\u001b[31m\n")).toMatch(/^(?:TAMPERED\(sig|UNTRUSTED_KEY)/);
});
