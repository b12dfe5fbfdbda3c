// What a server's name stands for once a person approved another one by it: the new one, here, and the old one is a rollback.
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ok } from "#core";
import { lockOf, otherServerWords, type ServerTarget, withServer } from "#core/mcp";
import {
  comeBack,
  isReplaced,
  lockMark,
  otherOwnLocks,
  ownLockFile,
  pinFirst,
  readOwnLock,
  replacedFiles,
  takePlace,
  updateLockFile,
} from "#mcp";
import { otherOfOwn } from "#monitor";
import { tmp } from "../support/tmp.ts";

const described = {
  ...{ capabilities: {}, tools: [{ name: "echo" }], prompts: [], resources: [], resourceTemplates: [] },
};

function person() {
  const stateDir = join(tmp(), "state");
  mkdirSync(stateDir);
  const at = (target: ServerTarget, workspace = "/w") => {
    const own = { stateDir, server: "weather", target, workspace };
    return {
      own,
      approve: async (how: typeof takePlace = takePlace) => {
        const lock = lockOf(described, { target });
        expect((await updateLockFile(ownLockFile(own), (now) => ok(withServer(now, "weather", lock)))).ok).toBe(true);
        expect((await how(own)).ok).toBe(true);
      },
      isApproved: async () => {
        const read = await readOwnLock(own);
        return read.ok && read.value !== undefined;
      },
      words: async () => {
        const other = await otherOfOwn(own);
        return other.ok && other.value !== undefined ? otherServerWords(other.value) : "";
      },
      others: async () => {
        const others = await otherOwnLocks(own);
        return others.ok ? others.value.length : undefined;
      },
    };
  };
  return { stateDir, at };
}

const one = { argv: ["npx", "-y", "weather@1.1"] };
const two = { argv: ["npx", "-y", "weather@1.2"] };
const file = { argv: ["node", "weather.mjs"] };

test("the new version is approved in place of the old one, which is told as a rollback when it comes back", async () => {
  const { at, stateDir } = person();
  await at(one).approve();
  expect(await at(two).words()).toMatch(/^was pinned as `npx -y weather@1\.1` and is `npx -y weather@1\.2` now/);
  const files = { own: ownLockFile(at(one).own), project: "/none", replaced: replacedFiles(at(one).own) };
  const before = lockMark(files);
  await at(two).approve();
  expect(lockMark(files)).not.toBe(before);
  expect([await at(two).isApproved(), await at(one).isApproved()]).toEqual([true, false]);
  expect(await at(two).words()).toBe("");
  expect(await at(one).words()).toBe(
    "is `npx -y weather@1.1` again, and `npx -y weather@1.2` was approved in its place: a rollback (package weather@1.2 → weather@1.1)",
  );
  // neither by a first sight, nor once the new one's file is gone
  const lock = lockOf(described, { target: one });
  expect(await pinFirst(at(one).own, lock)).toEqual(ok("known"));
  expect(readdirSync(join(stateDir, "mcp")).filter((name) => name.endsWith(".replaced.json"))).toHaveLength(1);
  // back again by a person's word alone
  await at(one).approve();
  expect([await at(two).isApproved(), await at(one).isApproved()]).toEqual([false, true]);
  expect(await at(two).words()).toMatch(/again, and `npx -y weather@1\.1` was approved in its place: a rollback/);
});

test("both stay approved where a person says so", async () => {
  const { at } = person();
  await at(one).approve();
  await at(two).approve(comeBack);
  expect([await at(two).isApproved(), await at(one).isApproved()]).toEqual([true, true]);
});

test("a workspace's own program takes the place of everybody's in that workspace alone", async () => {
  const { at } = person();
  await at(one).approve();
  await at(file).approve();
  expect([await at(file).isApproved(), await at(one).isApproved(), await isReplaced(at(one).own)]).toEqual([
    true,
    false,
    true,
  ]);
  expect(await at(one).words()).toMatch(/a rollback/);
  expect([await at(one, "/v").isApproved(), await at(one, "/v").words()]).toEqual([true, ""]);
  // elsewhere the name still stands for something: another one does not get it by a first sight
  expect(await at({ argv: ["npx", "evil"] }, "/v").words()).toMatch(/was pinned as `npx -y weather@1\.1`/);
  expect(await at(file, "/v").words()).toMatch(/was pinned as/);
  // and here it comes back by a word of the person's
  await at(one).approve();
  expect([await at(one).isApproved(), await at(file).isApproved(), await at(one, "/v").isApproved()]).toEqual([
    true,
    false,
    true,
  ]);
  expect(await at(file).words()).toMatch(/a rollback/);
});

test("what everybody's takes the place of in one workspace is another workspace's own still", async () => {
  const { at } = person();
  await at(file).approve();
  await at(file, "/v").approve();
  await at(two).approve();
  expect([await at(file).isApproved(), await at(file, "/v").isApproved(), await at(two).others()]).toEqual([
    false,
    true,
    0,
  ]);
  expect(await at(two, "/v").others()).toBe(1);
});
