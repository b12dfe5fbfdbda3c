// A person's approval reaches a client that is connected.
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { watchLock } from "#mcp";
import { tmp } from "../support/tmp.ts";

test("a lock that is replaced is seen once, other files are not, and a folder that is none is no fault", async () => {
  const folder = join(tmp(), "mcp");
  const file = join(folder, "x.lock.json");
  let seen = 0;
  const unwatch = watchLock(file, () => {
    seen += 1;
  });
  writeFileSync(join(folder, "other.lock.json"), "");
  await new Promise((done) => setTimeout(done, 300));
  expect(seen).toBe(0);
  writeFileSync(`${file}.new`, "1");
  renameSync(`${file}.new`, file);
  await expect.poll(() => seen, { timeout: 5000 }).toBe(1);
  unwatch();
  writeFileSync(file, "2");
  await new Promise((done) => setTimeout(done, 300));
  expect(seen).toBe(1);
  const plain = join(tmp(), "plain");
  writeFileSync(plain, "");
  watchLock(join(plain, "x"), () => undefined)();
});
