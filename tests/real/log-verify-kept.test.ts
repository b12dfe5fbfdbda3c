// What others kept of a log outlives the log's own notes: an older state that was put back whole, the notes of its later keys
// gone with it, is shorter than what the machine's mark and a kept checkpoint say.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { AppendBed, claim } from "../support/append-bed.ts";
import { needs } from "../support/needs.ts";

let bed: AppendBed;
beforeEach((context) => {
  needs(context, "helper");
  bed = new AppendBed();
});

it("a folder put back to a time before its present key, or emptied, is a rollback", () => {
  const [older, newer, anchor] = ["older", "newer", "anchor"].map((name) => join(bed.folder, name)) as [
    string,
    string,
    string,
  ];
  bed.append(claim(1));
  cpSync(bed.dir, older, { recursive: true });
  bed.append(claim(2) + claim(3), "--epoch-every", "2");
  cpSync(bed.dir, newer, { recursive: true });
  expect(bed.verify()).toMatchObject({ status: 0, text: expect.stringMatching(/ OK /) });
  writeFileSync(anchor, readFileSync(join(newer, "checkpoint")));

  rmSync(bed.dir, { recursive: true });
  cpSync(older, bed.dir, { recursive: true });
  expect(bed.verify()).toMatchObject({ status: 1, text: expect.stringMatching(/ROLLBACK\(3, \d, high-water mark\)/) });
  rmSync(bed.mark);
  expect(bed.verify("--anchor", anchor)).toMatchObject({
    status: 1,
    text: expect.stringMatching(/TRUNCATED\(3, \d, anchor\)/),
  });

  rmSync(bed.dir, { recursive: true });
  mkdirSync(bed.dir);
  writeFileSync(bed.mark, readFileSync(join(newer, "checkpoint")));
  expect(bed.verify()).toMatchObject({ status: 1, text: expect.stringMatching(/ROLLBACK\(0, \d, high-water mark\)/) });
});

it("notes that were taken away together are missing, not a stranger's", () => {
  bed.append(claim(1) + claim(2) + claim(3) + claim(4), "--epoch-every", "2");
  expect(existsSync(join(bed.dir, "epochs/2"))).toBe(true);
  rmSync(join(bed.dir, "epochs"), { recursive: true });
  expect(bed.verify()).toMatchObject({ status: 2, text: expect.stringContaining("INCOMPLETE(epochs/1)") });
});

it("a session's name is not given to another log", () => {
  const id = "20260101-000000-abcdef";
  bed.append(claim(1), "--origin", "mine");
  mkdirSync(join(bed.env["XDG_STATE_HOME"] ?? "", "ringfence/log/sessions", id), { recursive: true });
  bed.dir = join(bed.folder, "other");
  expect(bed.append(claim(1), "--origin", id)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/is the name of a session's log on this machine\nhint: /),
  });
});
