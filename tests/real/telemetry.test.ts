// Telemetry left at the proxy itself: on record as claimed where the policy asks for it, a bad request like any other where it does not.
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { RecordBody } from "#core/log";
import { telemetryReceiver } from "../../src/monitor/telemetry/receiver.ts";
import { bed, talk } from "../support/proxy-bed.ts";

const EVENT = JSON.stringify({
  resourceLogs: [
    {
      scopeLogs: [
        {
          logRecords: [
            { eventName: "codex.user_prompt", attributes: [{ key: "prompt", value: { stringValue: "go" } }] },
          ],
        },
      ],
    },
  ],
});

function left(path: string, body: string | Buffer, extra = "Content-Type: application/json\r\n"): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:3128\r\n${extra}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

async function answers(
  ...requests: readonly Buffer[]
): Promise<{ codes: readonly string[]; records: readonly RecordBody[] }> {
  const records: RecordBody[] = [];
  const append = async (body: RecordBody): Promise<number> => records.push(body);
  const { socketPath } = await bed({ allow: [], append, own: telemetryReceiver(append) });
  const said = await talk(socketPath, Buffer.concat(requests));
  return { codes: said.match(/HTTP\/1\.1 \d+/g)?.map((one) => one.slice(9)) ?? [], records };
}

describe("telemetry at the proxy", () => {
  test("is taken, also packed, request after request", async () => {
    const packed = left("/v1/logs", gzipSync(EVENT), "Content-Type: application/json\r\nContent-Encoding: gzip\r\n");
    const { codes, records } = await answers(left("/v1/logs", EVENT), packed, left("/v1/metrics", "{}"));
    expect(codes).toEqual(["200", "200", "200"]);
    const want = { type: "prompt", origin: "claimed", actor: { agent: "codex" }, data: { via: "otel", text: "go" } };
    expect(records).toMatchObject([want, want]);
  });
  test("that is none is refused, and nothing of it is on record", async () => {
    const { codes, records } = await answers(
      left("/v1/logs", "{"),
      left("/v1/logs", EVENT, "Content-Type: application/x-protobuf\r\n"),
      left("/elsewhere", EVENT),
      left("/v1/logs", "no gzip", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"),
    );
    expect(codes).toEqual(["400", "415", "404", "400"]);
    expect(records).toEqual([]);
  });
  test("that is too large is refused and ends the connection", async () => {
    const { codes } = await answers(left("/v1/logs", Buffer.alloc(9 * 1024 * 1024, " ")));
    expect(codes).toEqual(["413"]);
  });
  test("without anybody who takes it is a bad request, and no GET leads to anybody", async () => {
    const { socketPath } = await bed({ allow: [] });
    expect(await talk(socketPath, left("/v1/logs", EVENT))).toMatch(/^HTTP\/1\.1 400/);
    const got = await answers(Buffer.from("GET /v1/logs HTTP/1.1\r\nHost: 127.0.0.1:3128\r\n\r\n"));
    expect(got.codes).toEqual(["400"]);
  });
});
