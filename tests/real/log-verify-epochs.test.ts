// Keys that move forward: what a thief of a younger key, of the machine's key or of somebody else's can write, and how each is named.
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { machineKey, openSessionLog, verifyLog, verifyMachine } from "#audit";
import { epochOpen, formatVerifierKey, type NoteSigner, type RecordBody, verdictText } from "#core/log";
import { authority, type Forgery, forge, newKey, noise } from "../support/log-forge.ts";
import { tmp } from "../support/tmp.ts";

const NAME = "ringfence-machine-0123456789abcdef";
const CLOSE: RecordBody = { type: "session.close", origin: "observed", data: { exit: 0 } };

let options: Forgery;
let machine: NoteSigner[];
let keys: NoteSigner[];

/** 16 records in three epochs: 0–5 (close 5), 6–10 (close 10), 11–15. */
beforeEach(() => {
  machine = [newKey(NAME), newKey(NAME), newKey(NAME)];
  keys = [1, 2, 3].map(() => newKey(`${NAME}/one`));
  const records = Array.from({ length: 12 }, (_, n) => noise(n));
  options = { dir: join(tmp(), "one"), session: "one", machine, keys, records, perEpoch: 4, keepEvery: 3, last: CLOSE };
});

function word(dir: string = options.dir, trusted: NoteSigner = machine[0] as NoteSigner): string {
  return verdictText(verifyLog(dir, { keys: [trusted.key] }).verdict);
}

const key = (n: number): NoteSigner => keys[n] as NoteSigner;

it("an honest log of three epochs, certified by the machine's third key, holds with its first public key alone", () => {
  const { lines, starts } = forge(options);
  expect([lines.length, ...starts]).toEqual([16, 6, 11]);
  expect(verifyLog(options.dir, { keys: [(machine[0] as NoteSigner).key] })).toMatchObject({
    verdict: { word: "OK" },
    epochs: 3,
    sealed: 16,
    closed: true,
    signedBy: NAME,
  });
});

it("a session that the real writer kept holds, here and for who has its folder and the key", async () => {
  const stateDir = tmp();
  const epochs = { everyMs: 1e9, everyRecords: 5 };
  const log = await openSessionLog({ stateDir, session: "one", policy: "0", workspace: "/w", maxBytes: 1e8, epochs });
  if (!log.ok) throw new Error(log.error.message);
  for (let n = 0; n < 22; n += 1) await log.value.append(noise(n));
  await log.value.close({ exit: 0 });
  const trusted = await machineKey(stateDir);
  if (trusted === undefined) throw new Error("no key");
  const reports = await verifyMachine(stateDir, { keys: [trusted] });
  expect(reports.map(({ verdict }) => verdictText(verdict))).toEqual(["OK", "OK"]);
  const report = verifyLog(log.value.dir, { keys: [trusted] });
  expect(report).toMatchObject({ verdict: { word: "OK" }, closed: true });
  expect(report.epochs).toBeGreaterThan(3);
  for (let epoch = 1; epoch < report.epochs; epoch += 1) {
    const note = join(log.value.dir, "epochs", String(epoch));
    const kept = readFileSync(note);
    rmSync(note);
    expect(verdictText(verifyLog(log.value.dir, { keys: [trusted] }).verdict)).toBe(`INCOMPLETE(epochs/${epoch})`);
    writeFileSync(note, kept);
  }
  expect(verdictText(verifyLog(log.value.dir, { keys: [trusted] }).verdict)).toBe("OK");
});

it("a session that a younger key of the machine certified for an older day says so", () => {
  forge(options);
  writeFileSync(join(options.dir, "authority"), authority(machine, "2026-11-27T00:00:00.000Z"));
  const { verdict, notes } = verifyLog(options.dir, { keys: [(machine[0] as NoteSigner).key] });
  expect(verdict).toEqual({ word: "OK" });
  expect(notes).toEqual([expect.stringContaining("the machine's key that signed it began 2026-11-27")]);
});

/** Each makes the folder and changes it. The thief of the live key holds `keys[2]`. */
const THEFTS: readonly { name: string; act: () => void; want: string | RegExp }[] = [
  {
    name: "an old checkpoint signed again with the live key",
    act: () => {
      const log = forge(options);
      writeFileSync(join(log.dir, "checkpoints/3"), log.checkpoint(3, key(2)));
    },
    want: "TAMPERED(epoch, 2)",
  },
  {
    name: "the checkpoint rolled back into an epoch that the live key does not own",
    act: () => {
      const log = forge(options);
      writeFileSync(join(log.dir, "checkpoint"), log.checkpoint(9, key(2)));
    },
    want: "TAMPERED(epoch, 8)",
  },
  {
    name: "the live epoch signed with an older key",
    act: () => {
      const log = forge(options);
      writeFileSync(join(log.dir, "checkpoint"), log.checkpoint(16, key(0)));
    },
    want: "TAMPERED(epoch, 15)",
  },
  {
    name: "a record of a closed epoch changed, everything behind it chained and sealed anew with the live key, old notes kept",
    act: () => rewrite(4, { keep: ["epochs/1", "epochs/2"] }),
    want: "TAMPERED(epoch, 3)",
  },
  {
    name: "the same, the notes signed anew, too",
    act: () => rewrite(4, { noteBy: () => key(2) }),
    want: "TAMPERED(epoch, 0)",
  },
  {
    name: "a record of the middle epoch changed, notes signed anew",
    act: () => rewrite(8, { noteBy: (epoch, before) => (epoch === 2 ? key(2) : before) }),
    want: "TAMPERED(epoch, 6)",
  },
  {
    name: "two notes swapped",
    act: () => {
      const { dir } = forge(options);
      renameSync(join(dir, "epochs/1"), join(dir, "x"));
      renameSync(join(dir, "epochs/2"), join(dir, "epochs/1"));
      renameSync(join(dir, "x"), join(dir, "epochs/2"));
    },
    want: "TAMPERED(epoch, 0)",
  },
  {
    name: "the first note missing",
    act: () => rmSync(join(forge(options).dir, "epochs/1")),
    want: "INCOMPLETE(epochs/1)",
  },
  {
    name: "the last note missing",
    act: () => rmSync(join(forge(options).dir, "epochs/2")),
    want: "INCOMPLETE(epochs/2)",
  },
  {
    name: "all notes missing",
    act: () => rmSync(join(forge(options).dir, "epochs"), { recursive: true }),
    want: /^(?:INCOMPLETE\(epochs\/1\)|UNTRUSTED_KEY)/,
  },
  {
    name: "one note twice",
    act: () => {
      const { dir } = forge(options);
      copyFileSync(join(dir, "epochs/2"), join(dir, "epochs/3"));
    },
    want: "TAMPERED(epoch, 11)",
  },
  {
    name: "an epoch that no record closes, begun by the live key",
    act: () =>
      forge({ ...options, keys: [...keys, newKey(`${NAME}/one`)], perEpoch: 4, records: options.records.slice(0, 9) }),
    want: "OK",
  },
  {
    name: "the machine's key begins an epoch in a session's log",
    act: () => forge({ ...options, noteBy: (epoch, before) => (epoch === 2 ? (machine[2] as NoteSigner) : before) }),
    want: "TAMPERED(epoch, 11)",
  },
  {
    name: "an authority that a stranger signed",
    act: () => {
      const { dir } = forge(options);
      const stranger = forge({ ...options, dir: join(tmp(), "x"), machine: [machine[0] as NoteSigner, newKey(NAME)] });
      copyFileSync(join(stranger.dir, "authority"), join(dir, "authority"));
    },
    want: /^UNTRUSTED_KEY/,
  },
  {
    name: "no authority",
    act: () => rmSync(join(forge(options).dir, "authority")),
    want: /^UNTRUSTED_KEY/,
  },
  {
    name: "an authority with a note missing",
    act: () => {
      const file = join(forge(options).dir, "authority");
      writeFileSync(file, readFileSync(file, "utf8").split(/^(?=ringfence\/epoch v1)/m)[1] ?? "");
    },
    want: "TAMPERED(epoch, 0)",
  },
  {
    name: "an authority with something else in it",
    act: () => {
      const file = join(forge(options).dir, "authority");
      writeFileSync(file, `x\n${readFileSync(file, "utf8")}`);
    },
    want: "TAMPERED(sig, 0)",
  },
  {
    name: "another machine's log, whole and consistent",
    act: () => {
      const [name] = ["ringfence-machine-fedcba9876543210"];
      machine.splice(1, 2);
      forge({ ...options, machine: [newKey(name)], keys: [newKey(`${name}/one`)] });
    },
    want: "UNTRUSTED_KEY(ringfence-machine-fedcba9876543210)",
  },
  {
    name: "a stranger who calls his key by the machine's name",
    act: () => forge({ ...options, machine: [newKey(NAME)], certifiedBy: 0 }),
    want: `UNTRUSTED_KEY(${NAME})`,
  },
  {
    name: "records sealed by the machine's key instead of the session's",
    act: () => forge({ ...options, checkpointBy: () => machine[2] as NoteSigner }),
    want: `UNTRUSTED_KEY(${NAME})`,
  },
  {
    name: "a certificate for the right session, and records of another key",
    act: () => {
      const log = forge(options);
      const other = forge({ ...options, dir: join(tmp(), "x"), keys: [1, 2, 3].map(() => newKey(`${NAME}/one`)) });
      copyFileSync(join(other.dir, "certificate"), join(log.dir, "certificate"));
    },
    want: /^(?:TAMPERED\(epoch, 0\)|UNTRUSTED_KEY)/,
  },
  {
    name: "a later epoch of the log is used as its first",
    act: () => forge({ ...options, keys: [key(0), key(1), key(0)] }),
    want: "TAMPERED(epoch, 6)",
  },
];

function rewrite(seq: number, how: { keep?: string[]; noteBy?: Forgery["noteBy"] }): void {
  const honest = forge(options);
  const kept = (how.keep ?? []).map((file) => [file, readFileSync(join(honest.dir, file))] as const);
  // Sizes up to here are as they were, and so are the signatures over them.
  const before = new Map(honest.lines.map((_, size) => [size, honest.checkpoint(size, key(honest.owner(size)))]));
  const target = seq - 1 - honest.starts.filter((from) => from <= seq).length;
  const records = options.records.map((body, n) => (n === target ? noise(999) : body));
  const log = forge({
    ...options,
    records,
    checkpointBy: (size, owner) => (size > seq ? key(2) : owner),
    ...(how.noteBy === undefined ? {} : { noteBy: how.noteBy }),
  });
  expect(log.lines[seq]).not.toBe(honest.lines[seq]);
  expect(log.lines[seq - 1]).toBe(honest.lines[seq - 1]);
  expect(before.get(3)).toBe(readFileSync(join(log.dir, "checkpoints/3"), "utf8"));
  for (const [file, bytes] of kept) writeFileSync(join(log.dir, file), bytes);
}

it.each(THEFTS)("$name: $want", ({ act, want }) => {
  act();
  if (want instanceof RegExp) expect(word()).toMatch(want);
  else expect(word()).toBe(want);
});

it("a log of another program that was gone on with says so, and nobody but the machine can begin an epoch of it", () => {
  const [own, next] = [key(0), key(1)];
  const first = ({ key: vkey }: NoteSigner): RecordBody => ({
    type: "epoch.open",
    origin: "observed",
    data: { epoch: 0, key: formatVerifierKey(vkey), reason: "opened" },
  });
  const { perEpoch: _, last: __, ...rest } = options;
  const records = [noise(0), noise(1), noise(2)];
  const base = { ...rest, first, certifiedBy: 1, keys: [own, next], records, keepEvery: 1 };
  forge({ ...base, keys: [own] });
  expect(word()).toBe("OK");
  // The writer left after 3 records; the machine's key vouches for them and names the next key.
  const going = (by: NoteSigner, opens: RecordBody = epochOpen(1, next.key), change: Partial<Forgery> = {}): string => {
    const { dir } = forge({ ...base, reopen: { after: 2, opens }, noteBy: () => by, ...change });
    writeFileSync(join(dir, "authority"), authority(machine));
    return word();
  };
  expect(going(machine[1] as NoteSigner)).toBe("OK");
  expect(going(machine[2] as NoteSigner)).toBe("OK");
  const [trusted] = machine as [NoteSigner];
  expect(verifyLog(options.dir, { keys: [trusted.key] }).notes.join()).toContain("its writer had gone");
  // An older key of the machine than the one that certified the log is long erased: who uses it has stolen it.
  expect(going(machine[0] as NoteSigner)).toBe("TAMPERED(epoch, 0)");
  expect(going(newKey(NAME))).toBe("TAMPERED(epoch, 0)");
  expect(going(own)).toBe("TAMPERED(epoch, 2)");
  expect(going(machine[2] as NoteSigner, noise(7))).toBe("TAMPERED(epoch, 3)");
  expect(going(machine[2] as NoteSigner, epochOpen(2, next.key))).toBe("TAMPERED(epoch, 3)");
  expect(going(machine[2] as NoteSigner, epochOpen(1, own.key))).toBe("TAMPERED(epoch, 3)");
  // A key that lives only in its writer's memory cannot be followed by anybody.
  const { first: ___, ...session } = base;
  forge({ ...session, reopen: { after: 2, opens: epochOpen(1, next.key) }, noteBy: () => machine[2] as NoteSigner });
  writeFileSync(join(options.dir, "authority"), authority(machine));
  expect(word()).toBe("TAMPERED(epoch, 3)");
});
