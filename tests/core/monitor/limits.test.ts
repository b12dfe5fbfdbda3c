// The pure parts of limits: what is said of a hit, and the bucket that lets a burst pass and no flood.
import { describe, expect, it } from "vitest";
import { limitRate } from "../../../src/monitor/limits/event-rate.ts";
import { bytesText, hitText } from "../../../src/monitor/limits/hit.ts";

const RECORD = { type: "file.write", origin: "observed", data: {} } as const;

describe("the rate of records", () => {
  it("lets ten seconds' worth come at once, and a rate that is not above the limit for ever", async () => {
    let now = 0;
    const hits: number[] = [];
    const append = limitRate(async () => 0, { perSecond: 10, onHit: (rate) => hits.push(rate), now: () => now });
    for (let count = 0; count < 100; count++) await append(RECORD);
    expect(hits).toEqual([]);
    for (now = 100; now <= 100_000; now += 100) await append(RECORD);
    expect(hits).toEqual([]);
    await append(RECORD);
    await append(RECORD);
    expect(hits).toEqual([10]); // once
  });
});

describe("what is said of a hit", () => {
  it.each([
    [
      { limit: "disk", most: 200 * 2 ** 20, value: 312 * 2 ** 20 },
      "the disk limit of this session is reached (312 MB of 200 MB)",
    ],
    [{ limit: "timeout", most: 1_000 }, "the timeout limit of this session is reached (1 s)"],
    [{ limit: "files", most: 3, value: 4 }, "the files limit of this session is reached (4 of 3)"],
    [{ limit: "eventRate", most: 100 }, "the eventRate limit of this session is reached (100 a second)"],
    [{ limit: "disk", why: "the disk is full" }, "the disk limit of this session is reached (the disk is full)"],
    [{ limit: "logBytes" }, "the logBytes limit of this session is reached"],
  ] as const)("%j", (hit, text) => expect(hitText(hit)).toBe(text));

  it.each([
    [0, "0 bytes"],
    [1023, "1023 bytes"],
    [1536, "1.5 KB"],
    [5 * 2 ** 30, "5 GB"],
  ])("%d bytes", (bytes, text) => expect(bytesText(bytes)).toBe(text));
});
