// `ringfence doctor`: what this machine can enforce, proved by trying, and the command that mends what is missing. Exit 0 when a run would start, else 1.
import { Command } from "commander";
import { forTerminal, forTerminalLines } from "#core/text";
import { callerStateDir } from "./caller.ts";
import { allChecks, type Check } from "./doctor-checks.ts";
import { hookStandings } from "./hook/standing.ts";
import { findInstallation } from "./installation.ts";
import { jsonLine } from "./print-json.ts";

/** The command. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("try what this machine can enforce, and say what mends the rest")
    .option("--json", "print one JSON document, with the evidence")
    .option("--verbose", "print what was done for each line, and what came back")
    .action(async (options: { readonly json?: boolean; readonly verbose?: boolean }) => {
      const { root, helper } = findInstallation();
      const checks = [...(await allChecks({ stateDir: callerStateDir(process.env), helper, root })), ...hookChecks()];
      const ready = checks.every((check) => check.available || !check.needed);
      process.stdout.write(
        options.json === true
          ? jsonLine({ ready, checks }, 2)
          : page(checks, { ready, verbose: options.verbose === true }),
      );
      process.exitCode = ready ? 0 : 1;
    });
}

/** The hooks that were installed, each as it stands now; none at all is no fault. */
function hookChecks(): readonly Check[] {
  return hookStandings().map(({ agent, scope, file, stands, why }) => ({
    name: `hooks: ${agent}`,
    available: stands,
    reason: why,
    evidence: file,
    needed: false,
    means: `its calls run unasked; \`ringfence install ${agent}${scope === "project" ? " --project" : ""}\` mends it`,
  }));
}

/** One line a check; what is missing is followed by what that means and what to type. */
function page(
  checks: readonly Check[],
  { ready, verbose }: { readonly ready: boolean; readonly verbose: boolean },
): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap((check) => [
    `${mark(check).padEnd(7)}  ${check.name.padEnd(width)}  ${forTerminal(check.reason)}`,
    ...(verbose && check.evidence !== "" ? [`${" ".repeat(9)}tried: ${forTerminal(check.evidence)}`] : []),
    ...(check.available ? [] : [`${" ".repeat(9)}means: ${check.means}`, ...mendLines(check)]),
  ]);
  const end = ready
    ? "ready: `ringfence run -- COMMAND` works here"
    : "not ready: mend what is missing, then run `ringfence doctor` again";
  return `${[...lines, "", end].join("\n")}\n`;
}

function mark(check: Check): string {
  if (check.available) return "ok";
  return check.needed ? "MISSING" : "absent";
}

// A profile to install has several lines and is pasted as it is: unindented, after a line of its own.
function mendLines({ mend, needed }: Check): readonly string[] {
  if (mend === undefined || !needed) return [];
  return mend.includes("\n")
    ? ["         mend, by pasting this:", forTerminalLines(mend)]
    : [`         mend:  ${forTerminal(mend)}`];
}
