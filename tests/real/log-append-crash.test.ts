// `ringfence log append` after an end that nobody planned: what was answered is there, what a crash left is put on record, and
// tampering is not taken for either.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { encodeBody, encodeLine, epochEnd, leafHash, type RecordBody, toHex } from "#core/log";
import { AppendBed, claim } from "../support/append-bed.ts";
import { launcher } from "../support/installation.ts";
import { sha256 } from "../support/log-forge.ts";
import { needs } from "../support/needs.ts";

let bed: AppendBed;
beforeEach((context) => {
  needs(context, "helper");
  bed = new AppendBed();
});

describe("an end that nobody planned", () => {
  it("loses nothing that was answered, however often", async () => {
    const rounds = process.env["SLOW"] === "1" ? 200 : 5;
    const answered = new Map<number, number>();
    let n = 0;
    for (let round = 0; round < rounds; round += 1) {
      const writer = bed.start("--epoch-every", "500", "--checkpoint-every", "100");
      const sent: number[] = [];
      let flowing = true;
      const closed = once(writer.child, "close");
      void closed.then(() => {
        flowing = false;
      });
      let begun: number | undefined;
      const reading = (async () => {
        for (let at = 0; ; at += 1) {
          const text = await writer.answer();
          if (!text.endsWith("}")) return;
          begun ??= performance.now();
          answered.set(JSON.parse(text).seq, sent[at] as number);
        }
      })();
      const killAfter = (100 * ((round * 7919) % 101)) / 101;
      while (flowing) {
        for (let i = 0; i < 200; i += 1) {
          sent.push(n);
          writer.say(claim(n++));
        }
        await sleep(1);
        if (begun !== undefined && performance.now() - begun > killAfter) writer.child.kill("SIGKILL");
      }
      await reading;
    }
    expect(bed.append(claim(-1)).status).toBe(0);
    const written = bed.records();
    expect(answered.size).toBeGreaterThanOrEqual(rounds);
    for (const [seq, value] of answered) expect(written[seq]?.data["n"]).toBe(value);
    const { status, text } = bed.verify();
    expect([status, text.split(/\s+/)[1]?.replace(/\(.*/, "")]).toEqual([0, expect.stringMatching(/^(OK|RECOVERED)$/)]);
  }, 1_200_000);

  it("with a torn line is on record, and the line is not", () => {
    bed.append(claim(1) + claim(2));
    const segment = join(bed.dir, "log/000000000000.jsonl");
    const [size, next] = [readFileSync(segment).length, bed.records().length];
    bed.append(claim(3));
    const line = readFileSync(segment).subarray(size);
    truncateSync(segment, size + 50);
    // What had been signed about the line that is torn now is gone with it, as after a crash.
    const before = readFileSync(join(bed.dir, `checkpoints/${next}`));
    writeFileSync(join(bed.dir, "checkpoint"), before);
    writeFileSync(bed.mark, before);
    rmSync(join(bed.dir, `checkpoints/${next + 3}`));
    for (const tile of readdirSync(join(bed.dir, "tile/0/000.p")))
      if (Number(tile) > next) rmSync(join(bed.dir, "tile/0/000.p", tile));
    expect(line.length).toBeGreaterThan(50);
    expect(bed.append(claim(4)).status).toBe(0);
    expect(bed.records().find(({ type }) => type === "recovery")?.data).toMatchObject({ cut_bytes: 50, last_good: 3 });
    expect(bed.verify()).toMatchObject({ status: 0, text: expect.stringContaining("RECOVERED(50)") });
  });

  it.each([
    ["a line that is edited", (): void => edit((text) => text.replace('"n":1', '"n":7'))],
    ["a line that is gone", (): void => edit((text) => text.replace(/^.*"n":2.*\n/m, ""))],
    ["a record behind the writer's last word", (): void => goOn({ type: "prompt", origin: "claimed", data: {} })],
    ["an epoch that nobody began", (): void => goOn(epochEnd(1))],
    ["a torn line behind the writer's last word", (): void => edit((text) => `${text}{"v":1,"seq":`)],
    ["whole lines too many", (): void => edit((text) => `${text}{"v":1}\n`)],
    ["a short log", (): void => edit((text) => text.split("\n").slice(0, 2).join("\n").concat("\n"))],
    [
      "another checkpoint",
      (): void =>
        writeFileSync(
          join(bed.dir, "checkpoint"),
          readFileSync(join(bed.dir, "checkpoint"), "utf8").replace(/\n\d+\n/, "\n2\n"),
        ),
    ],
    ["no certificate", (): void => rmSync(join(bed.dir, "certificate"))],
    ["an older copy of everything", (): void => rollBack()],
  ])("is told from tampering: %s is refused", (_name, tamper) => {
    bed.append(claim(1) + claim(2));
    cpSync(bed.dir, `${bed.dir}.old`, { recursive: true });
    bed.append(claim(3));
    tamper();
    const refused = bed.append(claim(9));
    expect(refused).toMatchObject({
      status: 1,
      answers: [],
      stderr: expect.stringMatching(/^ringfence: .*\nhint: .*\n$/),
    });
    expect(bed.verify().status).not.toBe(0);
    const segment = join(bed.dir, "log/000000000000.jsonl");
    if (existsSync(segment)) expect(readFileSync(segment, "utf8")).not.toContain('"n":9');
  });

  it("by a signal signs what was taken", async () => {
    const writer = bed.start();
    writer.say(claim(1));
    await writer.answer();
    writer.say(claim(2));
    await writer.answer();
    writer.child.kill("SIGTERM");
    const [code] = await once(writer.child, "close");
    expect(code).toBe(128 + 15);
    expect(bed.verify()).toMatchObject({ status: 0, text: expect.stringMatching(/ OK .* 4 records/) });
  });

  it("of the room for the answers is said, and what was taken is signed", () => {
    const args = ["-c", '"$0" log append --dir "$1" >/dev/full', launcher, bed.dir];
    const { status, stderr } = spawnSync("sh", args, { env: bed.env, input: claim(1), encoding: "utf8" });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/cannot be written \(ENOSPC\)\nhint: /)]);
    expect(bed.verify()).toMatchObject({ status: 0, text: expect.stringMatching(/ OK .* 3 records/) });
  });

  it("of the input is the end of a writer that answers into a file, too: all signed, and what was refused in the exit code", () => {
    const args = ["-c", '"$0" log append --dir "$1" >"$2"', launcher, bed.dir, join(bed.folder, "answers")];
    const { status } = spawnSync("sh", args, { env: bed.env, input: `{"type":"a","type":"b"}\n${claim(1)}` });
    expect(status).toBe(65);
    expect(readFileSync(join(bed.folder, "answers"), "utf8")).toMatch(/^\{"error":.*"line":1\}\n\{"seq":1\}\n$/);
    expect(bed.verify()).toMatchObject({ status: 0, text: expect.stringMatching(/ OK .* 3 records/) });
  });

  it("of whoever reads the answers is no end of the signatures", async () => {
    const child = spawn(
      "sh",
      [
        "-c",
        `{ i=0; while [ $i -lt 400 ]; do printf '{"type":"a","data":{"n":%d}}\\n' $i; i=$((i+1)); done; sleep 1; printf '{"type":"a","data":{}}\\n'; } | "$0" log append --dir "$1" | head -n 1`,
        launcher,
        bed.dir,
      ],
      { env: bed.env, stdio: "ignore" },
    );
    await once(child, "close");
    expect(bed.verify()).toMatchObject({ status: 0, text: expect.stringMatching(/ OK /) });
  });
});

function edit(change: (text: string) => string): void {
  const segment = join(bed.dir, "log/000000000000.jsonl");
  writeFileSync(segment, change(readFileSync(segment, "utf8")));
}

/** A line that follows, as anybody can make it who can write the file. */
function goOn(body: RecordBody): void {
  const encoded = encodeBody(body, (bytes) => toHex(sha256(bytes)));
  if (!encoded.ok) throw new Error(encoded.error.message);
  const { seq, last } = { seq: bed.records().length, last: lastLine() };
  const envelope = { prev: toHex(leafHash(sha256, last)), ts: "2027-01-01T00:00:00.000Z", mono: 1, session: "log" };
  edit((text) => `${text}${encodeLine({ seq, ...envelope }, encoded.value)}\n`);
}

function lastLine(): Buffer {
  const text = readFileSync(join(bed.dir, "log/000000000000.jsonl"), "utf8");
  return Buffer.from(text.trimEnd().split("\n").at(-1) ?? "");
}

function rollBack(): void {
  rmSync(bed.dir, { recursive: true });
  cpSync(`${bed.dir}.old`, bed.dir, { recursive: true });
}
