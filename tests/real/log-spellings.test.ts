// One spelling for one record, for every reader: lines that are chained and signed by the right keys, and are not what the writer writes, are
// refused by ours and by the script that an auditor runs.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { verifyLog } from "#audit";
import { exitOf, formatVerifierKey, leafHash, openTree, type RecordBody, signCheckpoint, toHex } from "#core/log";
import { forge, newKey, noise, sha256 } from "../support/log-forge.ts";
import { readByPython } from "../support/log-readers.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

interface Row {
  readonly name: string;
  /** What is replaced in record 3; all of it when null. */
  readonly find: string | null;
  readonly put: string;
  readonly holds?: true;
}

const rows = readFileSync(new URL("../cases/log/spellings.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Row);

it("each spelling but the writer's is refused by both readers, however well it is signed", {
  timeout: 120_000,
}, (context) => {
  needs(context, "python3", "openssl");
  const dir = join(tmp(), "log");
  const [machine, own] = [newKey("machine"), newKey("machine/s")];
  const vkey = join(tmp(), "machine.vkey");
  writeFileSync(vkey, formatVerifierKey(machine.key));
  const acted = (n: number): RecordBody => ({ ...noise(n), actor: { agent: "x", pid: 7, exe: "/usr/bin/x" } });
  const { lines } = forge({ dir, session: "s", machine: [machine], keys: [own], records: [1, 2, 3, 4, 5].map(acted) });
  /** Both readers' words on the log with another record 3. */
  const read = ({ find, put }: Row): readonly boolean[] => {
    const changed = find === null ? put : (lines[3] ?? "").replace(find, () => put);
    const tree = openTree(sha256);
    const chained: string[] = [];
    for (const [seq, line] of lines.entries()) {
      const before = chained.at(-1);
      const prev = before === undefined ? "0".repeat(64) : toHex(leafHash(sha256, Buffer.from(before)));
      chained.push((seq === 3 ? changed : line).replace(/"prev":"[0-9a-f]{64}"/, `"prev":"${prev}"`));
      tree.append(leafHash(sha256, Buffer.from(chained.at(-1) ?? "")));
    }
    writeFileSync(join(dir, "log/000000000000.jsonl"), `${chained.join("\n")}\n`);
    writeFileSync(join(dir, `tile/0/000.p/${lines.length}`), tileOf(chained));
    const checkpoint = { origin: own.key.name, size: lines.length, root: tree.root() };
    writeFileSync(join(dir, "checkpoint"), signCheckpoint(checkpoint, own));
    return [exitOf(verifyLog(dir, { keys: [machine.key] }).verdict) === 0, readByPython(dir, vkey).ok];
  };
  const wrong = rows
    .map((row) => ({ row, said: read(row) }))
    .filter(({ row, said }) => said.some((ok) => ok !== (row.holds === true)))
    .map(({ row, said }) => `${row.name}: ${said.join(", ")}`);
  expect(wrong).toEqual([]);
});

function tileOf(lines: readonly string[]): Uint8Array {
  return Buffer.concat(lines.map((line) => leafHash(sha256, Buffer.from(line))));
}
