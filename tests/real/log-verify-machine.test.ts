// What a machine and a person remember: the ledger with keys that moved on, high-water marks, kept checkpoints, another copy.
import { createPrivateKey, sign } from "node:crypto";
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import {
  compareCopies,
  type LogReport,
  machineKey,
  openSessionLog,
  type SessionLog,
  verifyLog,
  verifyMachine,
} from "#audit";
import {
  type NoteSigner,
  openEpochs,
  parseVerifierKey,
  readLeaf,
  signCertificate,
  signCheckpoint,
  splitEpochNotes,
  type VerifierKey,
  verdictText,
} from "#core/log";
import { newKey, noise, sha256 } from "../support/log-forge.ts";
import { tmp } from "../support/tmp.ts";

let stateDir: string;
let key: VerifierKey;

async function open(session: string, day: number): Promise<SessionLog> {
  const clock = { wall: () => Date.UTC(2027, 0, day + 1, 12), mono: () => process.hrtime.bigint() };
  const opened = await openSessionLog({ stateDir, session, policy: "0", workspace: "/w", maxBytes: 1e8, clock });
  if (!opened.ok) throw new Error(opened.error.message);
  for (let n = 0; n < 4; n += 1) await opened.value.append(noise(n));
  return opened.value;
}

const dirOf = (session: string): string => join(stateDir, "log/sessions", session);
const ledger = (): string => join(stateDir, "log/ledger");

async function reports(anchor?: string): Promise<readonly LogReport[]> {
  return await verifyMachine(stateDir, { keys: [key], ...(anchor === undefined ? {} : { anchor }) });
}

async function words(anchor?: string): Promise<readonly string[]> {
  return (await reports(anchor)).map(({ verdict }) => verdictText(verdict));
}

/** Three sessions on three days, none of them the one on which the key was made: the machine's key is its fourth. */
beforeEach(async () => {
  stateDir = tmp();
  for (const [day, session] of ["one", "two", "three"].entries()) await (await open(session, day)).close({ exit: 0 });
  const trusted = await machineKey(stateDir);
  if (trusted === undefined) throw new Error("no key");
  key = trusted;
});

/** The machine's private key of today, as a thief finds it. */
function stolenKey(): NoteSigner {
  const pem = readFileSync(join(stateDir, "keys/machine.pem"), "utf8");
  const privateKey = createPrivateKey(pem.slice(pem.indexOf("-----BEGIN")));
  const notes = splitEpochNotes(readFileSync(join(stateDir, "keys/authority"), "utf8")) ?? [];
  const chain = openEpochs(notes, { key, start: "" }, { crypto: { sha256, verify: () => true } });
  const own = chain.ok ? chain.epochs.at(-1)?.key : undefined;
  if (own === undefined) throw new Error("no epochs");
  return { key: own, sign: (message) => sign(null, message, privateKey) };
}

it("the ledger moves forward each day, and each session verifies anywhere with the first public key alone", async () => {
  const all = await reports();
  expect(all.map(({ name, verdict, epochs }) => [name, verdictText(verdict), epochs])).toEqual([
    ["ledger", "OK", 4],
    ["one", "OK", 1],
    ["two", "OK", 1],
    ["three", "OK", 1],
  ]);
  for (const session of ["one", "two", "three"]) {
    const copy = join(tmp(), session);
    cpSync(dirOf(session), copy, { recursive: true });
    expect(verdictText(verifyLog(copy, { keys: [key] }).verdict)).toBe("OK");
  }
  rmSync(join(dirOf("three"), "authority"));
  expect((await words())[3]).toBe("INCOMPLETE(authority)");
});

it("today's machine key cannot certify an older session again", async () => {
  const line = readFileSync(join(dirOf("one"), "log/000000000000.jsonl"), "utf8").split("\n")[0] ?? "";
  const own = parseVerifierKey(sha256, String(readLeaf(Buffer.from(line))?.data["key"]));
  if (own === undefined) throw new Error("no key");
  const certificate = signCertificate({ session: "one", key: own, start: "2027-01-01T12:00:00.000Z" }, stolenKey());
  writeFileSync(join(dirOf("one"), "certificate"), certificate);
  cpSync(join(dirOf("three"), "authority"), join(dirOf("one"), "authority"));
  expect((await words())[1]).toBe("TAMPERED(epoch, 0)");
});

it("nor sign the ledger's older entries again", async () => {
  const origin = key.name;
  const lines = readFileSync(join(ledger(), "log/000000000000.jsonl"), "utf8").trimEnd().split("\n");
  const kept = readdirSync(join(ledger(), "checkpoints"))
    .map(Number)
    .sort((a, b) => a - b);
  expect(kept.length).toBeGreaterThan(0);
  const file = join(ledger(), "checkpoints", String(kept[0]));
  const root = Buffer.from(readFileSync(file, "utf8").split("\n")[2] ?? "", "base64");
  writeFileSync(file, signCheckpoint({ origin, size: kept[0] as number, root }, stolenKey()));
  expect(lines.length).toBeGreaterThan(kept[0] as number);
  expect((await words())[0]).toBe(`TAMPERED(epoch, ${(kept[0] as number) - 1})`);
});

it("sessions' folders swapped, copied over another, renamed", async () => {
  renameSync(dirOf("one"), join(stateDir, "aside"));
  renameSync(dirOf("two"), dirOf("one"));
  renameSync(join(stateDir, "aside"), dirOf("two"));
  expect((await words()).slice(0, 3)).toEqual(["OK", "TAMPERED(fork, 0)", "TAMPERED(fork, 0)"]);
  renameSync(dirOf("one"), join(stateDir, "log/sessions/four"));
  const after = await reports();
  expect(after.map(({ name, verdict }) => [name, verdictText(verdict)])).toEqual([
    ["ledger", "OK"],
    ["one", "TRUNCATED(0, 6, ledger)"],
    ["two", "TAMPERED(fork, 0)"],
    ["three", "OK"],
    ["four", "INCOMPLETE(the ledger does not know this session)"],
  ]);
});

it("entries of the ledger removed, its end cut, its notes and marks taken away", async () => {
  const segment = join(ledger(), "log/000000000000.jsonl");
  const good = readFileSync(segment, "utf8");
  const lines = good.trimEnd().split("\n");
  writeFileSync(segment, `${lines.toSpliced(1, 1).join("\n")}\n`);
  expect((await words())[0]).toBe("TAMPERED(delete, 1)");
  writeFileSync(segment, `${lines.slice(0, -2).join("\n")}\n`);
  expect((await words())[0]).toMatch(new RegExp(`^TRUNCATED\\(${lines.length - 2}, ${lines.length}, checkpoint\\)$`));
  writeFileSync(segment, good);
  const note = join(ledger(), "epochs/1");
  const kept = readFileSync(note);
  rmSync(note);
  expect((await words())[0]).toBe("INCOMPLETE(epochs/1)");
  writeFileSync(note, kept);
  rmSync(join(stateDir, "log/hwm/one"));
  rmSync(join(stateDir, "log/hwm/ledger"));
  expect(await words()).toEqual(["INCOMPLETE(high-water mark)", "OK", "OK", "OK"]);
  writeFileSync(join(stateDir, "log/hwm/ledger"), readFileSync(join(dirOf("one"), "checkpoint")));
  expect((await words())[0]).toMatch(/^UNTRUSTED_KEY/);
});

it("a checkpoint of another session, or an older one of its own, is no checkpoint of a closed log", async () => {
  const checkpoint = join(dirOf("one"), "checkpoint");
  const good = readFileSync(checkpoint);
  writeFileSync(checkpoint, readFileSync(join(dirOf("two"), "checkpoint")));
  expect((await words())[1]).toMatch(/^UNTRUSTED_KEY|^TAMPERED\(sig/);
  writeFileSync(checkpoint, good);
  expect((await words())[1]).toBe("OK");
});

const checkpointOf = (dir: string): string => readFileSync(join(dir, "checkpoint"), "utf8");

it("kept checkpoints: one, many, of many logs, of none of these, forged, empty", async () => {
  const dir = dirOf("one");
  const own = checkpointOf(dir);
  const [two, all] = [checkpointOf(dirOf("two")), [ledger(), ...["one", "two", "three"].map(dirOf)].map(checkpointOf)];
  const judge = (anchor: string): readonly [string, string] => {
    const { verdict, freshness } = verifyLog(dir, { keys: [key], remembered: { anchor } });
    return [verdictText(verdict), freshness];
  };
  expect(judge(own)).toEqual(["OK", "anchored"]);
  expect(judge(`${own}\n${two}`)).toEqual(["OK", "anchored"]);
  expect(judge(`\n\n${two}${own}\n`)).toEqual(["OK", "anchored"]);
  expect(judge(two)[0]).toMatch(/^INCOMPLETE\(an anchor of this log: what was given is of .*\/two\)$/);
  // The whole machine with one file: every log finds its own.
  expect((await reports(all.join("\n"))).map(({ freshness }) => freshness)).toEqual(Array(4).fill("anchored"));
  expect((await reports(two)).map(({ freshness }) => freshness)).toEqual([
    "unproven",
    "unproven",
    "anchored",
    "unproven",
  ]);
  rmSync(dirOf("two"), { recursive: true });
  const origin = own.split("\n", 1)[0] ?? "";
  const stranger = newKey(origin);
  const root = new Uint8Array(32);
  expect(judge(signCheckpoint({ origin, size: 6, root }, stranger))[0]).toMatch(/^UNTRUSTED_KEY/);
  const forged = `${own.split("\n\n")[0]?.replace("\n6\n", "\n5\n")}\n\n${own.split("\n\n")[1]}`;
  expect(judge(forged)[0]).toBe("TAMPERED(sig, 0)");
  const gone = signCheckpoint({ origin: `${key.name}/nine`, size: 3, root }, newKey(`${key.name}/nine`));
  expect((await reports(gone)).at(-1)).toMatchObject({
    name: `${key.name}/nine`,
    verdict: { word: "INCOMPLETE", what: "the log that an anchor was taken of" },
  });
});

it("an anchor of an empty log fits, and proves nothing", async () => {
  const live = await open("live", 3);
  const secret = newKey(`${key.name}/live`);
  await live.close({});
  // Signed by the log's own key it would fit; only that key could, and it is gone: a stranger's is refused.
  const empty = signCheckpoint({ origin: secret.key.name, size: 0, root: sha256(new Uint8Array(0)) }, secret);
  const report = verifyLog(live.dir, { keys: [key], remembered: { anchor: empty } });
  expect(verdictText(report.verdict)).toMatch(/^UNTRUSTED_KEY/);
  const own = verifyLog(ledger(), {
    keys: [key],
    remembered: {
      anchor: signCheckpoint({ origin: key.name, size: 0, root: sha256(new Uint8Array(0)) }, { ...stolenKey(), key }),
    },
  });
  expect(own.verdict.word).toBe("TAMPERED");
});

it("two copies: the same, one further on, one cut, one edited and sealed again, one of another log", async () => {
  const live = await open("live", 3);
  await new Promise((resolve) => setTimeout(resolve, 900));
  const early = join(tmp(), "early");
  cpSync(live.dir, early, { recursive: true });
  await live.append(noise(9));
  await live.close({});
  const judge = async (dir: string, other: string): Promise<readonly unknown[]> => {
    const { verdict, freshness } = await compareCopies(verifyLog(dir, { keys: [key] }), other, [key]);
    return [verdictText(verdict), freshness];
  };
  expect(await judge(live.dir, live.dir)).toEqual(["OK", "anchored"]);
  expect(await judge(live.dir, early)).toEqual(["OK", "anchored"]);
  expect(await judge(early, live.dir)).toEqual(["TRUNCATED(5, 7, against)", "unproven"]);
  expect((await judge(live.dir, dirOf("one")))[0]).toMatch(
    /^INCOMPLETE\(another copy of this log: .* is the log one\)$/,
  );
  const edited = join(tmp(), "edited");
  cpSync(live.dir, edited, { recursive: true });
  const segment = join(edited, "log/000000000000.jsonl");
  writeFileSync(segment, readFileSync(segment, "utf8").replace('"n":2', '"n":7'));
  expect((await judge(live.dir, edited))[0]).toBe("TAMPERED(fork, 3)");
  expect((await judge(edited, live.dir))[0]).toBe("TAMPERED(edit, 3)");
  expect((await judge(live.dir, join(tmp(), "nothing")))[0]).toMatch(/^INCOMPLETE/);
  expect((await judge(live.dir, tmp()))[0]).toMatch(/^INCOMPLETE/);
});

it("two histories under one key part at a record that both copies show", async () => {
  // Only who holds the live key can do this: the ledger's own, on a machine whose state was put back once.
  const before = join(tmp(), "before");
  cpSync(stateDir, before, { recursive: true });
  await (await open("four", 3)).close({});
  const mine = join(tmp(), "mine");
  cpSync(ledger(), mine, { recursive: true });
  rmSync(stateDir, { recursive: true });
  cpSync(before, stateDir, { recursive: true });
  await (await open("five", 3)).close({});
  const report = await compareCopies(verifyLog(ledger(), { keys: [key] }), mine, [key]);
  expect(report.verdict).toMatchObject({ word: "TAMPERED", kind: "fork", file: "log/000000000000.jsonl" });
  const seq = report.verdict.word === "TAMPERED" ? report.verdict.seq : -1;
  const lines = (dir: string): string[] => readFileSync(join(dir, "log/000000000000.jsonl"), "utf8").split("\n");
  expect(lines(mine).slice(0, seq)).toEqual(lines(ledger()).slice(0, seq));
  expect(lines(mine)[seq]).not.toBe(lines(ledger())[seq]);
});
