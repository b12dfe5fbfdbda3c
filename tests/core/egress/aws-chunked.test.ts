// The framing of AWS's uploads, undone before a body is looked through.
import { expect, it } from "vitest";
import { undoAwsChunked } from "../../../src/egress/leak/aws-chunked.ts";

const undone = (text: string): string => undoAwsChunked(Buffer.from(text), { maxOutputLength: 1000 }).toString();

it("joins the pieces, and keeps what stands in extensions and trailers behind them", () => {
  expect(undone("3\r\nabc\r\n2;chunk-signature=00\r\nde\r\n0\r\nx-amz-checksum-crc32:AAA=\r\n\r\n")).toBe(
    "abcde\n\n;chunk-signature=00\n\nx-amz-checksum-crc32:AAA=\n",
  );
  expect(undone("0\r\n\r\n")).toBe("\n\n");
});

it.each([
  "",
  "3\r\nab\r\n0\r\n\r\n",
  "3\r\nabcd\r\n0\r\n\r\n",
  "zz\r\n",
  "3\r\nabc\r\n",
  "0\r\nx",
  `${"9".repeat(9)}\r\n`,
])("refuses %j", (text) => {
  expect(() => undone(text)).toThrow();
});
