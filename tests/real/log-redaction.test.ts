// Private values of a session's record: committed to in the line, opened from the vault, taken out later, disclosed one by one, with the real program.
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openSessionLog, sessionPlaces } from "#audit";
import { PRIVATE_FIELDS, type RecordBody } from "#core/log";
import { launcher } from "../support/installation.ts";
import { readByPython } from "../support/log-readers.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const SAID = "please look at the customer's file, her number is 4711";
const LONG = "a long answer of a tool. ".repeat(2000);

let home: string;
let stateDir: string;
let dir: string;

const ringfence = (...args: string[]) =>
  spawnSync(launcher, args, { encoding: "utf8", env: { PATH: process.env["PATH"], HOME: home, XDG_STATE_HOME: home } });

const bodies: readonly RecordBody[] = [
  { type: "prompt", origin: "claimed", data: { event: "UserPromptSubmit", text: SAID } },
  { type: "tool.result", origin: "claimed", data: { tool: "Read", failed: false, output: "" } },
  { type: "tool.call", origin: "claimed", data: { tool: "Write", input: { content: LONG } } },
];

beforeEach(async () => {
  home = tmp();
  stateDir = join(home, "ringfence");
  const opened = await openSessionLog({
    ...{ stateDir, session: "s1", policy: "p", workspace: "/w", maxBytes: 10_000_000 },
    privateFields: PRIVATE_FIELDS,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  for (const body of bodies) await opened.value.append(body);
  await opened.value.close({});
  dir = sessionPlaces(stateDir, "s1").dir;
});

const lines = (): string =>
  readdirSync(join(dir, "log"))
    .map((name) => readFileSync(join(dir, "log", name), "utf8"))
    .join("");
const vaultFile = (): string => join(dir, "vault", "000000000000.jsonl");
const text = (seq: number): unknown => {
  const shown = JSON.parse(ringfence("log", "show", "s1", "--json").stdout) as {
    records: { seq: number; data: object }[];
  };
  return shown.records.find((record) => record.seq === seq)?.data;
};

describe("a private field", () => {
  it("stands in the line as a commitment, and in the vault that only its owner reads", () => {
    expect(lines()).not.toContain("4711");
    expect(lines()).toMatch(/"text":\{"\$c":"[0-9a-f]{64}","n":54\}/);
    expect(statSync(vaultFile()).mode & 0o777).toBe(0o600);
    expect(readFileSync(vaultFile(), "utf8")).toContain("4711");
    expect(text(1)).toEqual({ event: "UserPromptSubmit", text: SAID });
    expect(ringfence("log", "verify", "s1").status).toBe(0);
  });

  it("stays sealed without the vault, and the log stands", () => {
    rmSync(join(dir, "vault"), { recursive: true });
    expect(text(1)).toEqual({ event: "UserPromptSubmit", text: { $c: expect.any(String), n: 54 } });
    expect(ringfence("log", "verify", "s1").status).toBe(0);
  });

  it("is not believed when the vault says something else", () => {
    writeFileSync(vaultFile(), readFileSync(vaultFile(), "utf8").replace("4711", "4712"));
    expect(text(1)).toEqual({ event: "UserPromptSubmit", text: { $c: expect.any(String), n: 54, altered: true } });
  });

  it("is not believed when the salt took over the beginning of the value, which leaves the hash", () => {
    const { salt, value, ...rest } = JSON.parse(readFileSync(vaultFile(), "utf8").split("\n")[0] as string);
    writeFileSync(vaultFile(), `${JSON.stringify({ ...rest, ...shifted(salt, value) })}\n`);
    expect(text(1)).toMatchObject({ text: { altered: true } });
  });

  it("survives lines of a vault that no record ever had", () => {
    appendFileSync(vaultFile(), `{"seq":1,"path":"data.text","salt":"00","value":"no"}\n{"half`);
    expect(text(1)).toEqual({ event: "UserPromptSubmit", text: SAID });
  });
});

describe("late redaction", () => {
  it("takes a private value out for good; the ledger says so and everything still verifies", () => {
    const done = ringfence("log", "redact", "s1:1", "data.text", "--reason", "a customer's number");
    expect(done.stdout).toBe("redacted: data.text of record 1 of s1\n");
    expect(readFileSync(vaultFile(), "utf8")).not.toContain("4711");
    expect(text(1)).toEqual({ event: "UserPromptSubmit", text: { $c: expect.any(String), n: 54 } });
    const verified = ringfence("log", "verify");
    expect(verified.status, verified.stdout).toBe(0);
    expect(verified.stdout).toMatch(/redacted: data\.text of record 1 .*a customer's number/);
  });

  it("of a session that is running costs no value that comes later, and none beside it", async () => {
    const opened = await openSessionLog({
      ...{ stateDir, session: "s2", policy: "p", workspace: "/w", maxBytes: 10_000_000 },
      privateFields: PRIVATE_FIELDS,
    });
    if (!opened.ok) throw new Error(opened.error.message);
    const say = (said: string) => opened.value.append({ type: "prompt", origin: "claimed", data: { text: said } });
    const [before, secret] = [await say("kept before"), await say(SAID)];
    expect(ringfence("log", "redact", `s2:${secret}`, "data.text", "--reason", "a number").status).toBe(0);
    const after = await say("kept after");
    await opened.value.close({});
    expect(readFileSync(join(sessionPlaces(stateDir, "s2").dir, "vault", "000000000000.jsonl"), "utf8")).not.toContain(
      "4711",
    );
    const shown = JSON.parse(ringfence("log", "show", "s2", "--type", "prompt", "--json").stdout);
    expect(
      shown.records.map((record: { seq: number; data: { text: unknown } }) => [record.seq, record.data.text]),
    ).toEqual([
      [before, "kept before"],
      [secret, { $c: expect.any(String), n: SAID.length }],
      [after, "kept after"],
    ]);
    expect(ringfence("log", "verify").status).toBe(0);
  });

  it("takes a blob out; one that is gone without a word is INCOMPLETE as before", () => {
    const blob = join(dir, blobs()[0] as string);
    expect(existsSync(blob)).toBe(true);
    expect(ringfence("log", "redact", "s1:3", "--reason", "not ours to keep").status).toBe(0);
    expect(existsSync(blob)).toBe(false);
    const verified = ringfence("log", "verify");
    expect(verified.status, verified.stdout).toBe(0);
    expect(verified.stdout).toContain("not ours to keep");
  });

  it("is seen by an auditor who has the bundle and Python; a bundle without the ledger's word does not hold", (context) => {
    needs(context, "python3", "openssl");
    expect(ringfence("log", "redact", "s1:3", "--reason", "not ours to keep").status).toBe(0);
    const [bundle, vkey] = [join(home, "bundle"), join(stateDir, "keys/machine.vkey")];
    expect(ringfence("log", "export", "s1", "--bundle", bundle).status).toBe(0);
    const { ok, said } = readByPython(bundle, vkey);
    expect(ok, said).toBe(true);
    expect(said).toMatch(/^redacted: data\.input\.content of record 3 on .* \(not ours to keep\)$/m);
    const word = readdirSync(join(bundle, "ledger")).find((name) => /^\d/.test(name)) ?? "";
    rmSync(join(bundle, "ledger", word));
    expect(readByPython(bundle, vkey)).toMatchObject({ ok: false, said: expect.stringContaining("a blob is missing") });
  });

  it("that is cut off between overwriting and unlinking leaves a log that holds; the same without the ledger's word does not", () => {
    const blob = join(dir, blobs()[0] as string);
    const zeros = Buffer.alloc(readFileSync(blob).length);
    writeFileSync(blob, zeros);
    expect(ringfence("log", "verify", "s1")).toMatchObject({ status: 1, stdout: expect.stringContaining("blob") });
    rmSync(blob);
    writeFileSync(blob, LONG);
    expect(ringfence("log", "redact", "s1:3", "--reason", "not ours to keep").status).toBe(0);
    writeFileSync(blob, zeros);
    expect(ringfence("log", "verify", "s1").status).toBe(0);
  });

  it("finds a missing blob that nobody redacted", () => {
    rmSync(join(dir, blobs()[0] as string));
    const verified = ringfence("log", "verify", "s1");
    expect(verified.status).toBe(2);
    expect(verified.stdout).toContain("INCOMPLETE(blobs/");
  });

  it("refuses what stands in the line itself, records that are not there, and calls without a reason", () => {
    expect(ringfence("log", "redact", "s1:0", "--reason", "x").stderr).toContain(
      "what stands in the signed line itself stays",
    );
    expect(ringfence("log", "redact", "s1:99", "--reason", "x").status).toBe(65);
    expect(ringfence("log", "redact", "s1:1").status).toBe(64);
    expect(ringfence("log", "redact", "1", "--reason", "x").status).toBe(64);
  });
});

describe("disclosure", () => {
  const key = (): string => join(stateDir, "keys", "machine.vkey");
  const disclosed = (): string => {
    const file = join(home, "one.disclosure");
    writeFileSync(file, ringfence("log", "disclose", "s1:1", "data.text").stdout);
    return file;
  };

  it("shows one value with its proof, with the public key alone", () => {
    const verified = ringfence("log", "verify", disclosed(), "--key", key());
    expect(verified.status, verified.stderr).toBe(0);
    expect(verified.stdout).toContain(`data.text was: ${JSON.stringify(SAID)}`);
  });

  it("shows nothing when any byte of it was changed", () => {
    const file = disclosed();
    const whole = readFileSync(file, "utf8");
    const opens = /opens (.*)\n/.exec(whole)?.[1] as string;
    const text = Buffer.from(opens, "base64").toString();
    const { path, salt, value } = JSON.parse(text);
    const opening = (json: string): string => whole.replace(opens, Buffer.from(json).toString("base64"));
    for (const changed of [
      opening(text.replace("4711", "4712")),
      opening(JSON.stringify({ path, ...shifted(salt, value) })),
      whole.replace("opens ", "opens  "),
      whole.slice(0, -9),
      whole.replace("\n\n", "\n"),
    ]) {
      writeFileSync(file, changed);
      expect(ringfence("log", "verify", file, "--key", key()).status).toBe(1);
    }
  });
});

/** Another opening of the same hash, with a shorter value. */
function shifted(salt: string, value: string): { salt: string; value: string } {
  return { salt: salt + Buffer.from(value.slice(0, 7)).toString("hex"), value: value.slice(7) };
}

function blobs(): readonly string[] {
  return readdirSync(join(dir, "blobs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.length > 10)
    .map((name) => join("blobs", name));
}
