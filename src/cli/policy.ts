// `ringfence policy …`: look at a policy, test it, and accept the file that came with a workspace. One file a subcommand.
import { Command } from "commander";
import { policyExplainCommand } from "./policy/explain.ts";
import { policyExportCommand } from "./policy/export.ts";
import { policyImportCommand } from "./policy/import.ts";
import { policyLearnCommand } from "./policy/learn.ts";
import { policyLintCommand } from "./policy/lint.ts";
import { policyTestCommand } from "./policy/test.ts";
import { policyTrustCommand } from "./policy/trust.ts";

/** The command. */
export function policyCommand(): Command {
  return new Command("policy")
    .description(
      "look at the policy of this workspace, test it, import and export one, and accept the file that came with it",
    )
    .addCommand(policyLintCommand())
    .addCommand(policyExplainCommand())
    .addCommand(policyTestCommand())
    .addCommand(policyLearnCommand())
    .addCommand(policyTrustCommand())
    .addCommand(policyImportCommand())
    .addCommand(policyExportCommand());
}
