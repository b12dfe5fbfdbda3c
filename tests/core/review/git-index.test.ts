// git's own index files, read: a `git status` changes the file and not what it says; a staged change does.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { indexMeaning } from "#core/review";
import { tmp } from "../../support/tmp.ts";

it.each([2, 3, 4])("version %i: the meaning outlives a status, and not an add", (version) => {
  const folder = tmp();
  const env = { PATH: process.env["PATH"], HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" };
  const sh = (script: string): string => execFileSync("bash", ["-ec", script], { cwd: folder, env, encoding: "utf8" });
  const read = (): Uint8Array => readFileSync(join(folder, ".git/index"));
  sh("git init -q; mkdir -p d/e; for n in a aa ab b d/a d/e/long-name-here; do echo $n >$n; done; git add .");
  if (version === 3) sh("echo n >n; git add -N n");
  sh(`git update-index --index-version ${version}`);
  const [bytes, meaning] = [read(), indexMeaning(read())];
  expect(new DataView(bytes.buffer, bytes.byteOffset).getUint32(4)).toBe(version);
  const listed = sh("git ls-files --stage").trimEnd().split("\n");
  expect(meaning?.split("\0").map((line) => line.split(" ").at(-1))).toEqual(listed.map((line) => line.split("\t")[1]));
  sh("touch -d 2001-01-01 a; git status >/dev/null");
  expect(Buffer.compare(bytes, read())).not.toBe(0);
  expect(indexMeaning(read())).toBe(meaning);
  sh("echo more >>b; git add b");
  expect(indexMeaning(read())).not.toBe(meaning);
});

it("never throws, whatever it is given", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(5),
      (rest, version, count) => {
        const head = [0x44, 0x49, 0x52, 0x43, 0, 0, 0, version, 0, 0, 0, count];
        indexMeaning(Uint8Array.from([...head, ...rest]));
      },
    ),
  );
});
