// Every system call of a writer fails once: while a log is begun, gone on with behind a torn end, appended to, signed, given new
// keys, closed, and continued in a new segment. Nothing that was acknowledged is lost, no verdict is a false one, and the next
// writer goes on. `SLOW=1` tries all of them (some two thousand); otherwise a spread of them.
import { once } from "node:events";
import { appendFileSync, cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AppendBed, claim } from "../support/append-bed.ts";
import { FaultBed, SIX } from "../support/fault-sweep.ts";
import { type FaultPoint, spread } from "../support/fault-trace.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const OFTEN = ["--epoch-every", "3", "--checkpoint-every", "2"];

async function sweep(name: string, bed: FaultBed, points: readonly FaultPoint[]): Promise<void> {
  const wrong: string[] = [];
  const refused = new Map<string, string[]>();
  const words = new Map<string, number>();
  for (const point of points) {
    const label = `${point.call} ${point.at} ${point.fault}`;
    const outcome = await bed.fail(point);
    if (outcome.wrong !== undefined) wrong.push(`${label}: ${outcome.wrong} (${outcome.verdict})`);
    if (outcome.refused !== undefined) refused.set(outcome.refused, [...(refused.get(outcome.refused) ?? []), label]);
    const word = outcome.verdict.split(/[( ]/)[0] ?? "";
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  const tally = [...words].map(([word, count]) => `${word} ${count}`).join(", ");
  process.stdout.write(`${name}: ${points.length} faults; ${tally}; ${refused.size} kinds of refusal\n`);
  expect(wrong).toEqual([]);
  // A fault that has passed stops nobody.
  expect([...refused]).toEqual([]);
}

describe("every system call fails once", { timeout: 3_600_000 }, () => {
  it("while a log is begun", async (context) => {
    needs(context, "helper", "strace");
    const bed = new FaultBed(tmp(), { input: SIX, args: OFTEN });
    await sweep("begun", bed, spread(await bed.points(), 7));
  });

  it("while a log is gone on with behind a torn end", async (context) => {
    needs(context, "helper", "strace");
    const append = new AppendBed();
    const writer = append.start(...OFTEN);
    writer.say(SIX);
    for (let n = 0; n < 6; n += 1) await writer.answer();
    writer.child.kill("SIGKILL");
    await once(writer.child, "close");
    appendFileSync(join(append.dir, "log/000000000000.jsonl"), '{"v":1,"seq":');
    const bed = new FaultBed(append.folder, { template: template(append), input: SIX, args: OFTEN });
    await sweep("gone on with", bed, spread(await bed.points(), 7));
  });

  it("while a new segment begins", async (context) => {
    needs(context, "helper", "strace");
    const append = new AppendBed();
    const long = JSON.stringify({ type: "tool.call", data: { n: 0, text: "x".repeat(60_000) } });
    append.append(`${long}\n`.repeat(1119));
    const bed = new FaultBed(append.folder, {
      template: template(append),
      input: `${claim(1)}`.repeat(2),
      only: /\/log\/log/,
    });
    await sweep("new segment", bed, spread(await bed.points(), 3));
  });
});

/** What is there now, to begin each run from. */
function template(bed: AppendBed): string {
  const folder = join(tmp(), "template");
  mkdirSync(folder);
  for (const name of ["log", "state"]) cpSync(join(bed.folder, name), join(folder, name), { recursive: true });
  return folder;
}
