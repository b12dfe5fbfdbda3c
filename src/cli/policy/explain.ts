// `ringfence policy explain`: what is left of all layers, each value with its layer and line.
import { Command } from "commander";
import { compileRules, type Dropped, loadPolicy, POLICY_KEYS, removedTools, serverKeys } from "#core/policy";
import { EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { layersHere, oneValue, placesHere, say } from "./layers.ts";

/** The subcommand. */
export function policyExplainCommand(): Command {
  return new Command("explain")
    .description("print what is left of all layers, each value with its layer and line")
    .option("--policy <file>", "read this file too")
    .option("--json", "print one JSON document")
    .action(async (options: { readonly policy?: string; readonly json?: boolean }) => explain(options));
}

async function explain(options: { readonly policy?: string; readonly json?: boolean }): Promise<void> {
  const loaded = loadPolicy(await layersHere(options.policy));
  if (!loaded.ok) return fail(loaded.error, EXIT.badInput);
  const { policy, merged, dropped, notBuilt } = loaded.value;
  const keys = [...POLICY_KEYS, ...serverKeys(merged.servers)];
  const values = keys.flatMap(({ key }) =>
    (merged.parts.get(key) ?? []).map((part) => ({ key, value: part.value, layer: part.layer, at: part.at })),
  );
  const { workspaceRoot: root, home } = placesHere();
  const rules = compileRules(policy.permissions, { root, home });
  const removed = rules.ok ? removedTools(rules.value) : [];
  if (options.json) {
    printJson({ policy, values, dropped, notBuilt, removedTools: removed });
    return;
  }
  for (const { key, value, layer, at } of values) say(`${key}: ${oneValue(value)}   (${layer}, ${at.file}:${at.line})`);
  for (const tool of removed) say(`removed: ${tool} (denied as a whole, so the agent has no such tool)`);
  printDropped(dropped);
  for (const problem of notBuilt) say(`not built yet: ${problem.message} (${problem.at?.file}:${problem.at?.line})`);
}

const WHY_DROPPED: Readonly<Record<Dropped["because"], string>> = {
  managed: "the managed policy fixed it",
  disabled: "`permissions.disableBypassPermissionsMode` switched it off",
  "not-accepted": "nobody accepted this file: `ringfence policy trust`",
};

function printDropped(dropped: readonly Dropped[]): void {
  for (const d of dropped)
    say(`dropped: ${d.key}: ${oneValue(d.value)}   (${d.layer}, ${d.at.file}:${d.at.line}; ${WHY_DROPPED[d.because]})`);
}
