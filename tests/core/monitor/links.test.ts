// Where links lead, on a real disk. Each case is what the kernel itself would open or make.
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { linkResolver } from "#monitor";
import { tmp } from "../../support/tmp.ts";

function disk(): string {
  const base = realpathSync(tmp());
  mkdirSync(`${base}/ws/src`, { recursive: true });
  mkdirSync(`${base}/out/sub`, { recursive: true });
  writeFileSync(`${base}/out/file`, "");
  const link = (target: string, name: string): void => symlinkSync(target, `${base}/ws/${name}`);
  link(`${base}/out/sub`, "deep");
  link("../out/none", "dangling");
  link("dangling", "again");
  link("deep/../none", "roundabout");
  link(`${base}/out/newdir/`, "folder");
  link("loop-b", "loop-a");
  link("loop-a", "loop-b");
  link("src", "short");
  return base;
}

it.each([
  ["a file behind a linked folder's `..`", "ws/deep/../file", "out/file"],
  ["one that is not there yet", "ws/deep/../new", "out/new"],
  ["the folder above the target", "ws/deep/..", "out"],
  ["a link whose target is not there", "ws/dangling", "out/none"],
  ["with a slash at its end", "ws/dangling/", "out/none"],
  ["and two in its middle", "ws//dangling", "out/none"],
  ["a link to such a link", "ws/again", "out/none"],
  ["a target that goes through another link", "ws/roundabout", "out/none"],
  ["below a folder that is not there yet", "ws/folder/x/y", "out/newdir/x/y"],
  ["below a folder that is", "ws/short/new/file", "ws/src/new/file"],
])("%s", (_name, path, leads) => {
  const base = disk();
  expect(linkResolver()(`${base}/${path}`)).toEqual([`${base}/${leads}`]);
});

it("says nothing of a path without links, nor of links that lead nowhere", () => {
  const base = disk();
  const resolve = linkResolver();
  for (const path of ["ws/src", "ws/src/new/file", "ws/loop-a", "ws/loop-a/x"])
    expect(resolve(`${base}/${path}`)).toEqual([]);
});
