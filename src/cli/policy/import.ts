// `ringfence policy import --from AGENT FILE`: another agent's settings as a policy of ours on stdout, and on stderr one line for
// everything that has no equal. Exit 0 when all of it carried over, 1 when something did not, 65 when the file cannot be read.
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { type Imported, importPolicy, NATIVE_FORMS, type NativeForm, type Unequal } from "#core/policy/import";
import { forTerminal } from "#core/text";
import { POLICY_FILE, readPolicyFile, workspaceFolder, writePolicyFile } from "#monitor";
import { callerHome } from "../caller.ts";
import { complain, EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";

interface ImportOptions {
  readonly from: NativeForm;
  readonly write?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** The command. */
export function policyImportCommand(): Command {
  return new Command("import")
    .description(
      "turn another agent's permissions into a policy, with a line for everything that has no equal (exit 0 all carried over, 1 not all)",
    )
    .argument(
      "<file>",
      "its settings: settings.json, a .rules or config.toml file, srt's JSON, a policy TOML, opencode.json, …",
    )
    .addOption(new Option("--from <agent>", "whose settings they are").choices([...NATIVE_FORMS]).makeOptionMandatory())
    .option("--write", `write it to ${POLICY_FILE} of this workspace instead of printing it`)
    .option("--force", `with --write: replace an existing ${POLICY_FILE}`)
    .option("--json", "print one JSON document")
    .action(importFile);
}

async function importFile(file: string, options: ImportOptions): Promise<void> {
  const path = resolve(file);
  const read = await readPolicyFile(path, { followLinks: true });
  if (!read.ok) return fail(read.error, EXIT.badInput);
  if (read.value === undefined)
    return fail(
      { code: "import-unreadable", message: `there is no file \`${file}\``, hint: "name the agent's settings file" },
      EXIT.badInput,
    );
  const imported = importPolicy(options.from, { file, path, text: read.value.text, home: callerHome() });
  if (!imported.ok) return fail(imported.error, EXIT.badInput);
  const written = options.write === true ? write(imported.value, options.force === true) : undefined;
  if (options.json) printJson({ ...imported.value, written: written ?? null }, 2);
  else {
    // the text is escaped where it is made: values as YAML escapes, comments for the terminal
    if (written === undefined) process.stdout.write(imported.value.text);
    complain(imported.value.unequal.map(unequalLine).join(""));
    if (written !== undefined)
      process.stdout.write(`wrote ${POLICY_FILE}: read it, then accept it with \`ringfence policy trust\`\n`);
  }
  process.exitCode = imported.value.unequal.length > 0 ? 1 : EXIT.ok;
}

/** `FILE:LINE: what: what it did there; what holds here`. */
function unequalLine({ key, at, there, here }: Unequal): string {
  return `${forTerminal(`${at.file}:${at.line}: ${key}: ${there}; ${here}`, { max: 1000 })}\n`;
}

function write({ text }: Imported, force: boolean): string {
  const result = writePolicyFile(workspaceFolder(process.cwd()), text, { force });
  if (result.ok) return result.value;
  const exists = result.error.code === "policy-exists";
  return fail(
    exists
      ? { ...result.error, hint: "`--force` replaces it; without `--write` the import is only printed" }
      : result.error,
    exists ? EXIT.usage : EXIT.cannotStart,
  );
}
