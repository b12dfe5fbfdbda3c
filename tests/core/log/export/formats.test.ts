// Every record type in the other formats, each against what is published of it, and hostile content in all of them.
import { CloudEvent } from "cloudevents";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, RecordBody } from "#core/log";
import {
  asciiJson,
  bodyOf,
  cefLine,
  cloudEvent,
  ecsDocument,
  FORMATS,
  linesOf,
  otlpRecord,
  renderEvent,
} from "#core/log/export";
import { everything, exported, SAMPLES, STREAM } from "../../../support/exported.ts";
import { parseCef } from "../../../support/published/cef.ts";
import { ecsFaults } from "../../../support/published/ecs.ts";
import { decodeOtlp } from "../../../support/published/otlp.ts";

const each = everything().map((one) => [one.record.type, one] as const);
const sha256 = (): Uint8Array => new Uint8Array(32);
const plain = (value: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

describe("OTLP", () => {
  it.each(each)("%s goes to protobuf and back unchanged", (type, one) => {
    const { text } = bodyOf("otlp", [JSON.stringify(otlpRecord(one, STREAM))], STREAM);
    expect(decodeOtlp(text)[0]?.eventName).toBe(`ringfence.${type}`);
  });

  it("is decoded strictly", () => {
    const text = bodyOf(
      "otlp",
      [JSON.stringify({ ...otlpRecord(exported("prompt"), STREAM), made_up: "x" })],
      STREAM,
    ).text;
    expect(() => decodeOtlp(text)).toThrow("not what was sent");
    expect(() =>
      decodeOtlp(
        text.replace(/"severityNumber":9,"/, '"severityNumber":"INFO","').replace('"made_up":"x"', '"flags":0'),
      ),
    ).toThrow();
  });

  it("has nanoseconds as text, and the GenAI names of a tool's call", () => {
    const record = otlpRecord(exported("tool.call", SAMPLES["tool.call"]?.[2]), STREAM);
    expect(record).toMatchObject({ timeUnixNano: `${Date.parse("2026-11-25T14:51:18.553Z")}000000` });
    expect(JSON.stringify(record)).toContain('{"key":"gen_ai.tool.call.id","value":{"stringValue":"t1"}}');
  });
});

describe("ECS", () => {
  it.each(each)("%s is a document of the schema", (_, one) => {
    expect(ecsFaults(plain(ecsDocument(one, STREAM)))).toEqual([]);
  });

  it("is checked by rules that find what is wrong", () => {
    const good = plain(ecsDocument(exported("net.close", SAMPLES["net.close"]?.[0]), STREAM));
    expect(ecsFaults({ ...good, destination: { ports: 1 } })).toEqual(["destination.ports is no field"]);
    expect(ecsFaults({ ...good, event: { ...(good["event"] as object), type: ["deletion"] } })).toEqual([
      "network expects no deletion",
    ]);
  });
});

describe("CloudEvents", () => {
  it.each(each)("%s is an event for the SDK, in strict mode", (type, one) => {
    const event = new CloudEvent(plain(cloudEvent(one, STREAM)), true);
    expect(event.validate()).toBe(true);
    expect(event.type).toBe(`dev.ringfence.${type}`);
  });

  it("travels alone or as a batch", () => {
    const text = JSON.stringify(cloudEvent(exported("prompt"), STREAM));
    expect(bodyOf("cloudevents", [text], STREAM)).toEqual({ type: "application/cloudevents+json", text });
    expect(bodyOf("cloudevents", [text, text], STREAM)).toEqual({
      type: "application/cloudevents-batch+json",
      text: `[${text},${text}]`,
    });
  });
});

describe("CEF", () => {
  it.each(each)("%s is a line that a reader of the format takes apart", (type, one) => {
    const { header, extension } = parseCef(cefLine(one, STREAM));
    expect(header.slice(0, 5)).toEqual(["CEF:0", "Ringfence", "Ringfence", "0.1.0", type]);
    expect(extension.get("externalId")).toBe(String(one.record.seq));
  });

  it("keeps a separator apart from a value that looks like one", () => {
    const path = "/w/a=b|c\\ act=allowed\nrt=0\r";
    const { extension } = parseCef(cefLine(exported("file.write", { data: { path, operation: "create" } }), STREAM));
    expect(extension.get("filePath")).toBe(path);
    expect(extension.get("act")).toBe("observed");
  });
});

const HOSTILE = [
  "a\nb\r\nc",
  "\u0000\u0001\u001b[31m\u007f\u0085",
  "\ud800",
  "x\udfffy",
  "\u2028\u2029\ufeff",
  'a|b=c\\d"e]f',
  "CEF:0|x|y|1|z|",
  '{"v":1,"seq":0}',
  "<13>1 - - - - -",
  "💥\u202etxt.exe",
  "__proto__",
] as const;

describe("hostile content", () => {
  const body = (text: string): Partial<RecordBody> => ({
    actor: { agent: text, exe: text, pid: 4, tool_use_id: text },
    data: Object.fromEntries([
      ["path", text],
      ["argv", [text]],
      ["host", text],
      ["tool", text],
      ["text", text],
      [text, { [text]: text }],
    ] as [string, Json][]),
  });

  it.each(FORMATS)("%s stays one well-formed line", (format) => {
    for (const text of HOSTILE)
      for (const type of ["file.write", "exec.start", "net.connect", "tool.call", "prompt", "other.thing"]) {
        const one = exported(type, body(text));
        const rendered = renderEvent(one, { format, stream: STREAM, chainUid: "c", sha256 }, { most: 100_000 }).text;
        for (const line of linesOf(format, [rendered], STREAM)) {
          expect(line).not.toMatch(/[\n\r\0]/);
          if (format === "cef") expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
          else expect(JSON.parse(line)).toBeTypeOf("object");
          // The exact lines of the log spell a lone half as an escape; no other format has one at all.
          if (format !== "jsonl") expect(Buffer.from(line).toString() === line && !/\\ud[89a-f]/.test(line)).toBe(true);
        }
      }
  });

  it("keeps a key called __proto__ a key", () => {
    const one = exported("other.thing", {
      data: JSON.parse('{"__proto__":{"polluted":1},"a":1}') as RecordBody["data"],
    });
    expect(JSON.stringify(cloudEvent(one, STREAM))).toContain('"__proto__":{"polluted":1}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it("takes nothing an agent says for a reference or an escape of the log", () => {
    const data = { text: { $blob: "0".repeat(64), bytes: 1 }, $c: "x" } as unknown as RecordBody["data"];
    const event = cloudEvent(exported("other.thing", { data }), STREAM) as { data: { data: unknown } };
    expect(event.data.data).toEqual({ text: { $blob: "0".repeat(64), bytes: 1 }, $c: "x" });
  });

  it("leaves a commitment a commitment, and says a value only where it was handed in", () => {
    const digest = "ab".repeat(32);
    const made = exported("prompt", { data: { text: "HERE" } });
    const line = made.line.replace('"HERE"', `{"$c":"${digest}","n":6}`);
    const record = { ...made.record, data: { text: { $c: digest, n: 6 } } };
    for (const format of FORMATS) {
      const rendering = { format, stream: STREAM, chainUid: "c", sha256 };
      const kept = renderEvent({ ...made, line, record }, rendering, { most: 10_000 }).text;
      expect(kept).toContain(digest);
      const told = renderEvent({ ...made, line, record, beside: new Map([[digest, "secret"]]) }, rendering, {
        most: 10_000,
      }).text;
      expect(told.includes("secret")).toBe(format !== "jsonl");
    }
  });

  it("never grows far beyond its room, whatever the data", () => {
    const json = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: "binary", maxLength: 3000 }),
        fc.maxSafeInteger(),
        fc.constant(null),
        fc.array(tie("value"), { maxLength: 20 }),
        fc.dictionary(fc.string({ maxLength: 40 }), tie("value"), { maxKeys: 20 }),
      ),
    })).value;
    const types = fc.constantFrom(...Object.keys(SAMPLES));
    fc.assert(
      fc.property(
        types,
        fc.dictionary(fc.constantFrom("path", "tool", "input", "argv", "host", "rule", "reason", "x", "y"), json),
        (type, data) => {
          const one = exported(type, { data });
          for (const format of FORMATS.filter((name) => name !== "jsonl")) {
            const { text } = renderEvent(one, { format, stream: STREAM, chainUid: "c", sha256 }, { most: 512 });
            expect(asciiJson(text).length).toBeLessThan(24_000);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
