// `ringfence policy lint | explain | trust`: look at a policy, see what is left of all layers, and accept a workspace's file.
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import type { Problem } from "#core";
import {
  compileRules,
  type Dropped,
  type LayerText,
  type LoadedPolicy,
  lintPolicy,
  loadPolicy,
  POLICY_KEYS,
} from "#core/policy";
import { forTerminal } from "#core/text";
import { acceptPolicyFile, readLayers, readPolicyFile, workspaceFolder } from "#monitor";
import { callerHome, callerStateDir } from "./caller.ts";
import { EXIT, fail } from "./exit.ts";
import { policyImportCommand } from "./policy-import.ts";

/** `policy lint`: 0 holds, 1 findings, 2 incomplete (something is not built), 3 unreadable. */
const LINT = { holds: 0, findings: 1, incomplete: 2, unreadable: 3 } as const;

/** The command. */
export function policyCommand(): Command {
  const policy = new Command("policy").description(
    "look at the policy of this workspace, and accept the file that came with it",
  );
  policy
    .command("lint")
    .description(
      "say what is broken, broad, useless or only a courtesy in a policy (exit 0 nothing, 1 findings, 2 asks for what is not built, 3 unreadable)",
    )
    .argument("[file]", "one file; otherwise all layers of this workspace")
    .option("--json", "print one JSON document")
    .action(async (file: string | undefined, options: { readonly json?: boolean }) =>
      lint(file, options.json === true),
    );
  policy
    .command("explain")
    .description("print what is left of all layers, each value with its layer and line")
    .option("--policy <file>", "read this file too")
    .option("--json", "print one JSON document")
    .action(async (options: { readonly policy?: string; readonly json?: boolean }) => explain(options));
  policy
    .command("trust")
    .description("accept a policy file inside the workspace, so that it may also loosen")
    .argument("[file]", "the file", ".ringfence/policy.yaml")
    .action(async (file: string) => trust(file));
  policy.addCommand(policyImportCommand());
  return policy;
}

function say(text: string): void {
  process.stdout.write(`${forTerminal(text, { max: 600 })}\n`);
}

async function layersHere(policyFile?: string): Promise<readonly LayerText[]> {
  const root = workspaceFolder(process.cwd());
  const named = policyFile === undefined ? {} : { policyFile: resolve(policyFile) };
  const layers = await readLayers({
    workspaceRoot: root,
    stateDir: callerStateDir(process.env),
    home: callerHome(),
    ...named,
  });
  return layers.ok ? layers.value : fail(layers.error, EXIT.badInput);
}

async function lint(file: string | undefined, json: boolean): Promise<void> {
  const end = (findings: readonly Problem[], code: number): void => {
    if (json) process.stdout.write(`${JSON.stringify({ result: code, findings })}\n`);
    else {
      for (const p of findings) {
        say(`${p.at === undefined ? "" : `${p.at.file}:${p.at.line}:${p.at.column}: `}${p.message} (${p.code})`);
        if (p.hint !== undefined) say(`  hint: ${p.hint}`);
      }
      if (findings.length === 0) say("nothing to say against it");
    }
    process.exitCode = code;
  };
  let layers: readonly LayerText[];
  if (file === undefined) {
    const read = await readLayers({
      workspaceRoot: workspaceFolder(process.cwd()),
      stateDir: callerStateDir(process.env),
      home: callerHome(),
    });
    if (!read.ok) return end(read.error, LINT.unreadable);
    layers = read.value;
  } else {
    const read = await readPolicyFile(resolve(file), { followLinks: true });
    if (!read.ok) return end([read.error], LINT.unreadable);
    if (read.value === undefined)
      return end([{ code: "policy-unreadable", message: `there is no file \`${file}\`` }], LINT.unreadable);
    layers = [{ name: "command-line", file: resolve(file), ...read.value, trusted: true }];
  }
  // a file that is not accepted yet is linted as if it were: that is the moment to look at it
  const loaded = loadPolicy(layers.map((layer) => ({ ...layer, trusted: true })));
  if (!loaded.ok) return end(loaded.error, LINT.unreadable);
  const compiled = compileRules(loaded.value.policy.permissions, {
    root: workspaceFolder(process.cwd()),
    home: callerHome(),
  });
  if (!compiled.ok) return end(compiled.error, LINT.unreadable);
  const findings = lintPolicy(compiled.value, loaded.value.policy.sandbox.network);
  const all = [...loaded.value.notBuilt, ...findings];
  end(all, findings.length > 0 ? LINT.findings : loaded.value.notBuilt.length > 0 ? LINT.incomplete : LINT.holds);
}

async function explain(options: { readonly policy?: string; readonly json?: boolean }): Promise<void> {
  const loaded = loadPolicy(await layersHere(options.policy));
  if (!loaded.ok) return fail(loaded.error, EXIT.badInput);
  const { policy, merged, dropped, notBuilt } = loaded.value;
  const values = POLICY_KEYS.flatMap(({ key }) =>
    (merged.parts.get(key) ?? []).map((part) => ({ key, value: part.value, layer: part.layer, at: part.at })),
  );
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ policy, values, dropped, notBuilt })}\n`);
    return;
  }
  for (const { key, value, layer, at } of values) say(`${key}: ${oneValue(value)}   (${layer}, ${at.file}:${at.line})`);
  printDropped(dropped);
  for (const problem of notBuilt) say(`not built yet: ${problem.message} (${problem.at?.file}:${problem.at?.line})`);
}

function oneValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
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

/** Only a person at a terminal accepts a file, never something inside a fence. */
async function trust(file: string): Promise<void> {
  const refuse = (message: string, hint: string): never =>
    fail({ code: "trust-refused", message, hint }, EXIT.policyRefused);
  if (process.env["RINGFENCE"] !== undefined)
    return refuse("a policy is not accepted from inside a fence", "run `ringfence policy trust` in your own terminal");
  const root = workspaceFolder(process.cwd());
  const named = resolve(file === ".ringfence/policy.yaml" ? join(root, file) : file);
  const layers = await layersHere();
  const layer = layers.find((l) => l.file === named && (l.name === "project" || l.name === "local"));
  if (layer === undefined)
    return fail(
      {
        code: "trust-nothing",
        message: `\`${named}\` is no policy file of this workspace`,
        hint: "files to accept are `.ringfence/policy.yaml` and `.ringfence/policy.local.yaml`",
      },
      EXIT.badInput,
    );
  if (layer.trusted) return say(`${named} is accepted already, exactly as it is now`);
  const now = loadPolicy(layers);
  if (!now.ok) return fail(now.error, EXIT.badInput);
  printChange(named, layer, now.value);
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true)
    return refuse("accepting a policy needs a person at a terminal", "run it in a terminal of your own");
  if (!confirmed()) return refuse("not accepted", "nothing was changed");
  const accepted = await acceptPolicyFile(callerStateDir(process.env), named, layer.digest);
  if (!accepted.ok) return fail(accepted.error, EXIT.badInput);
  say(`accepted ${named} (sha256 ${layer.digest.slice(0, 16)}…); any change to it must be accepted again`);
}

function printChange(file: string, layer: LayerText, now: LoadedPolicy): void {
  const loosens = now.dropped.filter((d) => d.because === "not-accepted" && d.layer === layer.name);
  say(`${file} (sha256 ${layer.digest})`);
  if (loosens.length === 0) say("  it only tightens: everything in it binds already");
  for (const d of loosens) say(`  would loosen, line ${d.at.line}: ${d.key}: ${oneValue(d.value)}`);
}

/** Asks on the terminal itself. What was typed before the question was shown is thrown away, so nothing can be answered unseen. */
function confirmed(): boolean {
  const bytes = Buffer.alloc(256);
  process.stdin.setRawMode?.(true); // otherwise a line without Enter would not be seen by the drain
  let terminal: number | undefined;
  try {
    terminal = openSync("/dev/tty", constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
    while (readSync(terminal, bytes, 0, bytes.length, null) > 0);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EAGAIN") return false;
  } finally {
    if (terminal !== undefined) closeSync(terminal);
    process.stdin.setRawMode?.(false);
  }
  process.stderr.write("accept this file? type `yes` and Enter: ");
  try {
    const read = readSync(0, bytes, 0, bytes.length, null);
    return bytes.subarray(0, read).toString("utf8").trim() === "yes";
  } catch {
    return false;
  }
}
