// `ringfence install AGENT`: writes our hooks into the agent's own settings, by inserting text and nothing else, and remembers every byte that
// was there. `--check` says whether they still stand.
import { Command } from "commander";
import type { HookedAgent, Problem } from "#core";
import { forTerminal } from "#core/text";
import { hookFileOf, type InstallScope } from "#hooks";
import { complain, EXIT, fail, problemLines } from "./exit.ts";
import { applyChanges, showChanges } from "./hook/change.ts";
import { agentNamed, hookClient } from "./hook/client.ts";
import { type FileChange, isIdle, planInstall } from "./hook/plan.ts";
import { hookSite } from "./hook/site.ts";
import { hookStandings, standingOf } from "./hook/standing.ts";
import {
  dropRecord,
  type InstallRecord,
  readRecord,
  recordPath,
  sha256,
  type WrittenFile,
  writeRecord,
} from "./install-record.ts";
import { jsonLine } from "./print-json.ts";

interface InstallOptions {
  readonly project?: boolean;
  readonly user?: boolean;
  readonly dryRun?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
}

/** The command. */
export function installCommand(): Command {
  return new Command("install")
    .description("write ringfence's hooks into an agent's settings, so that it asks before each tool call")
    .argument("[agent]", "claude-code, codex, cursor, copilot, gemini or opencode")
    .option("--user", "in your own settings, for all your sessions (the default)")
    .option("--project", "in this project's settings, for all who work in it")
    .option("--dry-run", "show what would be written, and write nothing")
    .option("--check", "say whether the installed hooks still stand (exit 0 when all do, else 1)")
    .option("--json", "print one JSON document")
    .action((agent: string | undefined, options: InstallOptions) => {
      if (options.check === true) check(agent, options);
      else if (agent === undefined) fail(missingAgent(), EXIT.usage);
      else install(agent, options);
    });
}

function install(word: string, options: InstallOptions): void {
  const agent = agentNamed(word);
  if (!agent.ok) fail(agent.error, EXIT.usage);
  const place = hookSite(options);
  if (!place.ok) fail(place.error, place.error.code === "usage" ? EXIT.usage : EXIT.cannotStart);
  const { site, stateDir, stateHome, installation } = place.value;
  const client = hookClient(agent.value, installation, stateHome);
  if (!client.ok) fail(client.error, EXIT.cannotStart);
  const recordFile = recordPath(stateDir, agent.value, hookFileOf(agent.value, site).path);
  const before = readRecord(recordFile);
  const plan = planInstall(agent.value, site, client.value, before);
  if (!plan.ok) fail(plan.error, EXIT.badInput);
  const { changes, made, hooksFiles } = plan.value;
  const idle = changes.every(isIdle) && before !== undefined;
  if (options.dryRun === true) return report(options, changes, { written: false, text: showChanges(changes) });
  if (idle) return report(options, changes, { written: false, text: "the hooks stand already; nothing was written\n" });
  const record: InstallRecord = {
    v: 1,
    agent: agent.value,
    scope: site.scope,
    base: hookFileOf(agent.value, site).base,
    client: client.value.shell,
    files: changes.map(writtenFile),
    folders: before?.folders ?? [],
    made,
    hooksFiles,
  };
  keep(recordFile, record);
  const folders = applyChanges(changes);
  if (!folders.ok) {
    if (before === undefined) dropRecord(recordFile);
    else keep(recordFile, before);
    fail(folders.error, EXIT.badInput);
  }
  const kept = { ...record, folders: [...record.folders, ...folders.value] };
  keep(recordFile, kept);
  const { stands, why } = standingOf(kept, client.value, [site.scope === "project" ? site.root : process.cwd()]);
  if (!stands)
    complain(
      problemLines({
        code: "hooks-off",
        message: `the hooks are written, but ${why}`,
        hint: "change that, then `ringfence install --check`",
      }),
    );
  report(options, changes, { written: true, text: written(agent.value, site.scope, changes) });
}

function writtenFile({ kind, file, without, after }: FileChange): WrittenFile {
  const original = without === undefined ? null : without.toString("base64");
  return { kind, path: file.path, original, mode: file.mode, written: sha256(after ?? Buffer.alloc(0)) };
}

function keep(path: string, record: InstallRecord): void {
  try {
    writeRecord(path, record);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const message = `what was there before cannot be kept in \`${path}\` (${code}), so nothing is written`;
    fail(
      { code: "state-folder", message, hint: "`ringfence doctor` says what is wrong with the state folder" },
      EXIT.cannotStart,
    );
  }
}

/** What an agent wants besides before it reads a project's hooks; without it they are skipped in silence. */
const CONDITIONS: Readonly<Partial<Record<HookedAgent, string>>> = {
  "claude-code": "Claude Code reads them once you trust the folder",
  codex: "Codex reads them only in a project that it trusts (`/hooks` in a session shows them)",
  copilot: "Copilot reads them only in a folder that you trust",
  gemini: "Gemini reads them only in a folder that it trusts; `--skip-trust` skips them",
};

function written(agent: HookedAgent, scope: InstallScope, changes: readonly FileChange[]): string {
  const condition = scope === "project" ? CONDITIONS[agent] : undefined;
  const files = [
    ...changes.map(({ file }) => `  ${forTerminal(file.path)}\n`),
    ...(condition === undefined ? [] : [`${condition}\n`]),
  ].join("");
  const reload = "running sessions read their settings at start: begin them anew";
  return `${agent} asks ringfence before each tool call; written:\n${files}${reload}\n\`ringfence uninstall ${agent}${scope === "project" ? " --project" : ""}\` puts every byte back\n`;
}

function report(
  options: InstallOptions,
  changes: readonly FileChange[],
  outcome: { readonly written: boolean; readonly text: string },
): void {
  const files = changes.map((change) => ({ path: change.file.path, changes: !isIdle(change) }));
  process.stdout.write(options.json === true ? jsonLine({ written: outcome.written, files }, 2) : outcome.text);
}

function check(word: string | undefined, options: InstallOptions): void {
  const agent = word === undefined ? undefined : agentNamed(word);
  if (agent?.ok === false) fail(agent.error, EXIT.usage);
  const standings = hookStandings(options).filter((each) => agent?.ok !== true || each.agent === agent.value);
  const lines = standings.map(
    ({ agent: name, scope, stands, why }) =>
      `${stands ? "ok     " : "MISSING"}  ${name} (${scope})  ${forTerminal(why)}\n`,
  );
  process.stdout.write(
    options.json === true ? jsonLine({ hooks: standings }, 2) : lines.join("") || "no hooks are installed\n",
  );
  process.exitCode = standings.length > 0 && standings.every(({ stands }) => stands) ? 0 : 1;
}

function missingAgent(): Problem {
  return { code: "usage", message: "no agent given", hint: "for example `ringfence install claude-code`" };
}
