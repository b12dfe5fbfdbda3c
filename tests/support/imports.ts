// The samples of tests/cases/import and the table of actions that they are judged by.
import { readdirSync, readFileSync } from "node:fs";
import type { Action } from "#core";
import { compileRules, decide, type LoadedPolicy, loadPolicy } from "#core/policy";
import { type ImportSource, NATIVE_FORMS, type NativeForm } from "#core/policy/import";

const folder = new URL("../cases/import/", import.meta.url);

/** Every settings file, with the form its name begins with. */
export function samples(): readonly { readonly name: string; readonly form: NativeForm }[] {
  return readdirSync(folder)
    .filter((name) => !/\.(?:expected|jsonl)$/.test(name))
    .flatMap((name) => NATIVE_FORMS.filter((form) => name.startsWith(`${form}-`)).map((form) => ({ name, form })));
}

/** A sample as if it stood in the workspace `/work`. */
export function sampleSource(name: string, text: string): ImportSource {
  const where = name.startsWith("claude") ? "/work/.claude" : "/work";
  return { file: name, path: `${where}/${name}`, text, home: "/home/me" };
}

/** The text of a sample. */
export function sampleText(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

/** The actions that every policy is judged by. */
export function actions(): readonly Action[] {
  return readFileSync(new URL("actions.jsonl", folder), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line): Action => JSON.parse(line));
}

/** A policy text as a person's own layer. */
export function loaded(text: string): LoadedPolicy {
  const result = loadPolicy([{ name: "user", file: "/work/.ringfence/policy.yaml", text, digest: "", trusted: true }]);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

/** The verdict of a policy on an action. */
export function verdictOf({ policy }: LoadedPolicy): (action: Action) => string {
  const places = { root: "/work", home: "/home/me" };
  const rules = compileRules(policy.permissions, places);
  if (!rules.ok) throw new Error(JSON.stringify(rules.error));
  const judge = { rules: rules.value, mode: policy.permissions.mode, facts: places };
  return (action) => decide(judge, action).verdict;
}
