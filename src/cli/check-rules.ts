// The rules `ringfence check` judges by: those given on the command line or in a batch line are the only ones (DESIGN 5);
// otherwise the policy of the workspace.
import { ok, type Problem, type Result } from "#core";
import { type CompiledRules, compileRules, type RuleText } from "#core/policy";

/** Rules as a person or a batch line gives them. */
export interface GivenRules {
  readonly allow?: readonly string[];
  readonly ask?: readonly string[];
  readonly deny?: readonly string[];
}

const MAX_REMEMBERED = 64;

/** Compiles given rules, remembering what a batch repeats line after line. One compiler serves one `home`. */
export function ruleCompiler(): (
  given: GivenRules,
  file: string,
  places: { readonly root: string; readonly home: string },
) => Result<CompiledRules, readonly Problem[]> {
  const known = new Map<string, CompiledRules>();
  let last:
    | { readonly given: GivenRules; readonly file: string; readonly root: string; readonly rules: CompiledRules }
    | undefined;
  return (given, file, places) => {
    // a batch mostly repeats the rules of the line before: seen without making a key of them
    if (last !== undefined && last.file === file && last.root === places.root && sameRules(last.given, given))
      return ok(last.rules);
    const key = JSON.stringify([given.allow, given.ask, given.deny, file, places.root, places.home]);
    const remember = (rules: CompiledRules): void => {
      last = { given, file, root: places.root, rules };
    };
    const before = known.get(key);
    if (before !== undefined) {
      remember(before);
      return ok(before);
    }
    const compiled = compileRules(
      { allow: texts(given.allow, file), ask: texts(given.ask, file), deny: texts(given.deny, file) },
      places,
    );
    if (known.size >= MAX_REMEMBERED) known.clear();
    if (compiled.ok) {
      known.set(key, compiled.value);
      remember(compiled.value);
    }
    return compiled;
  };
}

function sameRules(a: GivenRules, b: GivenRules): boolean {
  const same = (one: readonly string[] = [], other: readonly string[] = []): boolean =>
    one.length === other.length && one.every((rule, index) => rule === other[index]);
  return same(a.allow, b.allow) && same(a.ask, b.ask) && same(a.deny, b.deny);
}

function texts(rules: readonly string[] | undefined, file: string): readonly RuleText[] {
  return (rules ?? []).map((text, index) => ({
    text,
    layer: "command-line",
    at: { file, line: index + 1, column: 1 },
  }));
}
