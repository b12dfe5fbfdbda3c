// What is handed to others: a bundle that Python and a public key can judge, and a directory of tiles that Go can.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  archiveSink,
  exportTiles,
  folderSink,
  ledgerAppend,
  machineKey,
  makeBundle,
  openSessionLog,
  openSigned,
  type SignedLog,
} from "#audit";
import { readByGo, readByPython } from "../support/log-readers.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

interface Scene {
  readonly stateDir: string;
  readonly vkey: string;
  readonly signed: (session: string) => SignedLog;
}

async function scene(count: number): Promise<Scene> {
  const stateDir = tmp();
  for (const session of ["one", "two"]) {
    const epochs = { everyMs: Number.POSITIVE_INFINITY, everyRecords: 300 };
    const log = await openSessionLog({ stateDir, session, policy: "0", workspace: "/w", maxBytes: 1e8, epochs });
    if (!log.ok) throw new Error(log.error.message);
    const append = (n: number): Promise<number> =>
      log.value.append({
        type: "prompt",
        origin: "claimed",
        data: { n, text: n === 1 ? "long ".repeat(9000) : "é\u001b[2J" },
      });
    await Promise.all(Array.from({ length: count }, (_, n) => append(n)));
    await log.value.close({ exit: 0 });
    await ledgerAppend({ stateDir }, session)({ type: "review.apply", origin: "observed", data: { session } });
  }
  const key = await machineKey(stateDir);
  if (key === undefined) throw new Error("no key");
  const signed = (session: string): SignedLog => {
    const opened = openSigned(join(stateDir, "log/sessions", session), [key]);
    if (!opened.ok) throw new Error(opened.error.message);
    return opened.value;
  };
  return { stateDir, vkey: join(stateDir, "keys/machine.vkey"), signed };
}

const verifier = readFileSync(new URL("../../scripts/verify_log.py", import.meta.url), "utf8");

function bundle({ stateDir, signed }: Scene, session: string, folder: string): void {
  const made = makeBundle({ stateDir, signed: signed(session), verifier, vault: false }, () => folderSink(folder));
  if (!made.ok) throw new Error(made.error.message);
}

test("a bundle holds for who has the public key alone, and each change to it is seen", async (ctx) => {
  needs(ctx, "python3", "openssl");
  const s = await scene(40);
  const folder = join(tmp(), "one");
  bundle(s, "one", folder);
  expect(readByPython(folder, s.vkey)).toMatchObject({
    ok: true,
    said: expect.stringContaining("opened and closed this session exactly so"),
  });
  expect(readdirSync(join(folder, "ledger"))).toEqual([
    "000000000002.tlog-proof",
    "close.tlog-proof",
    "open.tlog-proof",
  ]);
  const two = join(tmp(), "two");
  bundle(s, "two", two);
  const changes: Record<string, (dir: string) => void> = {
    "a record": (dir) => edit(join(dir, "session/log/000000000000.jsonl"), '"n":7', '"n":8'),
    "a blob": (dir) => {
      const [a = ""] = readdirSync(join(dir, "session/blobs"));
      const [b = ""] = readdirSync(join(dir, "session/blobs", a));
      edit(join(dir, "session/blobs", a, b), "long", "Long");
    },
    "no blob": (dir) => rmSync(join(dir, "session/blobs"), { recursive: true }),
    "another session's folder": (dir) => {
      rmSync(join(dir, "session"), { recursive: true });
      cpSync(join(two, "session"), join(dir, "session"), { recursive: true });
    },
    "another session's opening": (dir) =>
      cpSync(join(two, "ledger/open.tlog-proof"), join(dir, "ledger/open.tlog-proof")),
    "another session's close": (dir) =>
      cpSync(join(two, "ledger/close.tlog-proof"), join(dir, "ledger/close.tlog-proof")),
    "the opening as the close": (dir) =>
      cpSync(join(dir, "ledger/open.tlog-proof"), join(dir, "ledger/close.tlog-proof")),
    "another session's later word": (dir) =>
      cpSync(join(two, "ledger/close.tlog-proof"), join(dir, "ledger/000000000009.tlog-proof")),
    "no opening": (dir) => rmSync(join(dir, "ledger/open.tlog-proof")),
  };
  for (const [name, change] of Object.entries(changes)) {
    const copy = join(tmp(), "copy");
    cpSync(folder, copy, { recursive: true });
    change(copy);
    expect(readByPython(copy, s.vkey), name).toMatchObject({ ok: false });
  }
});

function edit(file: string, from: string, to: string): void {
  const text = readFileSync(file, "utf8");
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

test("a module that somebody put into a bundle is not run by its verifier", async (ctx) => {
  needs(ctx, "python3", "openssl");
  const s = await scene(3);
  const folder = join(tmp(), "one");
  bundle(s, "one", folder);
  const marker = join(folder, "ran");
  writeFileSync(join(folder, "hashlib.py"), `open(${JSON.stringify(marker)}, "w")\n`);
  const run = (...options: string[]): string =>
    spawnSync("python3", [...options, join(folder, "verify_log.py"), folder, s.vkey], { encoding: "utf8" }).stdout;
  expect(run()).toMatch(/^OK/);
  expect(run("-I")).toMatch(/^OK/);
  expect(existsSync(marker)).toBe(false);
});

test("the archive is what tar reads, the same twice, private, and never over something else", async (ctx) => {
  needs(ctx, "python3", "openssl");
  const s = await scene(10);
  const folder = tmp();
  const make = (file: string): ReturnType<typeof makeBundle> =>
    makeBundle({ stateDir: s.stateDir, signed: s.signed("one"), verifier, vault: false }, () =>
      archiveSink(join(folder, file), { root: "ringfence-one", mtime: 1_764_000_000 }),
    );
  const made = make("a.tar.gz");
  expect(made.ok).toBe(true);
  expect(make("b.tar.gz").ok).toBe(true);
  expect(readFileSync(join(folder, "a.tar.gz")).equals(readFileSync(join(folder, "b.tar.gz")))).toBe(true);
  expect(statSync(join(folder, "a.tar.gz")).mode & 0o777).toBe(0o600);
  expect(make("a.tar.gz")).toMatchObject({ ok: false, error: { code: "bundle-output" } });
  expect(readdirSync(folder).sort()).toEqual(["a.tar.gz", "b.tar.gz"]);
  expect(spawnSync("tar", ["xzf", "a.tar.gz"], { cwd: folder }).status).toBe(0);
  const unpacked = join(folder, "ringfence-one");
  expect(readByPython(unpacked, s.vkey).said).toMatch(/^OK 12 /);
  expect(spawnSync("sha256sum", ["-c", "--quiet", "SHA256SUMS"], { cwd: unpacked }).status).toBe(0);
  const key = spawnSync("sha256sum", ["machine.vkey"], { cwd: unpacked, encoding: "utf8" }).stdout.slice(0, 64);
  expect(made).toMatchObject({ value: { fingerprint: key } });
});

test("a running session can be bundled; what is not signed yet is said", async (ctx) => {
  needs(ctx, "python3", "openssl");
  const stateDir = tmp();
  const log = await openSessionLog({ stateDir, session: "one", policy: "0", workspace: "/w", maxBytes: 1e8 });
  if (!log.ok) throw new Error(log.error.message);
  const key = await machineKey(stateDir);
  for (let n = 0; n < 5; n++) await log.value.append({ type: "prompt", origin: "claimed", data: { n } });
  const signed = openSigned(log.value.dir, key === undefined ? [] : [key]);
  if (!signed.ok) throw new Error(signed.error.message);
  const folder = join(tmp(), "one");
  expect(makeBundle({ stateDir, signed: signed.value, verifier, vault: false }, () => folderSink(folder)).ok).toBe(
    true,
  );
  expect(readByPython(folder, join(stateDir, "keys/machine.vkey"))).toMatchObject({
    ok: true,
    said: expect.stringMatching(/no close of this session.*\nnot signed: the last \d records/s),
  });
  await log.value.close({});
});

test.for([1, 254, 255, 700])(
  "a directory of tiles over %d and two more entries is what Go reads",
  async (count, ctx) => {
    needs(ctx, "go-sumdb");
    const s = await scene(count);
    const folder = join(tmp(), "tlog");
    const done = exportTiles(s.signed("one"), () => folderSink(folder));
    expect(done).toMatchObject({ ok: true });
    const { size } = s.signed("one");
    expect(readByGo("tlog", folder, join(folder, "vkey")).said).toMatch(new RegExp(`^OK ${size} `));
    const [bundleFile = ""] = readdirSync(join(folder, "tile/entries")).map((name) =>
      join(folder, "tile/entries", name),
    );
    const file = statSync(bundleFile).isDirectory() ? join(bundleFile, readdirSync(bundleFile)[0] ?? "") : bundleFile;
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.with(30, (bytes[30] ?? 0) ^ 1));
    expect(readByGo("tlog", folder, join(folder, "vkey")).ok).toBe(false);
  },
);

test("tiles are not written from changed records, nor into a folder that holds something", async () => {
  const s = await scene(10);
  const full = join(tmp(), "full");
  mkdirSync(full);
  writeFileSync(join(full, "x"), "");
  expect(exportTiles(s.signed("one"), () => folderSink(full))).toMatchObject({ error: { code: "bundle-output" } });
  const signed = s.signed("one");
  edit(join(signed.dir, "log/000000000000.jsonl"), '"n":7', '"n":8');
  expect(exportTiles(signed, () => folderSink(join(tmp(), "t")))).toMatchObject({ error: { code: "log-damaged" } });
});
