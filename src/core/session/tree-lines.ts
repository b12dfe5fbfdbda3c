// The process tree as lines for a terminal: each process with its command, how it ended, and the files and hosts on its branch. Pure.
import { forTerminal } from "../text/index.ts";
import type { ProcessNode, ProcessTree } from "./process-tree.ts";
import { quoted } from "./quoted.ts";

/** How much is shown. */
export interface TreeView {
  /** The workspace: paths below it are shown relative. */
  readonly root: string;
  /** Lines at most; what is left out is counted in the last one. */
  readonly most: number;
  /** Files named for one process; the rest is counted. */
  readonly files: number;
}

/** The lines, without a line end. Everything hostile in them is escaped. */
export function treeLines(tree: ProcessTree, view: TreeView): readonly string[] {
  const lines: string[] = [];
  let left = 0;
  const put = (line: string): void => {
    if (lines.length < view.most) lines.push(line);
    else left++;
  };
  const walk = (nodes: readonly Branch[], indent: string): void => {
    nodes.forEach((branch, at) => {
      const last = at === nodes.length - 1;
      put(`${indent}${last ? "└─ " : "├─ "}${headline(branch)}`);
      const below = `${indent}${last ? "   " : "│  "}`;
      const { node } = branch;
      const children = branches(node.children);
      for (const line of touched(node, view)) put(`${below}${children.length > 0 ? "│ " : "  "}${line}`);
      walk(children, below);
    });
  };
  walk(branches(tree.roots), "");
  if (left > 0) lines.push(`… and ${left} more lines: \`--all\` shows them, \`--json\` too`);
  if (tree.lost > 0) lines.push(`the recorder lost ${tree.lost} events`);
  return lines;
}

/** One process, or several alike that touched nothing. */
interface Branch {
  readonly node: ProcessNode;
  readonly times: number;
}

/** A process that only forked hands its children up, unless it did something itself; like siblings become one. */
function branches(nodes: readonly ProcessNode[]): readonly Branch[] {
  const shown = nodes.flatMap(withoutForks);
  const result: Branch[] = [];
  for (const node of shown) {
    const before = result.at(-1);
    if (before !== undefined && isLike(before.node, node))
      result[result.length - 1] = { node, times: before.times + 1 };
    else result.push({ node, times: 1 });
  }
  return result;
}

function withoutForks(node: ProcessNode): readonly ProcessNode[] {
  return isBare(node) && node.programs.length === 0 ? node.children.flatMap(withoutForks) : [node];
}

function isBare({ wrote, ...lists }: ProcessNode): boolean {
  return wrote.size === 0 && [lists.read, lists.reached, lists.refused, lists.used].every(({ length }) => length === 0);
}

function isLike(a: ProcessNode, b: ProcessNode): boolean {
  const isLeaf = isBare(a) && isBare(b) && a.children.length === 0 && b.children.length === 0;
  return isLeaf && command(a) === command(b) && ending(a) === ending(b);
}

function headline({ node, times }: Branch): string {
  const many = times === 1 ? `  [${node.pid}]` : `  ×${times}`;
  return `${forTerminal(command(node), { max: 160 })}${many}${ending(node)}`;
}

/** What it became by one exec after another. */
function command({ programs }: ProcessNode): string {
  if (programs.length === 0) return "(a process that only forked)";
  return programs.map(({ argv, exe }) => argv.map(quoted).join(" ") || exe).join(" → ");
}

function ending({ end }: ProcessNode): string {
  if (end === undefined) return "";
  if ("signal" in end) return `  signal ${end.signal}`;
  return end.code === 0 ? "" : `  exit ${end.code}`;
}

function touched({ wrote, read, reached, refused, used }: ProcessNode, view: TreeView): readonly string[] {
  const name = (path: string): string =>
    forTerminal(path.startsWith(`${view.root}/`) ? path.slice(view.root.length + 1) : path, { max: 120 });
  const place = (said: string): string => forTerminal(said, { max: 120 });
  const some = (verb: string, all: readonly string[]): readonly string[] => {
    if (all.length === 0) return [];
    const rest = all.length - view.files;
    return [`${verb} ${all.slice(0, view.files).join(", ")}${rest > 0 ? `, and ${rest} more` : ""}`];
  };
  return [
    ...some(
      "wrote",
      [...wrote].map(([path, acts]) => `${name(path)}${plain(acts) ? "" : ` (${acts.join(", ")})`}`),
    ),
    ...some("read", read.map(name)),
    ...some("reached", reached.map(place)),
    ...some("refused", refused.map(place)),
    ...some("used", used.map(place)),
  ];
}

function plain(acts: readonly string[]): boolean {
  return acts.every((act) => act === "write" || act === "create");
}
