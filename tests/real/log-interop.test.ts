// I12: a program that shares nothing with ours reads the log and comes to the same answer, and sees what is changed.
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openSessionLog } from "#audit";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const VERIFIER = fileURLToPath(new URL("../support/verify_log.py", import.meta.url));

it("an independent verifier accepts the log and refuses every changed line", async (ctx) => {
  needs(ctx, "python3", "openssl");
  const stateDir = tmp();
  const log = await openSessionLog({ stateDir, session: "one", policy: "0", workspace: "/w", maxBytes: 1e8 });
  if (!log.ok) throw new Error(log.error.message);
  for (let n = 0; n < 20; n += 1)
    await log.value.append({ type: "prompt", origin: "claimed", data: { n, text: "é\u0001\ud83d\ude00" } });
  const { size } = await log.value.close({ exit: 0 });
  const vkey = join(stateDir, "keys", readdirSync(join(stateDir, "keys")).find((name) => name.endsWith(".vkey")) ?? "");
  const verify = (dir: string): { status: number | null; stdout: string } =>
    spawnSync("python3", [VERIFIER, dir, vkey], { encoding: "utf8" });
  expect(verify(log.value.dir).stdout).toMatch(new RegExp(`^OK ${size} `));

  const copy = join(tmp(), "copy");
  cpSync(log.value.dir, copy, { recursive: true });
  const segment = join(copy, "log/000000000000.jsonl");
  const lines = readFileSync(segment, "utf8").split("\n");
  for (let at = 0; at < size; at += 3) {
    writeFileSync(segment, lines.with(at, (lines[at] ?? "").replace('"origin":"', '"origin": "')).join("\n"));
    expect(verify(copy).status).toBe(1);
  }
  writeFileSync(segment, lines.toSpliced(size - 1, 1).join("\n"));
  expect(verify(copy).status).toBe(1);
});
