// A person's approval reaches a client that is connected.
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockMark, watchLocks } from "#mcp";
import { tmp } from "../support/tmp.ts";

test("a lock that is replaced is seen once, other files are not, and a folder that is none is no fault", async () => {
  const folder = join(tmp(), "mcp");
  const file = join(folder, "x.lock.json");
  let seen = 0;
  const project = join(tmp(), "project.lock.json");
  const unwatch = watchLocks({ own: file, project }, () => {
    seen += 1;
  });
  writeFileSync(join(folder, "other.lock.json"), "");
  await new Promise((done) => setTimeout(done, 300));
  expect(seen).toBe(0);
  writeFileSync(`${file}.new`, "1");
  renameSync(`${file}.new`, file);
  await expect.poll(() => seen, { timeout: 5000 }).toBe(1);
  writeFileSync(project, "1");
  await expect.poll(() => seen, { timeout: 5000 }).toBe(2);
  unwatch();
  writeFileSync(file, "2");
  await new Promise((done) => setTimeout(done, 300));
  expect(seen).toBe(2);
  const plain = join(tmp(), "plain");
  writeFileSync(plain, "");
  watchLocks({ own: join(plain, "x"), project: join(plain, "y") }, () => undefined)();
});

test("a mark is another one for another file, also of the same length, and for none", () => {
  const [own, project] = [join(tmp(), "a"), join(tmp(), "b")];
  const marks = [lockMark({ own, project })];
  const next = (): void => void marks.push(lockMark({ own, project }));
  writeFileSync(own, "1");
  next();
  writeFileSync(project, "1");
  next();
  writeFileSync(`${own}.new`, "2");
  renameSync(`${own}.new`, own);
  next();
  rmSync(own);
  next();
  expect(new Set(marks).size).toBe(marks.length);
  expect(lockMark({ own, project })).toBe(marks.at(-1));
});
