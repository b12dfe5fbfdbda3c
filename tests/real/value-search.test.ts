// The search for values that a setup may have left: in every form that tools write, wherever lines and pieces part it.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { FormSearch, formsOf, searchAttributes, searchFiles } from "#sandbox";
import { helperPath } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const VALUE = "github_pat_11ABCDEFG0123456789/+=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const forms = formsOf([{ name: "it", value: VALUE }]);
const lines = (text: string, width: number, end = "\n"): string =>
  text.replace(new RegExp(`.{${width}}`, "g"), `$&${end}`);
const base64 = Buffer.from(`user:${VALUE}\n`).toString("base64");
const hex = Buffer.from(VALUE).toString("hex");

describe("a value", () => {
  it.each([
    ["as it is", VALUE],
    ["over several lines", lines(VALUE, 20, "\r\n  ")],
    ["a letter a line", lines(VALUE, 1)],
    ["in Base64", base64],
    ["in Base64 as `base64` prints it", lines(base64, 76)],
    ["in hexadecimal as `xxd -p` prints it", lines(hex, 60)],
    ["in hexadecimal, a byte and a blank", lines(hex.toUpperCase(), 2, " ")],
  ])("%s is found, wherever pieces part it", (_, text) => {
    for (const at of [0, 1, 40, text.length - 1]) {
      const search = new FormSearch(forms);
      const whole = Buffer.from(`before\n${text}\nafter`);
      const found = [whole.subarray(0, 7 + at), whole.subarray(7 + at)].flatMap((piece) => search.take(piece));
      expect(new Set(found)).toEqual(new Set(["it"]));
    }
  });

  it("is not found where only a part of it stands", () => {
    expect(new FormSearch(forms).take(Buffer.from(`${VALUE.slice(0, 60)}\n${VALUE.slice(61)}`))).toEqual([]);
  });
});

/** A zip archive of one entry. */
function zipOf(
  content: Buffer,
  { method = 8, flags = 0 }: { readonly method?: number; readonly flags?: number } = {},
): Buffer {
  const packed = method === 8 ? zlib.deflateRawSync(content) : content;
  const name = Buffer.from("entry");
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(flags, 2);
  common.writeUInt16LE(method, 4);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, name, packed]);
  const central = Buffer.concat([Buffer.from("PK\x01\x02\x14\0", "latin1"), common, Buffer.alloc(14), name]);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

describe("a compressed file", () => {
  const long = Buffer.from(
    `${randomBytes(200_000).toString("base64")}${VALUE}${randomBytes(200_000).toString("base64")}`,
  );
  const short = Buffer.from(`before ${VALUE} after`);
  const search = async (name: string, bytes: Buffer): Promise<readonly [readonly string[], readonly string[]]> => {
    const folder = tmp();
    writeFileSync(join(folder, name), bytes);
    const { found, packed, unread } = await searchFiles([folder], forms);
    expect(unread).toEqual([]);
    return [[...new Set(found.map((one) => one.name))], packed.map(({ kind }) => kind)];
  };
  it.each([
    ["gzip", "a.gz", zlib.gzipSync(long)],
    ["two members of gzip", "a.gz", Buffer.concat([zlib.gzipSync("x"), zlib.gzipSync(long)])],
    ["gzip that ends too early", "a.gz", zlib.gzipSync(long).subarray(0, -40)],
    ["zlib", "a", zlib.deflateSync(long)],
    ["zlib, quick", "a", zlib.deflateSync(long, { level: 1 })],
    [
      "Brotli, by its name",
      "a.js.br",
      zlib.brotliCompressSync(long, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }),
    ],
    ["gzip within gzip within zlib", "a", zlib.deflateSync(zlib.gzipSync(zlib.gzipSync(long)))],
    ["zip", "a.zip", zipOf(long)],
    ["zip behind another name", "a.whl", zipOf(long)],
    ["gzip within zip", "a.zip", zipOf(zlib.gzipSync(long))],
    ["gzip stored in zip", "a.zip", zipOf(zlib.gzipSync(long), { method: 0 })],
    ["zip within zip", "a.jar", zipOf(zipOf(long))],
    ["zip stored in zip", "a.jar", zipOf(zipOf(long), { method: 0 })],
    ["zip within gzip", "a.gz", zlib.gzipSync(zipOf(long))],
    ["gzip with other bytes behind it", "a.gz", Buffer.concat([zlib.gzipSync(short), randomBytes(99)])],
    ["gzip whose sum is wrong", "a.gz", Buffer.concat([zlib.gzipSync(short).subarray(0, -8), Buffer.alloc(8, 7)])],
    ["gzip somewhere in a file", "a.tar", Buffer.concat([randomBytes(512), zlib.gzipSync(long), randomBytes(512)])],
    ["zip behind a script", "a.pyz", Buffer.concat([Buffer.from("#!/usr/bin/env python3\n"), zipOf(long)])],
    ["zip without its end", "a.zip", zipOf(long).subarray(0, -100)],
    ["zip before other bytes", "a.zip", Buffer.concat([zipOf(long), randomBytes(70_000)])],
  ] as const)("%s gives up what it holds", async (_, name, bytes) => {
    expect(await search(name, bytes)).toEqual([["it"], []]);
  });

  it.each([
    ["xz", "\xfd7zXZ\0rest"],
    ["zstd", "\x28\xb5\x2f\xfdrest"],
    ["bzip2", "BZh91AY&SYrest"],
    ["7z", "7z\xbc\xaf\x27\x1crest"],
  ])("%s is told: nobody looked into it", async (kind, text) => {
    expect(await search("a", Buffer.from(text, "latin1"))).toEqual([[], [kind]]);
    expect(await search("a.gz", zlib.gzipSync(Buffer.from(text, "latin1")))).toEqual([[], [kind]]);
  });

  it("that is encrypted, or packed by another method, is told", async () => {
    expect((await search("a.zip", zipOf(long, { flags: 1 })))[1]).toEqual(["an encrypted entry of a zip archive"]);
    expect((await search("a.zip", zipOf(zlib.gzipSync("x"), { method: 14 })))[1]).toEqual([
      "method 14 of a zip archive",
    ]);
  });

  it("in a file that is an archive of another kind is told, where it is xz", async () => {
    const stream = Buffer.from("fd377a585a000004e6d6b446", "hex");
    expect(await search("a.deb", Buffer.concat([randomBytes(100), stream]))).toEqual([[], ["xz"]]);
    expect(await search("liblzma.so", Buffer.concat([randomBytes(100), stream.subarray(0, 8)]))).toEqual([[], []]);
  });

  it("that breaks off within another is told", async () => {
    const broken = zlib.gzipSync(Buffer.concat([zlib.gzipSync(short), Buffer.alloc(99, 7)]));
    expect((await search("a.gz", broken))[1]).toEqual(["a compressed stream in another that breaks off"]);
  });

  it.each([
    ["a text that begins like zlib", Buffer.from("x^2 + y^2")],
    ["a text that begins like zip", Buffer.from("PK\x03\x04 is how they begin", "latin1")],
    ["random bytes behind gzip's mark", Buffer.concat([Buffer.from("1f8b0800", "hex"), randomBytes(3000)])],
    ["nothing", Buffer.alloc(0)],
  ])("%s is none", async (_, bytes) => {
    expect(await search("a", bytes)).toEqual([[], []]);
  });

  it("is git's pack, objects and differences", async () => {
    const folder = tmp();
    const git = (...words: readonly string[]): void =>
      void execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.c", ...words], {
        stdio: "pipe",
      });
    git("init", "-q");
    writeFileSync(join(folder, "f"), randomBytes(20_000).toString("base64"));
    git("add", ".");
    git("commit", "-qm", "one");
    writeFileSync(join(folder, "f"), VALUE, { flag: "a" });
    git("commit", "-qam", "two");
    execFileSync("rm", [join(folder, "f")]);
    expect((await searchFiles([folder], forms)).found.length).toBeGreaterThan(0);
    git("gc", "-q");
    const { found } = await searchFiles([folder], forms);
    expect(found.map(({ path }) => path).join()).toMatch(/\.pack$/);
  });

  it("that unpacks without end is not read to it", async () => {
    const folder = tmp();
    writeFileSync(join(folder, "bomb.gz"), zlib.gzipSync(Buffer.alloc(50_000_000)));
    const { bytes, unread } = await searchFiles([folder], forms, { mostBytes: 1_000_000 });
    expect(unread).toEqual([join(folder, "bomb.gz")]);
    expect(bytes).toBeLessThan(2_000_000);
  });
});

it("an extended attribute is looked at, of files and folders, closed ones too", async (context) => {
  needs(context, "helper", "python3");
  const folder = tmp();
  mkdirSync(join(folder, "d/e"), { recursive: true });
  writeFileSync(join(folder, "d/f"), "x");
  expect(await searchAttributes([folder], forms, helperPath)).toEqual({ attributes: 0, found: [], unread: [] });
  const mark = (path: string, value: string): void =>
    void execFileSync("python3", [
      "-c",
      "import os, sys; os.setxattr(sys.argv[1], 'user.a', sys.argv[2].encode())",
      path,
      value,
    ]);
  mark(join(folder, "d/e"), VALUE);
  mark(join(folder, "d/f"), Buffer.from(VALUE).toString("base64"));
  chmodSync(join(folder, "d/f"), 0);
  chmodSync(join(folder, "d"), 0);
  const { attributes, found, unread } = await searchAttributes([folder], forms, helperPath);
  chmodSync(join(folder, "d"), 0o755);
  expect([attributes, unread]).toEqual([2, []]);
  expect(found.map(({ path }) => path).sort()).toEqual([join(folder, "d/e"), join(folder, "d/f")]);
  expect((await searchAttributes([join(folder, "none")], forms, helperPath)).unread).toHaveLength(1);
});
