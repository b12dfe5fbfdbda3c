// Time stamps of a log's checkpoint: taken from OpenSSL's authority, checked by ours and by OpenSSL, and refused when anything about them is wrong.
import { execFile, execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { checkTimestamp, timestampLog, verifyLog } from "#audit";
import { certificatePath } from "../../src/audit/anchor/certificate-path.ts";
import { checkout } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { smallLog } from "../support/small-log.ts";
import { tmp } from "../support/tmp.ts";
import { openTsa } from "../support/tsa.ts";

const certificates = (...files: readonly string[]): X509Certificate[] =>
  files.map((file) => new X509Certificate(readFileSync(file)));

for (const kind of ["rsa", "p256"] as const)
  test(`a ${kind} authority's word is taken, kept, and holds for OpenSSL too`, async (ctx) => {
    needs(ctx, "openssl");
    const { keys, signed } = await smallLog();
    const tsa = await openTsa({ folder: tmp(), kind });
    const before = Date.now();
    const done = await timestampLog(signed, { url: tsa.url, trusted: certificates(tsa.ca) });
    if (!done.ok) throw new Error(done.error.message);
    expect(done.value).toMatchObject({ size: signed.size, authority: "CN=test authority" });
    expect(Math.abs(done.value.time.getTime() - before)).toBeLessThan(60_000);
    expect(readFileSync(done.value.checkpoint, "utf8")).toBe(signed.checkpoint);
    // the authority learned a digest, not the log's name
    expect(tsa.queries[0]?.includes(signed.log.origin)).toBe(false);
    const args = ["ts", "-verify", "-data", done.value.checkpoint, "-in", done.value.reply, "-CAfile", tsa.ca];
    expect(execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })).toContain("OK");
    // what is kept beside a log is no part of it
    expect((await verifyLog(signed.dir, { keys })).records).toBe(signed.size);
    const [reply, stamped] = [readFileSync(done.value.reply), Buffer.from(signed.checkpoint)];
    for (const trusted of [certificates(tsa.ca), certificates(tsa.leaf)])
      expect(checkTimestamp(reply, stamped, trusted)).toMatchObject({ ok: true });
    expect(checkTimestamp(Buffer.concat([reply, Buffer.from("x")]), stamped, certificates(tsa.ca))).toMatchObject({
      ok: false,
    });
    const other = await openTsa({ folder: tmp() });
    expect(checkTimestamp(reply, stamped, certificates(other.ca))).toMatchObject({ ok: false });
    expect(checkTimestamp(reply, stamped, [])).toMatchObject({ ok: false });
    expect(checkTimestamp(reply, Buffer.from(`${signed.checkpoint} `), certificates(tsa.ca))).toEqual({
      ok: false,
      error: "it stamps something else",
    });
  });

test("the command line checks it with the command that it prints, also for another program's log", async (ctx) => {
  needs(ctx, "openssl");
  const state = tmp();
  const dir = join(state, "kept by another");
  const tsa = await openTsa({ folder: tmp(), kind: "p256" });
  // The authority answers in this process, so nothing here may wait for a child.
  const shell = async (command: string, input = ""): Promise<string> => {
    const program = `"${process.execPath}" "${join(checkout, "scripts/start.cjs")}"`;
    const env = { PATH: process.env["PATH"], HOME: state, XDG_STATE_HOME: state };
    const run = promisify(execFile)("sh", ["-c", command.replace(/^ringfence/, program)], { env });
    run.child.stdin?.end(input);
    return (await run).stdout;
  };
  await shell(`ringfence log append --dir '${dir}'`, `{"type":"tool.call","data":{}}\n`);
  const said = await shell(`ringfence log timestamp '${dir}' --url ${tsa.url} --tsa '${tsa.ca}'`);
  const printed = /^to check it: (.+)$/m.exec(said)?.[1] ?? "";
  expect(await shell(printed)).toMatch(/ OK .*\n {2}note: the anchor existed at/);
}, 60_000);

test("every byte of a reply counts, but those that nobody signed", async (ctx) => {
  needs(ctx, "openssl");
  const { signed } = await smallLog();
  const tsa = await openTsa({ folder: tmp(), kind: "p256" });
  const trusted = certificates(tsa.ca);
  const done = await timestampLog(signed, { url: tsa.url, trusted });
  if (!done.ok) throw new Error(done.error.message);
  const reply = readFileSync(done.value.reply);
  const stamped = Buffer.from(signed.checkpoint);
  const honest = checkTimestamp(reply, stamped, trusted);
  const loose: string[] = [];
  const step = process.env["SLOW"] === "1" ? 1 : 11;
  for (let at = 0; at < reply.length; at += step) {
    const changed = Buffer.from(reply);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const word = checkTimestamp(changed, stamped, trusted);
    if (!word.ok) continue;
    // what still holds says the same
    if (
      honest.ok &&
      word.value.time.getTime() === honest.value.time.getTime() &&
      word.value.authority === honest.value.authority
    )
      continue;
    loose.push(`${at}: ${JSON.stringify(word.value)}`);
  }
  expect(loose).toEqual([]);
});

test("a certificate for another purpose, an old answer and nobody are refused in words", async (ctx) => {
  needs(ctx, "openssl");
  const { signed } = await smallLog();
  const refusal = async (tsa: { url: string; ca: string }): Promise<string> => {
    const done = await timestampLog(signed, { url: tsa.url, trusted: certificates(tsa.ca) });
    return done.ok ? "stamped" : `${done.error.code}: ${done.error.message}`;
  };
  const first = await openTsa({ folder: tmp() });
  const old: Buffer[] = [];
  const again = await openTsa({
    folder: tmp(),
    spoil: (reply) => {
      old.push(reply);
      return old[0] ?? reply;
    },
  });
  expect(await refusal(first)).toBe("stamped");
  expect(await refusal(again)).toBe("stamped");
  expect(await refusal(again)).toMatch(/^timestamp-wrong: .*another question/);
  const rubbish = await openTsa({ folder: tmp(), spoil: () => Buffer.from("no such thing") });
  expect(await refusal(rubbish)).toMatch(/^timestamp-wrong: .*one message and nothing else/);
  const nobody = { url: "http://127.0.0.1:9/", ca: first.ca };
  expect(await refusal(nobody)).toMatch(/^timestamp-refused: .*ECONNREFUSED|bad port/);
  const [root] = certificates(first.ca);
  if (root === undefined) throw new Error("no root");
  expect(certificatePath(root, [], { trusted: [root], at: new Date() })).toEqual({
    ok: false,
    error: "the signer's certificate is not for time stamps",
  });
  const [leaf] = certificates(first.leaf);
  if (leaf === undefined) throw new Error("no leaf");
  const late = { trusted: [root], at: new Date(Date.now() + 3 * 86_400_000) };
  expect(certificatePath(leaf, [], late)).toMatchObject({ ok: false, error: expect.stringContaining("did not hold") });
});
