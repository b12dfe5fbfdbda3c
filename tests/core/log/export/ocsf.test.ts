// Every record type of the closed list as an OCSF 1.9.0 event, checked with the schema's own rules (a compact table of it, see there).
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { attest, type ChainPlace, type ExportedDamage, jcs, ocsfEvent } from "#core/log/export";
import { everything, exported, recordTypes, SAMPLES, STREAM } from "../../../support/exported.ts";
import { ocsfFaults } from "../../../support/published/ocsf.ts";

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
const chain = { uid: "c", authority: "ringfence-machine-0123456789abcdef" };
const plain = (event: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(event)) as Record<string, unknown>;

describe("OCSF", () => {
  it("finds the closed list in record.ts, and a sample of each type", () => {
    expect(recordTypes().length).toBeGreaterThan(25);
    expect(recordTypes().filter((type) => SAMPLES[type] === undefined && !type.startsWith("epoch."))).toEqual([]);
  });

  it.each(everything().map((each) => [each.record.type, each] as const))("%s is an event of the schema", (_, each) => {
    const { event } = attest(ocsfEvent(each, STREAM), chain, sha256);
    expect(ocsfFaults(plain(event))).toEqual([]);
  });

  it.each(recordTypes().filter((type) => type !== "other"))("%s has a class of its own, not the base event", (type) => {
    const event = ocsfEvent(exported(type, SAMPLES[type]?.[0] ?? {}), STREAM);
    expect(event["class_uid"]).not.toBe(0);
  });

  it("exports an unknown type as a base event with its data unmapped", () => {
    const event = ocsfEvent(exported("other.thing", SAMPLES["other.thing"]?.[0]), STREAM);
    expect(event).toMatchObject({ class_uid: 0, unmapped: { any: [1, null, { deep: true }] } });
  });

  it("is checked by rules that find what is wrong", () => {
    const good = plain(ocsfEvent(exported("net.connect", SAMPLES["net.connect"]?.[0]), STREAM));
    expect(ocsfFaults(good)).toEqual([]);
    const { actor: _, ...without } = plain(ocsfEvent(exported("tool.call", SAMPLES["tool.call"]?.[0]), STREAM));
    expect(ocsfFaults(without)).toEqual(["actor is required"]);
    expect(ocsfFaults({ ...good, made_up: 1 })).toEqual(["made_up is unknown"]);
    expect(ocsfFaults({ ...good, severity_id: 7 })).toEqual(["severity_id has no value 7"]);
    expect(ocsfFaults({ ...good, severity: "High" })).toEqual(["severity_id is Informational, not High"]);
    expect(ocsfFaults({ ...good, time: "now" })).toEqual(['time is no timestamp_t: "now"']);
    expect(ocsfFaults({ ...good, dst_endpoint: { port: 1 } })[0]).toMatch(/dst_endpoint.: none of/);
    expect(ocsfFaults({ ...good, dst_endpoint: { hostname: "a", port: 70_000 } })).toEqual([
      "dst_endpoint.port is no port_t: 70000",
    ]);
    const metadata = { ...(good["metadata"] as object), profiles: ["ai_operation"] };
    expect(ocsfFaults({ ...good, metadata })).toContain("action_id needs the profile security_control");
    expect(ocsfFaults({ ...good, type_uid: 1 })).toEqual(["type_uid is not class_uid * 100 + activity_id"]);
  });

  it("says damage as a finding", () => {
    const damage: ExportedDamage = {
      ...{
        kind: "damage",
        damage: "framing",
        seq: 4,
        file: "log/000000000000.jsonl",
        offset: 900,
        bytes: 3,
        text: "xyz",
      },
      ...{ hash: "ab".repeat(32), ts: "2026-11-25T14:51:18.553Z" },
    };
    const { event } = attest(ocsfEvent(damage, STREAM), chain, sha256);
    expect(ocsfFaults(plain(event))).toEqual([]);
    expect(event).toMatchObject({ class_uid: 2004, is_alert: true, severity_id: 4 });
  });

  it("chains events: any change, and any event taken out, breaks a fingerprint", () => {
    let before: ChainPlace | undefined;
    const events = everything()
      .slice(0, 12)
      .map((each) => {
        const attested = attest(ocsfEvent(each, STREAM), { ...chain, before }, sha256);
        before = attested.place;
        return plain(attested.event);
      });
    expect(chainFault(events)).toBe(-1);
    events.forEach((_, at) => {
      if (at > 0) expect(chainFault(events.toSpliced(at, 1))).toBe(at === events.length - 1 ? -1 : at);
      expect(chainFault(events.with(at, { ...events[at], message: "changed" }))).toBe(at);
    });
  });

  it("cuts ten million characters and says so", () => {
    const event = ocsfEvent(
      exported("tool.result", { data: { tool: "Bash", output: "x".repeat(10_000_000) } }),
      STREAM,
    );
    expect(jcs(event).length).toBeLessThan(200_000);
    expect(event["metadata"]).toMatchObject({ is_truncated: true, untruncated_size: 10_000_000 });
    expect(ocsfFaults(plain(attest(event, chain, sha256).event))).toEqual([]);
  });
});

/** The check that a receiver makes; -1 when the chain holds. */
function chainFault(events: readonly Record<string, unknown>[]): number {
  let last: string | undefined;
  for (const [at, event] of events.entries()) {
    const [attestation] = event["attestation_list"] as [Record<string, unknown>];
    const { fingerprint, ...rest } = attestation as {
      fingerprint: { value: string };
      prev_event?: { fingerprint: { value: string } };
    };
    if (rest.prev_event?.fingerprint.value !== last && at > 0) return at;
    const counted = createHash("sha256")
      .update(jcs({ ...event, attestation_list: [rest] } as never))
      .digest("hex");
    if (counted !== fingerprint.value) return at;
    last = fingerprint.value;
  }
  return -1;
}
