// `ringfence log append` as another program would use it: numbered, claimed, signed; one writer at a time; and whatever is sent,
// the lines that are records are kept.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { AppendBed, claim } from "../support/append-bed.ts";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";

let bed: AppendBed;
beforeEach((context) => {
  needs(context, "helper");
  bed = new AppendBed();
});

describe("records of another program", () => {
  it("are numbered, claimed and signed, and verify anywhere with the public key alone", () => {
    const said = bed.append(
      `${claim(1)}${claim(2)}{"type":"prompt","data":{"text":"é \\ud800"},"actor":{"agent":"x","pid":7}}`,
    );
    expect(said).toEqual({ status: 0, stderr: "", answers: [{ seq: 1 }, { seq: 2 }, { seq: 3 }] });
    expect(bed.records().map(({ seq, type, origin }) => [seq, type, origin])).toEqual([
      [0, "epoch.open", "observed"],
      [1, "tool.call", "claimed"],
      [2, "tool.call", "claimed"],
      [3, "prompt", "claimed"],
      [4, "epoch.close", "observed"],
    ]);
    expect(bed.verify()).toMatchObject({ status: 0, text: expect.stringContaining("OK") });
    const all = spawnSync(launcher, ["log", "show", "ledger", "--json"], { env: bed.env, encoding: "utf8" });
    expect(all.stdout).toContain(bed.dir);
    const copy = join(bed.folder, "copy");
    cpSync(bed.dir, copy, { recursive: true });
    const elsewhere = { ...bed.env, XDG_STATE_HOME: join(bed.folder, "elsewhere") };
    const answer = spawnSync(launcher, ["log", "verify", copy, "--key", join(bed.dir, "vkey")], { env: elsewhere });
    expect(answer.status).toBe(0);
  });

  it("are gone on with, under a new key that the machine vouches for", () => {
    bed.append(claim(1), "--origin", "other-tool");
    expect(bed.append(claim(2), "--origin", "other-tool").answers).toEqual([{ seq: 4 }]);
    expect(bed.append(claim(3)).answers).toEqual([{ seq: 7 }]);
    expect(bed.records().map(({ type }) => type)).toEqual([
      ...["epoch.open", "tool.call", "epoch.close"],
      ...["epoch.open", "tool.call", "epoch.close"],
      ...["epoch.open", "tool.call", "epoch.close"],
    ]);
    expect(readdirSync(join(bed.dir, "epochs"))).toEqual(["1", "2"]);
    const { status, text } = bed.verify();
    expect([status, text.match(/note:/g)?.length]).toEqual([0, 2]);
    expect(bed.append(claim(4), "--origin", "another")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/is that of `other-tool`\nhint: /),
    });
  });

  it("that are none are answered with the reason, in their place, and stop nobody", () => {
    const bad = [
      "",
      "{",
      '{"type":"Tool Call","data":{}}',
      '{"type":"x","a":1,"data":{"a":1}}',
      '{"type":"session.close","data":{}}',
      '{"type":"x","data":{"a":1,"a":2}}',
      '{"type":"x","data":{},"actor":7}',
    ];
    const input = Buffer.concat([
      Buffer.from(claim(1) + bad.map((line) => `${line}\n`).join("")),
      Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
      Buffer.from(`${claim(2)}{"type":"tool.call","da`),
    ]);
    const { status, answers } = bed.append(input);
    expect(status).toBe(65);
    expect(answers.map(({ seq, line }) => seq ?? `line ${line}`)).toEqual([
      1,
      ...bad.map((_, n) => `line ${n + 2}`),
      "line 9",
      2,
      "line 11",
    ]);
    expect(bed.records()).toHaveLength(4);
    expect(bed.verify().status).toBe(0);
  });

  it("may be long: what does not fit in a line is a blob; what is beyond all measure is let go as it comes", () => {
    const long = JSON.stringify({ type: "model.output", data: { text: "x".repeat(1_000_000) } });
    const big = spawn(launcher, ["log", "append", "--dir", bed.dir], {
      env: bed.env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const endless = Buffer.alloc(1_048_576, "y");
    big.stdin.write(`${long}\n`);
    return new Promise<void>((resolve, reject) => {
      let out = "";
      let peak = 0;
      big.stdout.on("data", (bytes) => {
        out += String(bytes);
      });
      const feed = (left: number): void => {
        const status = readFileSync(`/proc/${big.pid}/status`, "utf8");
        peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
        if (left > 0) big.stdin.write(endless, () => feed(left - 1));
        else big.stdin.end(`\n${claim(2)}`);
      };
      feed(process.env["SLOW"] === "1" ? 1000 : 100);
      big.on("close", (code) => {
        try {
          expect(
            out
              .trim()
              .split("\n")
              .map((line) => JSON.parse(line)),
          ).toEqual([{ seq: 1 }, { error: "line 2 is longer than 8388608 bytes", line: 2 }, { seq: 2 }]);
          expect(code).toBe(65);
          expect(peak).toBeLessThan(250_000);
          expect(bed.records()[1]?.data["text"]).toMatchObject({ bytes: 1_000_002 });
          expect(bed.verify().status).toBe(0);
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  });

  it("get new keys and checkpoints as often as asked", () => {
    bed.append(
      Array.from({ length: 100 }, (_, n) => claim(n)).join(""),
      "--epoch-every",
      "10",
      "--checkpoint-every",
      "1",
    );
    // Record 0 counts like the others.
    expect(readdirSync(join(bed.dir, "epochs"))).toHaveLength(10);
    expect(bed.records().filter(({ type }) => type === "epoch.close")).toHaveLength(11);
    expect(bed.verify()).toMatchObject({ status: 0, text: expect.stringContaining("OK") });
  });

  it("get new keys while nobody says anything", async () => {
    const writer = bed.start("--epoch-every", "1s");
    writer.say(claim(1));
    await writer.answer();
    await sleep(3500);
    writer.child.stdin?.end();
    await once(writer.child, "close");
    expect(readdirSync(join(bed.dir, "epochs")).length).toBeGreaterThanOrEqual(2);
    expect(bed.verify().status).toBe(0);
  });

  it.each([
    ["--epoch-every", "0"],
    ["--epoch-every", "10x"],
    ["--epoch-every", "99d"],
    ["--checkpoint-every", "-1"],
    ["--origin"],
    ["--unknown"],
  ])("%s %s is bad usage", (...args) => expect(bed.append("", ...args).status).toBe(64));

  it("have no place in a folder of other things, or in Ringfence's own", () => {
    mkdirSync(bed.dir);
    writeFileSync(join(bed.dir, "notes.txt"), "mine");
    expect(bed.append(claim(1))).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/holds other things.*\nhint: /),
    });
    expect(readdirSync(bed.dir)).toEqual(["notes.txt"]);
    bed.dir = join(bed.folder, "state/ringfence/log/sessions/x");
    expect(bed.append(claim(1))).toMatchObject({ status: 1, stderr: expect.stringMatching(/its own records\nhint: /) });
    expect(bed.append(claim(1), "--origin", "a b")).toMatchObject({ status: 1 });
  });
});

describe("a second writer", () => {
  it("is told who has the log, and the first one goes on", async () => {
    const writer = bed.start();
    writer.say(claim(1));
    expect(await writer.answer()).toBe('{"seq":1}');
    const second = bed.append(claim(2));
    expect(second).toMatchObject({ status: 1, answers: [] });
    expect(second.stderr).toContain(`has a writer already: process ${writer.child.pid}\nhint: `);
    writer.say(claim(3));
    expect(await writer.answer()).toBe('{"seq":2}');
    writer.child.kill("SIGKILL");
    await once(writer.child, "close");
    expect(bed.append(claim(4)).status).toBe(0);
    expect(bed.verify().status).toBe(0);
  });

  it("in another network namespace is kept out, too", async (context) => {
    needs(context, "userns");
    const writer = bed.start();
    writer.say(claim(1));
    await writer.answer();
    const second = spawnSync("unshare", ["-Urn", launcher, "log", "append", "--dir", bed.dir], {
      env: bed.env,
      input: claim(2),
      encoding: "utf8",
    });
    expect(second).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining("perhaps in a container") });
    writer.child.stdin?.end();
    await once(writer.child, "close");
    const third = spawnSync("unshare", ["-Urn", launcher, "log", "append", "--dir", bed.dir], {
      env: bed.env,
      input: claim(2),
      encoding: "utf8",
    });
    expect([third.status, third.stdout]).toEqual([0, '{"seq":4}\n']);
  });

  it("of a dozen at once one wins, and nothing is lost or mixed", async () => {
    bed.append(claim(0));
    const writers = Array.from({ length: 12 }, () =>
      spawn(launcher, ["log", "append", "--dir", bed.dir], { env: bed.env, stdio: ["pipe", "pipe", "ignore"] }),
    );
    const codes = await Promise.all(
      writers.map(async (child) => {
        child.stdin.on("error", () => undefined);
        const closed = once(child, "close");
        child.stdin.write(claim(1));
        await Promise.race([once(child.stdout, "data"), closed]);
        await sleep(500);
        child.stdin.end();
        return (await closed)[0] as number;
      }),
    );
    const won = codes.filter((code) => code === 0).length;
    expect(won).toBeGreaterThanOrEqual(1);
    expect(codes.every((code) => code === 0 || code === 1)).toBe(true);
    expect(bed.records().filter(({ type }) => type === "tool.call")).toHaveLength(1 + won);
    expect(bed.verify().status).toBe(0);
  });
});

it("whoever does not read its answers is waited for, and holds nothing up", async () => {
  const writer = spawn(launcher, ["log", "append", "--dir", bed.dir, "--epoch-every", "1s"], {
    env: bed.env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  writer.stdin.on("error", () => undefined);
  writer.stdout.pause();
  const batch = Array.from({ length: 1000 }, (_, n) => claim(n)).join("");
  let taken = 0;
  const push = (): void =>
    void writer.stdin.write(batch, () => {
      taken += 1;
      if (taken < 200) push();
    });
  push();
  // Signatures and keys do not wait for the reader, and the writer for nobody but him.
  const epochs = (): number => (existsSync(join(bed.dir, "epochs")) ? readdirSync(join(bed.dir, "epochs")).length : 0);
  await expect.poll(epochs, { timeout: 60_000 }).toBeGreaterThan(2);
  expect(taken).toBeLessThan(200);
  writer.stdout.resume();
  await expect.poll(() => taken, { timeout: 60_000 }).toBe(200);
  writer.stdin.end();
  const [code] = await once(writer, "close");
  expect(code).toBe(0);
  expect(bed.verify().status).toBe(0);
});

describe("two logs of one name", () => {
  it("have keys of different names, a receipt says whose they are, and `log verify` alone names them", () => {
    const verified = (...args: readonly string[]): string =>
      spawnSync(launcher, ["log", "verify", ...args], { env: bed.env, encoding: "utf8" }).stdout;
    const names: string[] = [];
    for (const folder of ["a/same", "b/same"]) {
      bed.dir = join(bed.folder, folder);
      expect(bed.append(claim(1)).status).toBe(0);
      names.push(readFileSync(join(bed.dir, "checkpoint"), "utf8").split("\n", 1)[0] ?? "");
    }
    expect(new Set(names.map((name) => name.replace(/[0-9a-f]{8}$/, "")))).toHaveProperty("size", 1);
    expect(names[0]).toMatch(/\/append\/same\/[0-9a-f]{8}$/);
    expect(names[0]).not.toBe(names[1]);
    const prove = ["log", "prove", "1", "--dir", bed.dir];
    const receipt = join(bed.folder, "receipt");
    writeFileSync(receipt, spawnSync(launcher, prove, { env: bed.env, encoding: "utf8" }).stdout);
    expect(JSON.parse(verified(receipt, "--json"))).toMatchObject({ ok: true, kind: "append", origin: names[1] });
    expect(verified()).toContain(
      `not checked: \`same\`, kept elsewhere by \`log append\`: ringfence log verify ${bed.dir}\n`,
    );
    const elsewhere = ["a/same", "b/same"].map((folder) => ({
      dir: join(bed.folder, folder),
      name: "same",
      isThere: true,
    }));
    expect(JSON.parse(verified("--json"))).toMatchObject({ ok: true, elsewhere });
  });
});
