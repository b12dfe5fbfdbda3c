// `ringfence uninstall AGENT`: takes our hooks out again. Where nothing else changed, every byte is as it was before; where somebody edited the
// file since, our entries go and everything else stays.
import { Command } from "commander";
import { forTerminal } from "#core/text";
import { hookFileOf } from "#hooks";
import { EXIT, fail } from "./exit.ts";
import { applyChanges, showChanges } from "./hook/change.ts";
import { agentNamed } from "./hook/client.ts";
import { isIdle, planUninstall } from "./hook/plan.ts";
import { hookSite } from "./hook/site.ts";
import { dropRecord, readRecord, recordPath } from "./install-record.ts";
import { jsonLine } from "./print-json.ts";
import { removeMadeFolders } from "./settings-file.ts";

interface UninstallOptions {
  readonly project?: boolean;
  readonly user?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** The command. */
export function uninstallCommand(): Command {
  return new Command("uninstall")
    .description("take ringfence's hooks out of an agent's settings, and leave every other byte")
    .argument("<agent>", "claude-code, codex, cursor, copilot, gemini or opencode")
    .option("--user", "from your own settings (the default)")
    .option("--project", "from this project's settings")
    .option("--dry-run", "show what would be written, and write nothing")
    .option("--json", "print one JSON document")
    .action(uninstall);
}

function uninstall(word: string, options: UninstallOptions): void {
  const agent = agentNamed(word);
  if (!agent.ok) fail(agent.error, EXIT.usage);
  const place = hookSite(options);
  if (!place.ok) fail(place.error, place.error.code === "usage" ? EXIT.usage : EXIT.cannotStart);
  const { site, stateDir } = place.value;
  const recordFile = recordPath(stateDir, agent.value, hookFileOf(agent.value, site).path);
  const record = readRecord(recordFile);
  const changes = planUninstall(agent.value, site, record);
  if (!changes.ok) fail(changes.error, EXIT.badInput);
  const idle = changes.value.every(isIdle);
  if (options.dryRun !== true) {
    const applied = applyChanges(changes.value);
    if (!applied.ok) fail(applied.error, EXIT.badInput);
    removeMadeFolders(record?.folders ?? []);
    dropRecord(recordFile);
  }
  const files = changes.value.map((change) => ({ path: change.file.path, changes: !isIdle(change) }));
  const shown = files.filter(({ changes: changed }) => changed).map(({ path }) => `  ${forTerminal(path)}\n`);
  const text = idle
    ? `no hooks of ringfence are there\n`
    : `${agent.value} no longer asks ringfence; changed:\n${shown.join("")}`;
  process.stdout.write(
    options.json === true
      ? jsonLine({ written: options.dryRun !== true && !idle, files }, 2)
      : options.dryRun === true
        ? showChanges(changes.value)
        : text,
  );
}
