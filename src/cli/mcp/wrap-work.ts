// What `mcp wrap` and `mcp unwrap` have in common: plan every file, write those that can be written, and say what became of each server.
import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { CLIENTS, type ClientFile, readEntries } from "#core/mcp";
import { complain, EXIT, fail, problemLines } from "../exit.ts";
import { replaceSettingsFile, settingsText } from "../settings-file.ts";
import { type FoundFiles, findClientFiles } from "./client-files.ts";
import { type ToldFile, wrapJson, wrapLines } from "./wrap-answer.ts";
import { type ClientPlan, isDone, planClientFile } from "./wrap-plan.ts";
import { writeWrapRecord } from "./wrap-record.ts";

/** The options of both commands. */
export interface WrapOptions {
  readonly server?: readonly string[];
  readonly file?: string;
  readonly user?: true;
  readonly project?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

/** Does the whole of it. A file that cannot be changed is said and keeps nobody else's from being changed; the exit code tells. */
export function wrapWork(act: "wrap" | "unwrap", clients: readonly string[], options: WrapOptions): void {
  const found = findClientFiles({ clients, ...options });
  if (!found.ok) fail(found.error, found.error.code === "usage" ? EXIT.usage : EXIT.badInput);
  const program = launcher(found.value);
  if (!program.ok) fail(program.error, EXIT.cannotStart);
  const { stateDir, files } = found.value;
  const { server: servers = [] } = options;
  const choice = { act, servers, program: program.value, stateDir };
  const plans: ClientPlan[] = [];
  const problems: Problem[] = [];
  for (const place of files) {
    const plan = planClientFile(place, choice);
    if (plan.ok) plans.push(plan.value);
    else problems.push(plan.error);
  }
  const missing = servers.filter((name) => !plans.some(({ outcomes }) => outcomes.some((each) => each.name === name)));
  if (problems.length === 0 && missing.length > 0) fail(noServer(act, missing[0] ?? ""), EXIT.badInput);
  const written = options.dryRun === true ? [] : plans.filter((plan) => isWritten(plan, problems));
  const told = act === "wrap" ? found.value.told.flatMap(toldOf) : [];
  const answer = { act, plans, written, told, dryRun: options.dryRun === true };
  process.stdout.write(options.json === true ? wrapJson(answer) : wrapLines(answer));
  for (const problem of problems) complain(problemLines(problem));
  if (problems.length > 0) process.exitCode = EXIT.badInput;
}

// What wrapping remembers stands before the file is touched, and goes after it: a crash between the two forgets nothing.
function isWritten(plan: ClientPlan, problems: Problem[]): boolean {
  if (isDone(plan)) return false;
  const replace = (): Result<unknown, Problem> => replaceSettingsFile(plan.file, plan.after);
  const remember = (): Result<unknown, Problem> => writeWrapRecord(plan.recordPath, plan.record);
  const steps = plan.record.entries.length > 0 ? [remember, replace] : [replace, remember];
  for (const step of steps) {
    const done = step();
    if (done.ok) continue;
    problems.push(done.error);
    return false;
  }
  return true;
}

// The path goes into files whose clients put values in place of `$`.
function launcher({ installation }: FoundFiles): Result<string, Problem> {
  const path = join(installation, "ringfence");
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return err({ code: "no-client", message: `\`${path}\` cannot be started`, hint: "install ringfence whole" });
  }
  return /[\p{C}$%{}]/u.test(path)
    ? err({
        code: "no-client",
        message: `clients would not start \`${path}\` as it is written`,
        hint: "move ringfence to a folder whose name holds no `$`, `%`, brace or control character",
      })
    : ok(path);
}

// Only names: what the machine's owner or a plugin set is theirs.
function toldOf(place: ClientFile): readonly ToldFile[] {
  try {
    const text = settingsText(readFileSync(place.path), place.path);
    const entries = text.ok ? readEntries(place.client, text.value, place.path) : text;
    const names = entries.ok ? entries.value.map(({ name }) => name) : [];
    return place.path.startsWith("/etc/") && names.length === 0
      ? []
      : [{ place, title: CLIENTS[place.client].title, names }];
  } catch {
    return []; // nobody's to read but the machine's
  }
}

function noServer(act: string, name: string): Problem {
  return {
    code: "no-server",
    message: `no client has a server \`${name}\`${act === "unwrap" ? " that ringfence wrapped" : ""}`,
    hint: `\`ringfence mcp ${act} --dry-run\` lists what there is`,
  };
}
