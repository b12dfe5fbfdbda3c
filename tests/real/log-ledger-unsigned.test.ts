// What stands in the ledger without a signature: a crash leaves it there, and so does anybody who can write the file. It says nothing, and no later
// signature takes it along.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { machineKey, openSessionLog, verifyMachine } from "#audit";
import {
  encodeBody,
  encodeLine,
  leafHash,
  type RecordBody,
  readLeaf,
  toHex,
  type VerifierKey,
  verdictText,
} from "#core/log";
import { newKey, noise, sha256 } from "../support/log-forge.ts";
import { tmp } from "../support/tmp.ts";

let stateDir: string;
let key: VerifierKey;

const dirOf = (session: string): string => join(stateDir, "log/sessions", session);
const ledger = (): string => join(stateDir, "log/ledger");
const linesFile = (dir: string): string => join(dir, "log/000000000000.jsonl");
const linesOf = (dir: string): string[] => readFileSync(linesFile(dir), "utf8").trimEnd().split("\n");

async function run(session: string, end: "closed" | "killed" = "closed"): Promise<string | undefined> {
  const opened = await openSessionLog({ stateDir, session, policy: "0", workspace: "/w", maxBytes: 1e8 });
  if (!opened.ok) return opened.error.message;
  for (let n = 0; n < 4; n += 1) await opened.value.append(noise(n));
  await opened.value.append({ type: "net.connect", origin: "observed", data: { host: "x".repeat(100_000) } });
  if (end === "closed") await opened.value.close({ exit: 0 });
  return undefined;
}

async function words(): Promise<readonly string[]> {
  return (await verifyMachine(stateDir, { keys: [key] })).map(({ verdict }) => verdictText(verdict));
}

/** A line that follows, as anybody can make it who can read the file. */
function forge(session: string, body: RecordBody, lines = linesOf(ledger())): void {
  const encoded = encodeBody(body, (bytes) => toHex(sha256(bytes)));
  if (!encoded.ok) throw new Error(encoded.error.message);
  const prev = toHex(leafHash(sha256, Buffer.from(lines.at(-1) ?? "")));
  const envelope = { seq: lines.length, prev, ts: "2027-01-01T00:00:00.000Z", mono: 1, session };
  lines.push(encodeLine(envelope, encoded.value));
  writeFileSync(linesFile(ledger()), `${lines.join("\n")}\n`);
}

beforeEach(async () => {
  stateDir = tmp();
  await run("one");
  const trusted = await machineKey(stateDir);
  if (trusted === undefined) throw new Error("no key");
  key = trusted;
});

const signed = (): { size: number; root: string } => {
  const [, size = "", root = ""] = readFileSync(join(dirOf("one"), "checkpoint"), "utf8").split("\n");
  return { size: Number(size), root: Buffer.from(root, "base64").toString("hex") };
};

/** What it would excuse, and what is done under that excuse. */
const WORDS: readonly [string, () => RecordBody, () => void, string][] = [
  [
    "prune",
    () => ({ type: "prune", origin: "observed", data: { from: 0, to: signed().size, ...signed(), reason: "old" } }),
    () => {
      for (const name of ["log", "tile", "blobs"]) rmSync(join(dirOf("one"), name), { recursive: true, force: true });
    },
    "INCOMPLETE(log)",
  ],
  [
    "redaction",
    () => {
      const [folder = ""] = readdirSync(join(dirOf("one"), "blobs"));
      const [rest = ""] = readdirSync(join(dirOf("one"), "blobs", folder));
      const data = { seq: 5, paths: ["data.host"], blobs: [folder + rest], reason: "old" };
      return { type: "redaction", origin: "observed", data };
    },
    () => rmSync(join(dirOf("one"), "blobs"), { recursive: true }),
    "INCOMPLETE(blobs/",
  ],
];

it.each(WORDS)(
  "a %s that nobody signed excuses nothing, now and after the next signature",
  async (_, body, act, want) => {
    expect(await words()).toEqual(["OK", "OK"]);
    forge("one", body());
    act();
    const [first, session] = await words();
    expect(first).toBe("OK_UNSEALED_TAIL(1)");
    expect(session).toContain(want);
    expect(await run("two")).toBeUndefined();
    const [after, still, other] = await words();
    expect(after).toMatch(/^RECOVERED\(\d+\)$/);
    expect([still, other]).toEqual([expect.stringContaining(want), "OK"]);
    expect(readLeaf(Buffer.from(linesOf(ledger())[2] ?? ""))).toMatchObject({
      type: "recovery",
      data: { last_good: 1, cut_bytes: expect.any(Number), cut_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  },
);

it("an opening that nobody signed makes no session known, a close closes none", async () => {
  await run("killed", "killed");
  const size = linesOf(dirOf("killed")).length;
  forge("killed", { type: "session.close", origin: "observed", data: { size, root: "0".repeat(64) } });
  forge("none", { type: "session.open", origin: "observed", data: { key: "k", first: "0".repeat(64) } });
  expect((await words()).slice(0, 2)).toEqual(["OK_UNSEALED_TAIL(2)", "OK"]);
  expect(await words()).toHaveLength(3);
  expect((await words())[2]).toMatch(/^OK/);
  expect(await run("two")).toBeUndefined();
  expect((await words())[0]).toMatch(/^RECOVERED/);
});

it("an append that broke off is forgotten, whatever of it stood there; more than one append is refused", async () => {
  const before = linesOf(ledger()).length;
  forge("x", { type: "lifecycle.note", origin: "observed", data: {} });
  writeFileSync(linesFile(ledger()), '{"v":1,"seq":3', { flag: "a" });
  expect(await run("two")).toBeUndefined();
  expect(linesOf(ledger())).toHaveLength(before + 3);
  for (let n = 0; n < 5; n += 1) forge("x", { type: "lifecycle.note", origin: "observed", data: { n } });
  expect(await run("three")).toContain("nobody signed its last 5 records");
});

it("a ledger whose signatures were taken away is not signed again", async () => {
  for (const session of ["two", "three"]) await run(session);
  const lines = linesOf(ledger());
  rmSync(join(ledger(), "checkpoint"));
  rmSync(join(stateDir, "log/hwm/ledger"));
  rmSync(join(stateDir, "log/resume"), { recursive: true });
  const forged = lines.slice(0, 4);
  while (forged.length < 6)
    forge("four", { type: "session.open", origin: "observed", data: { key: newKey("k").key.name } }, forged);
  expect(await run("five")).toContain("nobody signed its last 6 records");
});

it("a folder that the ledger does not know was never started only while nobody signed that it had more than its opening", async () => {
  await run("two");
  for (const name of ["log", "tile", "blobs"]) rmSync(join(dirOf("two"), name), { recursive: true, force: true });
  // The ledger of another day, as of before: "one" alone.
  rmSync(join(stateDir, "log/ledger"), { recursive: true });
  rmSync(join(stateDir, "log/hwm/ledger"));
  expect((await words())[2]).toBe("INCOMPLETE(log)");
  rmSync(join(dirOf("two"), "checkpoint"));
  rmSync(join(dirOf("two"), "checkpoints"), { recursive: true });
  expect((await words())[2]).toBe("OK");
  mkdirSync(join(dirOf("two"), "log"));
  writeFileSync(linesFile(dirOf("two")), `${linesOf(dirOf("one")).slice(0, 2).join("\n")}\n`);
  expect((await words())[2]).toMatch(/^INCOMPLETE/);
  writeFileSync(linesFile(dirOf("two")), "anything\n");
  expect((await words())[2]).toMatch(/^INCOMPLETE/);
});

it("a write that was cut off behind a session's close leaves the ledger as whole as any", async () => {
  writeFileSync(linesFile(ledger()), '{"v":1,"seq":2,"prev":"', { flag: "a" });
  expect(await words()).toEqual(["OK_UNSEALED_TAIL(0)", "OK"]);
  expect(await run("two")).toBeUndefined();
  expect((await words())[0]).toBe("RECOVERED(23)");
});

it("a file or a pipe in the place of a session's folder is said to be one", async () => {
  for (const make of [
    (): void => writeFileSync(dirOf("one"), ""),
    (): unknown => execFileSync("mkfifo", [dirOf("one")]),
  ]) {
    rmSync(dirOf("one"), { recursive: true });
    make();
    expect((await words())[1]).toMatch(/^TAMPERED\(framing, 0\)$/);
  }
});

it("a folder, a pipe or a link in the place of a high-water mark is a mark that nobody signed", async () => {
  const mark = join(stateDir, "log/hwm/one");
  for (const make of [
    (): unknown => mkdirSync(mark),
    (): unknown => execFileSync("mkfifo", [mark]),
    (): unknown => symlinkSync("/dev/zero", mark),
  ]) {
    rmSync(mark, { recursive: true });
    make();
    expect((await words())[1]).toMatch(/^TAMPERED\(sig/);
  }
});

it.each<[string, (shortcut: { [name: string]: unknown }) => object]>([
  ["another last record", (shortcut) => ({ ...shortcut, prev: "0".repeat(64) })],
  [
    "another end",
    ({ bytes, ...rest }) => ({ ...rest, bytes: Number(bytes) - (linesOf(ledger()).at(-1)?.length ?? 0) - 1 }),
  ],
  ["an end within a line", ({ bytes, ...rest }) => ({ ...rest, bytes: Number(bytes) - 1 })],
  ["another file", (shortcut) => ({ ...shortcut, firstSeq: 7 })],
])("a shortcut that names %s is not taken, and the ledger goes on as it stands", async (_name, change) => {
  const path = join(stateDir, "log/resume/ledger.json");
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")))));
  expect(await run("two")).toBeUndefined();
  expect(await words()).toEqual(["OK", "OK", "OK"]);
});
