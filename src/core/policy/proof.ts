// A judgement as a page for a person: the verdict, the tree of simple commands with the reason for each, and what would change it. It fits
// one screen; what is left out is counted, never hidden. Lines are not escaped: the door that prints them does that.
import type { Reason } from "../decision.ts";
import type { Verdict } from "../verdict.ts";
import { explainReason, tellingReasons } from "./explain.ts";
import type { JudgedCommand, Judgement } from "./judge.ts";

/** The lines of one screen. */
export const SCREEN = 24;
const WIDTH = 110;

interface Entry {
  readonly verdict: Verdict;
  readonly head: string;
  readonly why: readonly string[];
}

/** The page. The first line is the verdict alone; `advice` (advice.ts) stands at the end, each as a `hint:`. */
export function proofLines(judgement: Judgement, advice: readonly string[]): readonly string[] {
  const inTree = new Set(allReasons(judgement.commands));
  const entries = [
    ...judgement.reasons.filter((reason) => !inTree.has(reason)).map(entryOf),
    ...tree(judgement.commands, 0),
  ];
  const hints = advice.slice(0, 10).map((line) => (line.startsWith(" ") ? line : `hint: ${line}`));
  return [judgement.verdict, ...fitted(entries, judgement.verdict, SCREEN - 1 - hints.length), ...hints];
}

function entryOf(reason: Reason): Entry {
  return {
    verdict: reason.verdict,
    head: headOf(reason.verdict, reason.subject, 0),
    why: [`        ${explainReason(reason)}`],
  };
}

function tree(commands: readonly JudgedCommand[], depth: number): readonly Entry[] {
  return commands.flatMap((command) => [
    {
      verdict: command.verdict,
      head: headOf(command.verdict, command.text, depth),
      why: [...new Set(tellingReasons(command.reasons).map((reason) => whyOf(reason, command.text, depth)))],
    },
    ...tree(command.inner, depth + 1),
  ]);
}

function headOf(verdict: Verdict, text: string, depth: number): string {
  return `${"  ".repeat(Math.min(depth, 8) + 1)}${verdict.padEnd(5)} ${cut(text)}`;
}

function whyOf(reason: Reason, text: string, depth: number): string {
  const about = reason.subject === text ? "" : `${cut(reason.subject)}: `;
  return `${"  ".repeat(Math.min(depth, 8) + 4)}${about}${explainReason(reason)}`;
}

/** All of it where there is room; otherwise first without the reasons of what passes, then without what passes, then cut. */
function fitted(entries: readonly Entry[], verdict: Verdict, room: number): readonly string[] {
  const lines = (some: readonly Entry[], whyFor: (entry: Entry) => boolean): readonly string[] =>
    some.flatMap((entry) => [entry.head, ...(whyFor(entry) ? entry.why : [])]);
  const all = lines(entries, () => true);
  if (all.length <= room) return all;
  const shorter = lines(entries, (entry) => entry.verdict === verdict);
  if (shorter.length <= room) return shorter;
  const deciding = entries.filter((entry) => entry.verdict === verdict);
  const kept: string[] = [];
  let shown = 0;
  for (const entry of deciding) {
    const next = [entry.head, ...entry.why.slice(0, 3)];
    if (kept.length + next.length > room - 1) break;
    kept.push(...next);
    shown++;
  }
  return [...kept, `  … and ${entries.length - shown} more (\`--json\` shows all)`];
}

function allReasons(commands: readonly JudgedCommand[]): readonly Reason[] {
  return commands.flatMap((command) => [...command.reasons, ...allReasons(command.inner)]);
}

function cut(text: string): string {
  const line = text.replaceAll(/\s*\n\s*/g, " ⏎ ");
  return line.length > WIDTH ? `${line.slice(0, WIDTH)}… (${line.length - WIDTH} more characters)` : line;
}
