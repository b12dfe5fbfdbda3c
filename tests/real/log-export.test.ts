// The export of real logs to a file and to HTTP receivers that fail in every way there is: everything arrives, in order, at least once.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closedLog, type ExportBed, openLog } from "../support/export-bed.ts";
import { launcher } from "../support/installation.ts";
import { ecsFaults } from "../support/published/ecs.ts";
import { ocsfFaults } from "../support/published/ocsf.ts";
import { decodeOtlp } from "../support/published/otlp.ts";
import { httpReceiver, type Posted } from "../support/receivers.ts";
import { worldAuthority } from "../support/tls-world.ts";
import { tmp } from "../support/tmp.ts";

const lines = (text: string): string[] => text.split("\n").slice(0, -1);
const parse = (line: string): Record<string, unknown> => JSON.parse(line) as Record<string, unknown>;
const log = (bed: ExportBed): string[] => lines(readFileSync(join(bed.dir, "log/000000000000.jsonl"), "utf8"));
const seqs = (posted: readonly Posted[]): unknown[] =>
  posted.flatMap(({ body }) => lines(body).map((line) => parse(line)["seq"]));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test("a file holds every record, is the person's alone, and is never overwritten", async () => {
  const bed = await closedLog();
  const file = join(tmp(), "record.jsonl");
  expect(await bed.run("jsonl", file)).toMatchObject({ ok: true, value: { damaged: 0 } });
  expect(lines(readFileSync(file, "utf8"))).toEqual(log(bed));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await bed.run("jsonl", file)).toMatchObject({ ok: false, error: { code: "export-file" } });
  expect(readdirSync(join(file, ".."))).toEqual(["record.jsonl"]);
});

test("an OCSF file is of the schema, event by event, and chained", async () => {
  const bed = await closedLog();
  const file = join(tmp(), "record.ocsf");
  await bed.run("ocsf", file);
  const events = lines(readFileSync(file, "utf8")).map(parse);
  expect(events.map((event) => ocsfFaults(event))).toEqual(events.map(() => []));
  expect(events).toHaveLength(log(bed).length);
  const attestations = events.map((event) => (event["attestation_list"] as [Record<string, unknown>])[0]);
  expect(attestations.slice(1).map((each) => (each["prev_event"] as { fingerprint: unknown }).fingerprint)).toEqual(
    attestations.slice(0, -1).map((each) => each["fingerprint"]),
  );
});

test("a collector decodes what OTLP sends, compressed or not, with the header that the environment holds", async () => {
  const bed = await closedLog();
  const receiver = await httpReceiver([]);
  const to = `http://127.0.0.1:${receiver.port}/v1/logs`;
  await bed.run("otlp", to, { batch: 7, gzip: true, headers: { authorization: "Bearer x" } });
  const records = receiver.posted.flatMap(({ body }) => decodeOtlp(body));
  expect(records).toHaveLength(log(bed).length);
  expect(receiver.posted[0]?.headers).toMatchObject({
    "content-type": "application/json",
    "content-encoding": "gzip",
    authorization: "Bearer x",
  });
});

test("what a receiver answers is printed without the secrets that it was sent, however it repeats them", async () => {
  const bed = await closedLog();
  const [token, pass, key] = ["s3cr3t-TOKEN-value", "hunter2-of-the-week", "QUERY-s3cr3t"];
  const basic = Buffer.from(`me:${pass}`).toString("base64");
  for (const [authorization, word] of [
    [`Bearer ${token}`, token],
    [`Basic ${basic}`, basic],
    [`Basic ${basic}`, pass],
    ["Bearer other", key],
  ] as const) {
    const said = `bad ${word} ${encodeURIComponent(word)} ${Buffer.from(word).toString("base64")}`;
    const rejected = JSON.stringify({ partialSuccess: { rejectedLogRecords: 1, errorMessage: said } });
    const receiver = await httpReceiver([
      { status: 302, headers: { location: `http://x.test/?t=${encodeURIComponent(said)}` } },
      { status: 200, body: rejected },
    ]);
    for (const _ of [1, 2]) {
      const more = { headers: { authorization } };
      const done = await bed.run("otlp", `http://127.0.0.1:${receiver.port}/v1/logs?key=${key}`, more);
      const message = done.ok ? (done.value.problem?.message ?? "") : done.error.message;
      expect(message).toMatch(/did not take the records: it (?:answered 302|rejected 1)/);
      expect(message).not.toContain(word);
      expect(message).not.toContain(Buffer.from(word).toString("base64").slice(0, 12));
    }
  }
});

test("records that a collector rejects within a 200 are not delivered", async () => {
  const bed = await closedLog();
  const body = JSON.stringify({ partialSuccess: { rejectedLogRecords: "2", errorMessage: "too old" } });
  const receiver = await httpReceiver([{ status: 200, body }]);
  const done = await bed.run("otlp", `http://127.0.0.1:${receiver.port}/v1/logs`);
  expect(done).toMatchObject({
    ok: true,
    value: { next: 0, problem: { message: expect.stringContaining("rejected 2 records: too old") } },
  });
});

test("Elasticsearch's bulk interface gets documents under names that make a repetition harmless", async () => {
  const bed = await closedLog(20);
  const conflict = (posted: Posted): string =>
    JSON.stringify({
      errors: true,
      items: lines(posted.body)
        .filter((_, at) => at % 2 === 0)
        .map(() => ({ create: { status: 409 } })),
    });
  const busy = JSON.stringify({ errors: true, items: [{ create: { status: 429, error: { type: "es_rejected" } } }] });
  const fine = JSON.stringify({ errors: false, items: [] });
  const receiver = await httpReceiver([
    { status: 200, body: busy },
    (posted, response) => response.end(conflict(posted)),
    ...Array.from({ length: 9 }, () => ({ status: 200, body: fine })),
  ]);
  const done = await bed.run("ecs", `http://127.0.0.1:${receiver.port}/logs-ringfence-default/_bulk`, { batch: 40 });
  expect(done).toMatchObject({ ok: true, value: { records: log(bed).length } });
  const [first = "", ...rest] = lines(receiver.posted[0]?.body ?? "");
  expect(parse(first)).toEqual({ create: { _id: expect.stringMatching(/\/s1\/0$/) } });
  expect(ecsFaults(parse(rest[0] ?? ""))).toEqual([]);
});

test("a receiver that is busy, slow to say so, cuts, and stops half way gets everything in order", async () => {
  const bed = await closedLog(100);
  const receiver = await httpReceiver([
    { status: 503 },
    { status: 429, headers: { "retry-after": "1" } },
    "cut",
    "cut-within",
    { status: 200 },
    { status: 502 },
  ]);
  const waits: number[] = [];
  const patience = { retries: 6, random: () => 0, onRetry: (_: string, ms: number) => waits.push(ms) };
  const done = await bed.run("jsonl", `http://127.0.0.1:${receiver.port}/`, { batch: 60, patience });
  const total = log(bed).length;
  expect(done).toMatchObject({ ok: true, value: { records: total, next: total } });
  expect([...new Set(seqs(receiver.posted))]).toEqual(upTo(total));
  // Half of each range when chance says 0; what the receiver asked for goes first.
  expect(waits).toEqual([250, 1000, 1000, 2000, 250]);
});

test.each([
  [{ status: 400 }, "it answered 400", 1],
  [{ status: 302, headers: { location: "http://192.0.2.1/" } }, "redirects are not followed", 1],
  [{ status: 503 }, "it answered 503, 2 times", 2],
] as const)("what cannot be delivered is said, and nothing is noted as delivered (%j)", async (reply, why, tries) => {
  const bed = await closedLog();
  const receiver = await httpReceiver([{ status: 200 }, ...Array.from({ length: 9 }, () => reply)]);
  const to = `http://127.0.0.1:${receiver.port}/`;
  const failed = await bed.run("jsonl", to, { batch: 10, patience: { retries: 1, random: () => 0 } });
  expect(failed).toMatchObject({
    ok: true,
    value: { records: 10, next: 10, problem: { message: expect.stringContaining(why) } },
  });
  expect(receiver.posted).toHaveLength(1 + tries);
});

test("another export goes on behind what was delivered, and --again begins anew", async () => {
  const bed = await closedLog();
  const receiver = await httpReceiver([]);
  const to = `http://127.0.0.1:${receiver.port}/x?token=t`;
  const total = log(bed).length;
  await bed.run("jsonl", to);
  expect(await bed.run("jsonl", to)).toMatchObject({ ok: true, value: { records: 0, next: total } });
  expect(seqs(receiver.posted)).toEqual(upTo(total));
  expect(await bed.run("jsonl", to, { again: true })).toMatchObject({ ok: true, value: { records: total } });
  // Neither another query nor another format is the same receiver; and no token is written down.
  expect(await bed.run("jsonl", `${to}2`)).toMatchObject({ ok: true, value: { records: total } });
  expect(await bed.run("cef", to)).toMatchObject({ ok: true, value: { records: total } });
  const kept = spawnSync("grep", ["-r", "token", join(bed.stateDir, "export")], { encoding: "utf8" });
  expect(kept.stdout).toBe("");
});

test("two exports to one receiver at once: one delivers, the other says why not", async () => {
  const bed = await closedLog();
  const receiver = await httpReceiver([(_, response) => setTimeout(() => response.end(), 500)]);
  const to = `http://127.0.0.1:${receiver.port}/`;
  const both = await Promise.all([bed.run("jsonl", to), bed.run("jsonl", to)]);
  expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
  expect(both).toContainEqual({ ok: false, error: expect.objectContaining({ code: "export-busy" }) });
});

test("TLS is verified: another authority's certificate, another name's, and a variable that would switch it off", async () => {
  const bed = await closedLog();
  const world = worldAuthority();
  const good = await httpReceiver([], world.server("localhost"));
  const to = `https://localhost:${good.port}/`;
  expect(await bed.run("jsonl", to, { ca: world.certificate })).toMatchObject({ ok: true, value: { damaged: 0 } });
  const untrusted = { ok: true, value: { records: 0, problem: { code: "export-refused" } } };
  expect(await bed.run("cef", to)).toMatchObject(untrusted);
  const other = await httpReceiver([], world.server("other.test"));
  expect(await bed.run("jsonl", `https://localhost:${other.port}/`, { ca: world.certificate })).toMatchObject(
    untrusted,
  );
  const env = { ...clean(bed), NODE_TLS_REJECT_UNAUTHORIZED: "0" };
  const run = spawn(launcher, ["log", "export", bed.dir, "--format", "cef", "--to", to], { env, stdio: "ignore" });
  expect((await once(run, "exit"))[0]).toBe(1);
  expect(good.posted).toHaveLength(1);
});

const clean = (bed: ExportBed): NodeJS.ProcessEnv => ({ PATH: process.env["PATH"], XDG_STATE_HOME: stateHome(bed) });

/** The program adds `ringfence` to its state home; the bed's folder stands elsewhere, which for the folder of a log is enough. */
function stateHome(bed: ExportBed): string {
  return join(bed.stateDir, "home");
}

test("killed between sending and noting it, nothing is lost and the same comes again", {
  timeout: 60_000,
}, async () => {
  const bed = await closedLog(60);
  const total = log(bed).length;
  const started: { kill?: () => void } = {};
  const killAt = new Set([1, 3, 4]);
  let asked = 0;
  const receiver = await httpReceiver(
    Array.from({ length: 60 }, () => (_: Posted, response: { end: () => void }) => {
      asked += 1;
      // The body is here and counts; the exporter never hears so.
      if (killAt.has(asked)) started.kill?.();
      else response.end();
    }),
  );
  const args = [
    "log",
    "export",
    bed.dir,
    "--format",
    "ocsf",
    "--batch",
    "20",
    "--to",
    `http://127.0.0.1:${receiver.port}/`,
  ];
  const ends: unknown[] = [];
  for (let run = 0; run < 4; run++) {
    const child = spawn(launcher, args, { env: clean(bed), stdio: "ignore", detached: true });
    // The launcher is a script that becomes the program; the group is this test's own.
    started.kill = () => process.kill(-(child.pid ?? 0), "SIGKILL");
    ends.push(await once(child, "exit"));
  }
  expect(ends).toEqual([
    [null, "SIGKILL"],
    [null, "SIGKILL"],
    [null, "SIGKILL"],
    [0, null],
  ]);
  const events = receiver.posted.flatMap(({ body }) => lines(body));
  const bySeq = new Map<unknown, Set<string>>();
  for (const event of events) {
    const seq = (parse(event)["metadata"] as { sequence: number }).sequence;
    bySeq.set(seq, (bySeq.get(seq) ?? new Set()).add(event));
  }
  expect([...bySeq.keys()]).toEqual(upTo(total));
  // What came twice is the same to the byte, its place in the chain too: the receiver may drop either.
  expect([...bySeq.values()].every((texts) => texts.size === 1)).toBe(true);
  expect(events.length).toBeGreaterThan(total);
});

test("a session is followed to its end", async () => {
  const { log: session, bed } = await openLog();
  const receiver = await httpReceiver([]);
  const going = bed.run("jsonl", `http://127.0.0.1:${receiver.port}/`, { follow: true });
  for (let n = 0; n < 5; n++) {
    await session.append({ type: "net.blocked", origin: "observed", data: { n } });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await session.close({ exit: 0 });
  expect(await going).toMatchObject({ ok: true, value: { records: 7, damaged: 0 } });
  expect(seqs(receiver.posted)).toEqual(upTo(7));
  expect(receiver.posted.length).toBeGreaterThan(1);
});

test("a session that dies is followed to there, half a line and all", async () => {
  const { bed } = await openLog();
  const file = join(bed.dir, "log/000000000000.jsonl");
  const copy = join(tmp(), "copy");
  cpSync(bed.dir, copy, { recursive: true });
  appendFileSync(join(copy, "log/000000000000.jsonl"), readFileSync(file, "utf8").slice(0, 40));
  const receiver = await httpReceiver([]);
  // Nobody holds the copy's lock, as nobody holds that of a session whose supervisor was killed.
  const done = await bed.run("jsonl", `http://127.0.0.1:${receiver.port}/`, { dir: copy, follow: true });
  expect(done).toMatchObject({ ok: true, value: { records: 1, damaged: 1 } });
});

test("what is stopped goes on there, and says that it was stopped", async () => {
  const bed = await closedLog(50);
  const stop = new AbortController();
  const receiver = await httpReceiver([
    (_, response) => {
      stop.abort();
      response.end();
    },
  ]);
  const to = `http://127.0.0.1:${receiver.port}/`;
  const stopped = await bed.run("jsonl", to, { batch: 20, signal: stop.signal });
  expect(stopped).toMatchObject({ ok: true, value: { next: 20, problem: { code: "export-stopped" } } });
  await bed.run("jsonl", to, { batch: 20 });
  expect(seqs(receiver.posted)).toEqual(upTo(log(bed).length));
});

test("damage is exported where it stands, and nothing around it is missing", async () => {
  const bed = await closedLog();
  const file = join(bed.dir, "log/000000000000.jsonl");
  const whole = log(bed);
  const changed = whole.with(3, "rubbish \u0000 \ud83d").toSpliced(6, 1);
  writeFileSync(file, `${changed.map((line) => `${line}\n`).join("")}`);
  appendFileSync(file, whole[0]?.slice(0, 50) ?? "");
  const receiver = await httpReceiver([]);
  const done = await bed.run("jsonl", `http://127.0.0.1:${receiver.port}/`);
  const got = lines(receiver.posted[0]?.body ?? "").map(parse);
  const kinds = got.flatMap((each) => (typeof each["damage"] === "string" ? [[each["damage"], each["seq"]]] : []));
  expect(kinds).toEqual([
    ["framing", 3],
    ["delete", 3],
    ["delete", 6],
    ["trailing", whole.length],
  ]);
  expect(got.filter((each) => each["damage"] === undefined)).toHaveLength(whole.length - 2);
  expect(done).toMatchObject({ ok: true, value: { damaged: 4, records: whole.length - 2 } });
});

test("private values stay commitments; --private tells those whose salt and commitment agree, and no others", async () => {
  const dir = join(tmp(), "copied");
  mkdirSync(join(dir, "log"), { recursive: true });
  mkdirSync(join(dir, "vault"));
  const salt = "5a".repeat(16);
  const commit = (value: string): string =>
    createHash("sha256").update(Buffer.from(salt, "hex")).update(value).digest("hex");
  const data = { text: { $c: commit("my secret plan"), n: 14 }, note: { $c: commit("the truth"), n: 9 } };
  const line = `{"v":1,"seq":0,"prev":"${"0".repeat(64)}","ts":"2026-11-25T14:51:18.553Z","mono":1,"session":"s1","origin":"claimed","type":"prompt","data":${JSON.stringify(data)}}`;
  writeFileSync(join(dir, "log/000000000000.jsonl"), `${line}\n`);
  const entry = (path: string, value: string): string => `${JSON.stringify({ seq: 0, path, salt, value })}\n`;
  writeFileSync(
    join(dir, "vault/000000000000.jsonl"),
    `${entry("data.text", "my secret plan") + entry("data.note", "a lie")}rubbish\n`,
  );
  const bed = await closedLog();
  const told = async (isPrivate: boolean): Promise<string> => {
    const file = join(tmp(), "out");
    expect(await bed.run("ocsf", file, { dir, private: isPrivate })).toMatchObject({
      ok: true,
      value: { records: 1, damaged: 0 },
    });
    return readFileSync(file, "utf8");
  };
  expect(await told(false)).not.toContain("secret");
  expect(await told(false)).toContain(data.text.$c);
  expect(await told(true)).toContain('"prompt_text":"my secret plan"');
  expect(await told(true)).not.toContain("a lie");
  expect(await told(true)).toContain(data.note.$c);
});

test("a log that went back behind what was delivered is said, and so is another log in its place", async () => {
  const bed = await closedLog();
  const receiver = await httpReceiver([]);
  const to = `http://127.0.0.1:${receiver.port}/`;
  await bed.run("jsonl", to);
  const file = join(bed.dir, "log/000000000000.jsonl");
  writeFileSync(
    file,
    log(bed)
      .slice(0, 5)
      .map((line) => `${line}\n`)
      .join(""),
  );
  expect(await bed.run("jsonl", to)).toMatchObject({ ok: true, value: { damaged: 1, records: 0 } });
  expect(receiver.posted.at(-1)?.body).toContain('"damage":"truncated"');
});

test("long content comes along, cut; content that is not what its name says is a finding", async () => {
  const { log: session, bed } = await openLog();
  await session.append({
    type: "tool.result",
    origin: "claimed",
    data: { tool: "Bash", output: "y".repeat(10_000_000) },
  });
  await session.append({ type: "tool.result", origin: "claimed", data: { tool: "Bash", output: "z".repeat(20_000) } });
  await session.close({ exit: 0 });
  const [, , digest = ""] = log(bed).map((line) => /"\$blob":"([0-9a-f]{64})"/.exec(line)?.[1]);
  writeFileSync(join(bed.dir, `blobs/${digest.slice(0, 2)}/${digest.slice(2)}`), '"changed"');
  const file = join(tmp(), "out");
  expect(await bed.run("ocsf", file)).toMatchObject({ ok: true, value: { damaged: 1 } });
  const events = lines(readFileSync(file, "utf8")).map(parse);
  expect(events.flatMap((event) => ocsfFaults(event))).toEqual([]);
  expect(events[1]).toMatchObject({ metadata: { is_truncated: true, untruncated_size: 10_000_000 } });
  expect(JSON.stringify(events[1]).length).toBeLessThan(100_000);
  expect(events[2]).toMatchObject({ class_uid: 2004, metadata: { event_code: "log.blob" } });
  expect(JSON.stringify(events[3])).not.toContain("changed");
});
