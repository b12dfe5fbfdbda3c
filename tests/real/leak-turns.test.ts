// A long body is looked through in turns: others are served in between, nothing passes before it was looked at, and what is found stays found.
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { LeakSearch } from "#core/leak";
import { leakFilter, unpack } from "#egress";
import { Turns } from "../../src/egress/leak/turns.ts";

const SECRET = randomBytes(24).toString("base64url");
const search = new LeakSearch([{ name: "s", value: Buffer.from(SECRET) }], unpack);
const request = {
  ...({ scheme: "https", host: "api.example.com", port: 443, method: "POST", target: "/v1" } as const),
  fields: [],
};

/** Words of a text that has a little of everything. */
function text(size: number): string {
  const line = (at: number): string =>
    JSON.stringify({
      at,
      name: `item ${at}`,
      digest: randomBytes(32).toString("base64"),
      note: "a few words, and more",
    });
  return Array.from({ length: Math.ceil(size / 110) }, (_, at) => line(at)).join("\n");
}

/** What came out, and how often the event loop went round meanwhile. */
async function sent(body: string): Promise<{ readonly out: string; readonly reason: string; readonly rounds: number }> {
  let rounds = 0;
  let isOver = false;
  const around = (): void => {
    rounds += 1;
    if (!isOver) setImmediate(around);
  };
  setImmediate(around);
  const begun = await leakFilter({ search: () => search, mayRead: () => true }).begin(request);
  const up = begun !== undefined && "up" in begun ? begun.up : undefined;
  const out: Buffer[] = [];
  let reason = "";
  const bytes = Buffer.from(body);
  const asks = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, at) => {
    const piece = bytes.subarray(at * 65_536, (at + 1) * 65_536);
    return () => up?.take(piece);
  });
  for (const ask of [...asks, () => up?.end()]) {
    const made = (await ask()) ?? [];
    if ("reason" in made) {
      reason = made.reason;
      break;
    }
    out.push(...made);
  }
  isOver = true;
  return { out: Buffer.concat(out).toString(), reason, rounds };
}

describe("a long body", () => {
  it("passes whole, and others are served meanwhile", async () => {
    const body = text(1_500_000);
    const { out, reason, rounds } = await sent(body);
    expect({ reason, isSame: out === body }).toEqual({ reason: "", isSame: true });
    expect(rounds).toBeGreaterThan(10);
  });

  it("is refused where the secret stands, wherever that is, and nothing of it has come out", async () => {
    const body = text(600_000);
    for (const at of [10, 262_100, 300_000, body.length - 5]) {
      const { out, reason } = await sent(`${body.slice(0, at)}${SECRET}${body.slice(at)}`);
      expect(reason).toBe("secret-in-body");
      expect(out.length).toBeLessThanOrEqual(at);
    }
  });
});

describe("turns", () => {
  function* steps(count: number, name: string, log: string[]): Generator<void, string> {
    for (let at = 0; at < count; at += 1) {
      const until = performance.now() + 1;
      while (performance.now() < until) log.length; // a millisecond of work
      yield;
    }
    log.push(name);
    return name;
  }

  it("answer at once what is short, and let nothing long keep a later one waiting to its end", async () => {
    const turns = new Turns();
    const log: string[] = [];
    expect(turns.run(steps(0, "short", log))).toBe("short");
    const long = turns.run(steps(120, "long", log));
    const later = turns.run(steps(12, "later", log));
    expect([long instanceof Promise, later instanceof Promise]).toEqual([true, true]);
    expect(await Promise.all([long, later])).toEqual(["long", "later"]);
    expect(log).toEqual(["short", "later", "long"]);
  });

  it("hand on what a search throws", async () => {
    const turns = new Turns();
    function* bad(): Generator<void, string> {
      const until = performance.now() + 20;
      while (performance.now() < until) yield;
      throw new Error("broken");
    }
    await expect((async () => turns.run(bad()))()).rejects.toThrow("broken");
  });
});
