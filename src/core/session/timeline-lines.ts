// A timeline as lines for a terminal: when, what, how it came out; below it what it wrote, reached, was refused. Pure; everything hostile
// is escaped here.
import { forTerminal } from "../text/index.ts";
import type { Moment } from "./timeline.ts";

/** How it is shown. */
export interface TimelineView {
  /** The workspace: paths below it are shown relative. */
  readonly root: string;
  /** Things named in one list; the rest is counted. */
  readonly most: number;
  /** Columns of the terminal; a longer phrase is cut there. */
  readonly width: number;
  /** Puts a word in a colour; gives it back as it is where there are none. */
  readonly paint: (text: string, as: "good" | "bad" | "dim") => string;
}

const INDENT = " ".repeat(11);

/** The lines, without a line end. */
export function timelineLines(moments: readonly Moment[], view: TimelineView): readonly string[] {
  return moments.flatMap((moment) => [headline(moment, view), ...effects(moment, view)]);
}

function headline(moment: Moment, { width, paint }: TimelineView): string {
  const { ts, claimed, times, verdict, end } = moment;
  const tail = [
    ...(verdict === undefined || moment.what === "refused" ? [] : [verdict]),
    ...(end === undefined || end === "exit 0" || end === "done" ? [] : [forTerminal(end, { max: 60 })]),
    ...(times === 1 ? [] : [`×${times}`]),
  ].join(", ");
  const room = Math.max(30, width - INDENT.length - tail.length - 4);
  const said = forTerminal(moment.text, { max: room });
  const isBad = verdict === "deny" || moment.what === "refused";
  const isSpecial = isBad || verdict === "allow";
  const shown = isBad ? paint(said, "bad") : said;
  const after = tail === "" ? "" : `  → ${isSpecial ? paint(tail, isBad ? "bad" : "good") : tail}`;
  return `${paint(ts.slice(11, 19), "dim")} ${claimed ? "?" : " "} ${shown}${after}`;
}

function effects(moment: Moment, view: TimelineView): readonly string[] {
  const { root, most, paint } = view;
  const name = (path: string): string => (path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path);
  const line = (verb: string, all: readonly string[]): string => {
    const rest = all.length - most;
    const named = all.slice(0, most).map((one) => forTerminal(name(one), { max: 100 }));
    return `${INDENT}${verb} ${named.join(", ")}${rest > 0 ? `, and ${rest} more` : ""}`;
  };
  return [
    ...(moment.wrote.length === 0 ? [] : [line("wrote", tellable(moment.wrote, root))]),
    ...(moment.reached.length === 0 ? [] : [line("reached", moment.reached)]),
    ...(moment.used.length === 0 ? [] : [line("used", moment.used)]),
    ...(moment.refused.length === 0 ? [] : [paint(line("refused", moment.refused), "bad")]),
  ];
}

/** Folders that were made for a file are told by the file; what lies in the workspace comes first. */
function tellable(paths: readonly string[], root: string): readonly string[] {
  const above = new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))));
  const told = paths.filter((path) => !above.has(path));
  const isOwn = (path: string): boolean => path.startsWith(`${root}/`);
  return [...told.filter(isOwn), ...told.filter((path) => !isOwn(path))];
}
