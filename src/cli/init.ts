// `ringfence init`: looks at this repository inside a fence, proposes `.ringfence/policy.yaml` with a reason on each line, shows it and writes it.
import { Command, Option } from "commander";
import {
  composeFiles,
  devcontainerFiles,
  findWorkspace,
  POLICY_FILE,
  proposePolicy,
  surveyRepository,
  writePolicyFile,
} from "#monitor";
import { callerHome, callerStateDir } from "./caller.ts";
import { EXIT, fail } from "./exit.ts";
import { initContainer } from "./init-container.ts";
import { findInstallation } from "./installation.ts";
import { jsonLine } from "./print-json.ts";

interface InitOptions {
  readonly force?: boolean;
  readonly print?: boolean;
  readonly json?: boolean;
  readonly devcontainer?: boolean;
  readonly compose?: boolean;
}

/** The command. */
export function initCommand(): Command {
  return new Command("init")
    .description("propose a policy for this repository, with reasons, and write it to .ringfence/policy.yaml")
    .option("--devcontainer", "instead: a devcontainer in which a fence can be made")
    .option("--compose", "instead: a hardened compose file, whose only way out is a proxy")
    .addOption(
      new Option("--force", "replace an existing .ringfence/policy.yaml").conflicts(["devcontainer", "compose"]),
    )
    .option("--print", "only show the proposal")
    .option("--json", "print one JSON document")
    .action(init);
}

async function init(options: InitOptions): Promise<void> {
  if (options.devcontainer === true || options.compose === true) {
    const architecture = process.arch === "arm64" ? "arm64" : "x64";
    const files = [
      ...(options.devcontainer === true ? devcontainerFiles(architecture) : []),
      ...(options.compose === true ? composeFiles(architecture) : []),
    ];
    initContainer(files, { print: options.print === true, json: options.json === true });
    return;
  }
  const forbidden = {
    installation: findInstallation().root,
    stateDir: callerStateDir(process.env),
    home: callerHome(),
  };
  const workspace = findWorkspace(process.cwd(), forbidden);
  if (!workspace.ok) fail(workspace.error, EXIT.cannotStart);
  const { root } = workspace.value;
  const survey = await surveyRepository(root);
  if (!survey.ok) fail(survey.error, EXIT.cannotStart);
  const text = proposePolicy(survey.value);
  const written = options.print === true ? undefined : writePolicyFile(root, text, { force: options.force === true });
  if (written?.ok === false)
    fail(written.error, written.error.code === "policy-exists" ? EXIT.usage : EXIT.cannotStart);
  // The text is made of our own table's words alone, so it is shown as it is.
  if (options.json !== true) process.stdout.write(text);
  if (options.json === true) {
    const seen = [...survey.value.files].sort();
    process.stdout.write(jsonLine({ file: POLICY_FILE, written: written !== undefined, seen, text }, 2));
  } else if (written !== undefined) {
    process.stderr.write(
      `\nwrote ${POLICY_FILE}: read it, change what you like, then accept it with \`ringfence policy trust\`\n`,
    );
  }
}
