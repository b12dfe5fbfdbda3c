// `ringfence policy lint`: what is broken, broad, useless or only a courtesy in a policy.
import { Command } from "commander";
import type { Problem } from "#core";
import { compileRules, lintPolicy, loadPolicy } from "#core/policy";
import { printJson } from "../print-json.ts";
import { layersToTry, placesHere, RESULT, say, sayProblem } from "./layers.ts";

/** The subcommand. */
export function policyLintCommand(): Command {
  return new Command("lint")
    .description(
      "say what is broken, broad, useless or only a courtesy in a policy (exit 0 nothing, 1 findings, 2 asks for what is not built, 3 unreadable)",
    )
    .argument("[file]", "one file; otherwise all layers of this workspace")
    .option("--json", "print one JSON document")
    .action(async (file: string | undefined, options: { readonly json?: boolean }) =>
      lint(file, options.json === true),
    );
}

async function lint(file: string | undefined, json: boolean): Promise<void> {
  const end = (findings: readonly Problem[], code: number): void => {
    if (json) printJson({ result: code, findings });
    else {
      for (const finding of findings) sayProblem(finding);
      if (findings.length === 0) say("nothing to say against it");
    }
    process.exitCode = code;
  };
  const layers = await layersToTry(file);
  if (!layers.ok) return end(layers.error, RESULT.unreadable);
  const loaded = loadPolicy(layers.value);
  if (!loaded.ok) return end(loaded.error, RESULT.unreadable);
  const { workspaceRoot: root, home } = placesHere();
  const places = { root, home };
  const compiled = compileRules(loaded.value.policy.permissions, places);
  if (!compiled.ok) return end(compiled.error, RESULT.unreadable);
  const findings = lintPolicy(loaded.value, compiled.value, places);
  const all = [...loaded.value.notBuilt, ...findings];
  end(all, findings.length > 0 ? RESULT.fails : loaded.value.notBuilt.length > 0 ? RESULT.incomplete : RESULT.holds);
}
