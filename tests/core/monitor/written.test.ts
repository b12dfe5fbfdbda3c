// What sessions write, and so no later session believes (monitor/prepare/written.ts).
import { expect, test } from "vitest";
import { writtenFolders } from "../../../src/monitor/prepare/written.ts";

test("the workspace, and every spelling of a folder in allowWrite", () => {
  const allowWrite = ["~/.m2", "//srv/absent", "/srv/other/**"].map((text) => ({ text }));
  expect(writtenFolders(allowWrite, { root: "/absent/work", home: "/absent/home" })).toEqual([
    ...["/absent/work", "/absent/home/.m2", "/srv/absent", "/srv/other"],
  ]);
});
