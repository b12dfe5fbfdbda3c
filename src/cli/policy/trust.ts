// `ringfence policy trust`: a person accepts exactly these bytes of a policy file that came with a workspace.
import { join, resolve } from "node:path";
import { Command } from "commander";
import { type LayerText, type LoadedPolicy, loadPolicy } from "#core/policy";
import { exactText, markedLines } from "#core/text";
import { acceptPolicyFile, workspaceFolder } from "#monitor";
import { callerStateDir } from "../caller.ts";
import { EXIT, fail } from "../exit.ts";
import { askAtTerminal, terminalIsHere } from "../terminal-prompt.ts";
import { layersHere, oneValue, say } from "./layers.ts";

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
  // also what loosens nothing today, because another file says it too: accepted, it stays when that file changes
  const alone = loadPolicy([layer]);
  if (!alone.ok) return fail(alone.error, EXIT.badInput);
  const change = changeText(named, layer, [...now.value.dropped, ...alone.value.dropped]);
  if (!terminalIsHere()) {
    for (const line of change) say(line);
    return refuse("accepting a policy needs a person at a terminal", "run it in a terminal of your own");
  }
  const typed = await askAtTerminal(
    {
      lines: (width) => change.flatMap((line) => markedLines(exactText(line), width)),
      choices: [
        { word: "yes", says: "accept exactly these bytes" },
        { word: "no", says: "change nothing" },
      ],
    },
    new AbortController().signal,
  );
  if (typed.kind !== "word" || typed.word !== "yes") return refuse("not accepted", "nothing was changed");
  const accepted = await acceptPolicyFile(callerStateDir(process.env), named, layer.digest);
  if (!accepted.ok) return fail(accepted.error, EXIT.badInput);
  say(`accepted ${named} (sha256 ${layer.digest.slice(0, 16)}…); any change to it must be accepted again`);
}

function changeText(file: string, layer: LayerText, dropped: LoadedPolicy["dropped"]): readonly string[] {
  const loosens = dropped
    .filter((d) => d.because === "not-accepted" && d.layer === layer.name)
    .sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
    .map((d) => `  would loosen, line ${d.at.line}: ${d.key}: ${oneValue(d.value)}`);
  return [
    `${file} (sha256 ${layer.digest})`,
    ...(loosens.length === 0 ? ["  it only tightens: everything in it binds already"] : []),
    ...new Set(loosens),
  ];
}
