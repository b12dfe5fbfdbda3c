// Every system call by which a session's supervisor keeps its record fails once and is killed at once: on a machine's first session, on a new
// day (when the machine's key moves on), and beside another session that appends to the same ledger. `SLOW=1` tries all of them (some
// five hundred); otherwise a spread of them.
import { beforeEach, describe, expect, it } from "vitest";
import { eachTwice, type FaultPoint, spread } from "../support/fault-trace.ts";
import { needs } from "../support/needs.ts";
import { SessionFaultBed } from "../support/session-fault-bed.ts";
import { tmp } from "../support/tmp.ts";

beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper", "strace"));

async function sweep(name: string, bed: SessionFaultBed, points: readonly FaultPoint[]): Promise<void> {
  const wrong: string[] = [];
  const ends = new Map<string, number>();
  let missed = 0;
  for (const point of points) {
    const outcome = await bed.fail(point);
    const label = `${point.call} ${point.at} ${point.fault}`;
    if (outcome.wrong !== undefined) {
      wrong.push(`${label}: ${outcome.wrong} [${outcome.verdict}] ${outcome.hits[0]}`);
      process.stdout.write(`${name}: ${wrong.at(-1)}\n`);
    }
    const end = `${outcome.status} ${outcome.verdict.split(/[( ]/)[0]}`;
    ends.set(end, (ends.get(end) ?? 0) + 1);
    if (outcome.hits.length === 0) missed += 1;
  }
  const tally = [...ends].map(([end, count]) => `${end} ×${count}`).join(", ");
  process.stdout.write(`${name}: ${points.length} faults, ${missed} missed; ${tally}\n`);
  expect(wrong).toEqual([]);
}

describe("every system call of a session's record fails once", { timeout: 7_200_000 }, () => {
  it("on a machine's first session", async () => {
    const bed = new SessionFaultBed(tmp());
    await sweep("first", bed, spread(eachTwice(await bed.points()), 2));
  });

  it("on a new day", async () => {
    const bed = new SessionFaultBed(tmp(), { only: /\/(?:keys|log\/(?:ledger|hwm|resume))(?:\/|$)/ });
    bed.begin();
    await sweep("new day", bed, spread(eachTwice(await bed.points()), 2));
  });

  it("beside a session that appends to the same ledger", async () => {
    const bed = new SessionFaultBed(tmp(), { beside: true, only: /\/(?:keys|log\/(?:ledger|resume))(?:\/|$)/ });
    bed.begin();
    await sweep("beside", bed, spread(eachTwice(await bed.points()), 2));
  });
});
