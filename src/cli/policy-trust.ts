// `ringfence policy trust`: a person accepts exactly these bytes of a policy file that came with a workspace.
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { type LayerText, type LoadedPolicy, loadPolicy } from "#core/policy";
import { acceptPolicyFile, workspaceFolder } from "#monitor";
import { callerStateDir } from "./caller.ts";
import { EXIT, fail } from "./exit.ts";
import { layersHere, oneValue, say } from "./policy-layers.ts";

/** The subcommand. */
export function policyTrustCommand(): Command {
  return new Command("trust")
    .description("accept a policy file inside the workspace, so that it may also loosen")
    .argument("[file]", "the file", ".ringfence/policy.yaml")
    .action(async (file: string) => trust(file));
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
