// The demo's one screen: act by act, outside and inside; at most 40 lines of 100 columns, plain words. Pure.
import { forTerminal } from "#core/text";
import type { DemoReport, Finding } from "#monitor";

const MARKS = { holds: "✓", fails: "✗", skipped: "–" } as const;
const COLORS = { holds: 32, fails: 31, skipped: 33 } as const;

/** Why the demo does not exit 0: one line each, naming the act. */
export function demoFailures(report: DemoReport): readonly string[] {
  const acts = report.findings.filter(({ result }) => result === "fails");
  return [
    ...acts.map(({ act, inside }) => `${act.name}: ${inside}`),
    ...(report.leaked > 0 ? [`${report.leaked} messages reached the collector from inside`] : []),
    ...(report.leftBehind ? [`the session's folder is still there: ringfence discard ${report.session}`] : []),
    ...(report.log.holds ? [] : [`the log does not verify: ${report.log.words}`]),
  ];
}

/** The whole screen, ending in a line feed. */
export function demoScreen(report: DemoReport, options: { readonly color: boolean }): string {
  const paint = (code: number, text: string): string => (options.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const row = ({ act, outside, inside, result }: Finding): string =>
    `${paint(COLORS[result], MARKS[result])} ${column(act.title, 34)} ${column(outside, 22)} ${column(inside, 38)}`.trimEnd();
  const honest = report.findings.filter(({ act }) => act.honest);
  const thefts = report.findings.filter(({ act }) => !act.honest);
  const failures = demoFailures(report);
  const lines = [
    paint(1, `  ${column("what the agent tries", 34)} ${column("outside the fence", 22)} inside the fence`),
    "its work",
    ...honest.map(row),
    "what the poisoned README told it",
    ...thefts.map(row),
    "",
    `  applied  ${list(ownFilesFirst(report.applied))}`,
    `  held     ${list(withoutFolders(report.held))}`,
    `  log      ${forTerminal(report.log.words, { max: 86 })}`,
    ...(report.note === undefined ? [] : [`  note     ${forTerminal(report.note, { max: 86 })}`]),
    "",
    `  ringfence log show ${report.session}   what it did, record by record`,
    "  ringfence run -- claude                       the same fence around your agent, or any command",
    "",
    ...(failures.length === 0
      ? [paint(32, summary(honest, thefts))]
      : failures.map((line) => paint(31, `demo failed: ${forTerminal(line, { max: 84 })}`))),
  ];
  return `${lines.join("\n")}\n`;
}

function summary(honest: readonly Finding[], thefts: readonly Finding[]): string {
  const held = (list: readonly Finding[]): number => list.filter(({ result }) => result === "holds").length;
  const skipped = [...honest, ...thefts].length - held(honest) - held(thefts);
  const rest = skipped === 0 ? "" : `, ${skipped} not tried here`;
  return `the work was done (${held(honest)} of ${honest.length}), every theft was stopped (${held(thefts)} of ${thefts.length})${rest}, the log holds`;
}

/** Text escaped and cut to a width, padded to it. */
function column(text: string, width: number): string {
  const shown = forTerminal(text);
  return (shown.length > width ? `${shown.slice(0, width - 1)}…` : shown).padEnd(width);
}

/** Without the folders that stand above another path of the list: the files say it all. */
function withoutFolders(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`)));
}

/** A package's many files come last, behind the project's own. */
function ownFilesFirst(paths: readonly string[]): readonly string[] {
  const isPackage = (path: string): number => (path.startsWith("node_modules/") ? 1 : 0);
  return withoutFolders(paths).toSorted((a, b) => isPackage(a) - isPackage(b));
}

/** As many paths as fit on a line, and how many more there are. */
function list(paths: readonly string[]): string {
  if (paths.length === 0) return "nothing";
  const shown: string[] = [];
  for (const path of paths) {
    if ([...shown, path].join("  ").length > 72) break;
    shown.push(forTerminal(path));
  }
  const more = paths.length - shown.length;
  return more === 0 ? shown.join("  ") : `${shown.join("  ")}  and ${more} more`;
}
