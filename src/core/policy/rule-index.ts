// Which rules of a list can speak of a command or a path at all: found once for each list, so a thousand rules cost no more than
// those that name the same program.
import type { CompiledRule } from "./rules.ts";

interface BashIndex {
  readonly all: readonly CompiledRule[];
  /** Rules whose first word is not spelled out. */
  readonly open: readonly CompiledRule[];
  readonly byProgram: ReadonlyMap<string, readonly CompiledRule[]>;
}

const bashIndexes = new WeakMap<readonly CompiledRule[], BashIndex>();

function bashIndex(list: readonly CompiledRule[]): BashIndex {
  const known = bashIndexes.get(list);
  if (known !== undefined) return known;
  const all = list.filter((r) => r.bash !== undefined);
  const open = all.filter((r) => r.bash?.program === undefined);
  const byProgram = new Map<string, CompiledRule[]>();
  for (const rule of all) {
    const program = rule.bash?.program;
    if (program === undefined) continue;
    const group = byProgram.get(program);
    if (group === undefined) byProgram.set(program, [rule]);
    else group.push(rule);
  }
  if (open.length > 0) for (const group of byProgram.values()) group.push(...open);
  const index = { all, open, byProgram };
  bashIndexes.set(list, index);
  return index;
}

/** The `Bash` rules of a list that could match words whose first is `program`; `undefined` stands for any. */
export function bashRules(list: readonly CompiledRule[], program: string | undefined): readonly CompiledRule[] {
  const index = bashIndex(list);
  return program === undefined ? index.all : (index.byProgram.get(program) ?? index.open);
}

const pathLists = new WeakMap<readonly CompiledRule[], Map<string, readonly CompiledRule[]>>();

/** The rules of a list that `concerns` keeps, remembered under `key`. */
export function pathRules(
  list: readonly CompiledRule[],
  key: string,
  concerns: (rule: CompiledRule) => boolean,
): readonly CompiledRule[] {
  const lists = pathLists.get(list) ?? new Map<string, readonly CompiledRule[]>();
  pathLists.set(list, lists);
  const known = lists.get(key) ?? list.filter(concerns);
  lists.set(key, known);
  return known;
}

const matches = new WeakMap<readonly CompiledRule[], Map<string, CompiledRule | undefined>>();
const MOST_NAMES = 5000;

/** The first of these rules that binds the path's name. Remembered, because a session's commands speak of the same few paths. */
export function firstOnPath(bound: readonly CompiledRule[], name: string): CompiledRule | undefined {
  let known = matches.get(bound);
  if (known === undefined || known.size > MOST_NAMES) {
    known = new Map();
    matches.set(bound, known);
  }
  if (known.has(name)) return known.get(name);
  const rule = bound.find((r) => r.path?.(name));
  known.set(name, rule);
  return rule;
}
