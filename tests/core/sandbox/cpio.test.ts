// The archive as the kernel and cpio(1) read it: headers of 110 digits, names and contents on multiples of four, the trailer last.
import { expect, test } from "vitest";
import { cpioArchive } from "../../../src/core/sandbox/cpio.ts";

test("an entry is its header, its name and its content, each up to a multiple of four", () => {
  const content = new TextEncoder().encode("hello");
  const bytes = cpioArchive([
    { kind: "folder", path: "dev" },
    { kind: "file", path: "init", mode: 0o700, content },
  ]);
  const text = new TextDecoder().decode(bytes);
  expect(bytes.length % 4).toBe(0);
  expect(text.slice(0, 22)).toBe("07070100000001000041ed");
  expect(text.slice(110, 114)).toBe("dev\0");
  const file = text.indexOf("070701", 6);
  expect([file % 4, text.slice(file + 14, file + 22), text.slice(file + 54, file + 62)]).toEqual([
    0,
    "000081c0",
    "00000005",
  ]);
  expect(text.slice(file + 116, file + 124)).toBe("hello\0\0\0");
  expect(text).toMatch(/TRAILER!!!\0+$/);
});
