// The proxy's parsers on bytes from anywhere: they say yes, or they say no by name, and how the bytes were cut into pieces is nothing to them.

import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { watchBody } from "../../src/egress/body.ts";
import { BodyReader } from "../../src/egress/body-reader.ts";
import { destinationOf } from "../../src/egress/destination.ts";
import { FrameReader, frame } from "../../src/egress/frames.ts";
import { BadMessage, type Framing, parseRequestHead, parseResponseHead } from "../../src/egress/head.ts";
import { Intake } from "../../src/egress/intake.ts";
import { endToEnd, requestText } from "../../src/egress/message.ts";
import { readOutsideProxy } from "../../src/egress/outside-proxy.ts";
import { readPreface } from "../../src/egress/peer.ts";

/** Bytes cut at places that the numbers choose. */
function cut(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const at = [...new Set(cuts.map((one) => one % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length)).filter(({ length }) => length > 0);
}

/** A reader of these pieces and then the end. */
function intakeOf(pieces: readonly Buffer[]): Intake {
  const stream = new PassThrough();
  const intake = new Intake(stream as unknown as Socket);
  for (const piece of pieces) stream.write(piece);
  stream.end();
  return intake;
}

/** What a parser made of it: a value, or the word of its refusal. Anything else that is thrown fails the test. */
async function verdict<T>(parse: () => T | Promise<T>): Promise<{ value: T } | { refused: string }> {
  try {
    return { value: await parse() };
  } catch (error) {
    if (error instanceof BadMessage) return { refused: error.message };
    throw error;
  }
}

const CHUNKED: Framing = { kind: "chunked" };
/** Mostly a chunked body, sometimes spoiled. */
const chunkish = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .uint8Array({ minLength: 1, maxLength: 40 })
          .map((data) => Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")])),
      },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom(
            "0\r\n\r\n",
            "\r\n",
            "\n",
            "5;x\r\n",
            "0\r\nHost: a\r\n\r\n",
            "0\r\nX: a\r\n\r\n",
            "-1\r\n",
            "0",
          )
          .map((text) => Buffer.from(text)),
      },
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]));
const cuts = fc.array(fc.nat(), { maxLength: 20 });

describe("bodies", () => {
  it("a chunked body is the same however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(chunkish, cuts, async (bytes, at) => {
        const read = (pieces: readonly Buffer[]) =>
          verdict(async () => {
            const reader = new BodyReader(intakeOf(pieces), CHUNKED);
            const all: Buffer[] = [];
            for (let next = await reader.next(); next !== undefined; next = await reader.next()) all.push(...next);
            return [reader.isComplete, Buffer.concat(all).toString("hex")];
          });
        expect(await read(cut(bytes, at))).toEqual(await read([bytes]));
      }),
    );
  });
  it("a watch never takes more than there is, and its data is part of what it takes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const piece = Buffer.from(bytes);
        const made = await verdict(() => watchBody(CHUNKED).take(piece));
        if ("refused" in made) return;
        expect(made.value.bytes).toBeLessThanOrEqual(piece.length);
        expect(made.value.data.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(made.value.bytes);
      }),
    );
  });
});

describe("heads", () => {
  const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
  const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
  it("arbitrary text is a head or a refusal", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 300 }), async (text) => {
        await verdict(() => parseRequestHead(text));
        await verdict(() => parseResponseHead(text));
        await verdict(() => destinationOf(parseRequestHead(`GET ${text} HTTP/1.1\r\nHost: ${text}`), undefined));
      }),
    );
  });
  it("a line ends with CRLF and with nothing less, wherever that stands", async () => {
    const pieces = fc.array(fc.constantFrom("\r\n", "\r", "\n", "\0", "a", ": "), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(pieces, async (all) => {
        const text = `GET /\r\nHost: a${all.join("")}`;
        const isBroken = text.split("\r\n").some((line) => /[\0\r\n]/.test(line));
        const refused = await verdict(() => parseRequestHead(text));
        expect("refused" in refused && refused.refused === "line-end").toBe(isBroken);
      }),
    );
  });
  it("what is written is read as one request with the same fields, whatever the client said", async () => {
    const fields = fc.array(fc.record({ name: token, value }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(token, fc.stringMatching(/^\/[!-"$-~]{0,30}$/), fields, async (method, target, given) => {
        const text = [
          `${method} ${target} HTTP/1.1`,
          "Host: a.test",
          ...given.map((one) => `${one.name}: ${one.value}`),
        ].join("\r\n");
        const made = await verdict(() => parseRequestHead(text));
        if ("refused" in made) return;
        const to = { scheme: "http", host: "a.test", port: 80 } as const;
        const head = made.value;
        const written = requestText({
          ...{ method, target, fields: endToEnd(head), framing: head.framing, to, upgrade: false, forward: undefined },
        });
        expect(written.match(/\r\n\r\n/g)).toHaveLength(1);
        const again = parseRequestHead(written.slice(0, -4));
        expect([again.method, again.target, again.framing]).toEqual([method, target, head.framing]);
        expect(
          endToEnd(again).filter(({ name }) => !/^(?:content-length|transfer-encoding|trailer)$/i.test(name)),
        ).toEqual(endToEnd(head).filter(({ name }) => !/^(?:content-length|transfer-encoding|trailer)$/i.test(name)));
      }),
    );
  });
});

describe("frames", () => {
  const messages = fc.array(
    fc.record({
      isLast: fc.constant(true),
      opcode: fc.constantFrom(1, 2, 8, 9, 10),
      payload: fc.uint8Array({ maxLength: 120 }),
    }),
    { maxLength: 6 },
  );
  it.each(["client", "server"] as const)("written to a %s are read back, however they are cut", async (to) => {
    await fc.assert(
      fc.asyncProperty(messages, cuts, async (all, at) => {
        const bytes = Buffer.concat(all.map((one) => frame(one, Buffer.from(one.payload), to)));
        const reader = new FrameReader(intakeOf(cut(bytes, at)), to === "server" ? "client" : "server");
        const got: [number, string][] = [];
        for (let head = await reader.head(); head !== undefined; head = await reader.head()) {
          const parts: Buffer[] = [];
          for await (const piece of reader.payload(head)) parts.push(piece);
          got.push([head.opcode, Buffer.concat(parts).toString("hex")]);
        }
        expect(got).toEqual(all.map((one) => [one.opcode, Buffer.from(one.payload).toString("hex")]));
      }),
    );
  });
  it("arbitrary bytes are frames or a refusal", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), cuts, async (bytes, at) => {
        await verdict(async () => {
          const reader = new FrameReader(intakeOf(cut(Buffer.from(bytes), at)), "client");
          for (let head = await reader.head(); head !== undefined; head = await reader.head())
            for await (const piece of reader.payload(head)) expect(piece.length).toBeGreaterThan(0);
        });
      }),
    );
  });
});

describe("what stands before all", () => {
  it("arbitrary bytes behind the signature are a preface or a refusal", async () => {
    const signature = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
    const head = fc.tuple(fc.constantFrom(0x20, 0x21, 0x11), fc.constantFrom(0, 0x11, 0x21, 0x12), fc.nat({ max: 60 }));
    await fc.assert(
      fc.asyncProperty(head, fc.uint8Array({ maxLength: 80 }), async ([command, family, length], rest) => {
        const bytes = Buffer.concat([signature, Buffer.from([command, family, 0, length]), Buffer.from(rest)]);
        const made = await verdict(() => readPreface(intakeOf([bytes])));
        if ("value" in made && made.value?.turned !== undefined) expect(made.value.turned.port).toBeGreaterThan(0);
      }),
    );
  });
  it("arbitrary proxy variables are read or refused", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.domain(), (proxy, skip, host) => {
        const read = readOutsideProxy({ HTTPS_PROXY: proxy, NO_PROXY: skip });
        if (read.ok) read.value?.({ scheme: "tls", host, port: 443 });
      }),
    );
  });
});
