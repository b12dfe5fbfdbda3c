// The parser of the recorder's lines is total, and nothing that an agent calls its files can make one event another.
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseRecorderLine } from "#core/sandbox";

/** As native/record_line.c encodes a text. */
function encoded(text: string): string {
  return [...Buffer.from(text, "utf8")]
    .map((byte) =>
      byte > 0x20 && byte < 0x7f && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).padStart(2, "0")}`,
    )
    .join("");
}

const text = fc.string({ unit: "binary" }).filter((one) => !one.includes("\0"));
const word = fc.constantFrom(
  ..."exec fork exit write read connect send bind lost end create unknown done failed:EPERM unix inet 0 1 7 - /a %41 %".split(
    " ",
  ),
  "",
);

it("never throws, whatever the line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (line) => {
      parseRecorderLine(line);
    }),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 14 }), (words) => {
      parseRecorderLine(words.join(" "));
    }),
    { numRuns: 2_000 },
  );
});

it("gives back every path and argument as it was", () => {
  fc.assert(
    fc.property(text, text, fc.array(text, { maxLength: 6 }), (path, cwd, argv) => {
      const line = `exec 2 1 1 ${encoded(path)}  ${encoded(cwd)} ${argv.length} 0${argv.map((one) => ` ${encoded(one)}`).join("")}`;
      expect(parseRecorderLine(line)).toEqual({ kind: "exec", pid: 2, atUs: 1, parent: 1, exe: path, argv, cwd });
      expect(parseRecorderLine(`write 2 1 rename done 1 ${encoded(path)} ${encoded(cwd)}`)).toMatchObject({
        ...{ path, to: cwd },
      });
    }),
  );
});
