// `ringfence policy export --to AGENT [FILE]`: the effective policy, or one file, in an agent's own form on stdout, and on stderr one line
// for everything that the agent cannot enforce. Exit 0 when it enforces all of it, 1 when not, 65 when the policy cannot be read.
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { type Dropped, type LayerText, loadPolicy } from "#core/policy";
import { EXPORT_FORMS, type ExportForm, exportPolicy, type NativeFile, type Unenforced } from "#core/policy/export";
import { forTerminal, forTerminalLines } from "#core/text";
import { readPolicyFile } from "#monitor";
import { complain, EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { layersHere } from "./layers.ts";

interface ExportOptions {
  readonly to: ExportForm;
  readonly only?: string;
  readonly json?: boolean;
}

/** The command. */
export function policyExportCommand(): Command {
  return new Command("export")
    .description(
      "write the policy in an agent's own form, with a line for everything that the agent cannot enforce (exit 0 all, 1 not all)",
    )
    .argument("[file]", "one policy file; otherwise what is left of all layers of this workspace")
    .addOption(new Option("--to <agent>", "whose form it takes").choices([...EXPORT_FORMS]).makeOptionMandatory())
    .option("--only <name>", "where the agent needs several files: print this one")
    .option("--json", "print one JSON document")
    .action(exportFile);
}

async function exportFile(file: string | undefined, options: ExportOptions): Promise<void> {
  const loaded = loadPolicy(file === undefined ? await layersHere() : [await named(file)]);
  if (!loaded.ok) return fail(loaded.error, EXIT.badInput);
  const exported = exportPolicy(options.to, loaded.value);
  const files =
    options.only === undefined ? exported.files : exported.files.filter(({ name }) => name === options.only);
  if (files.length === 0)
    return fail(
      {
        code: "usage",
        message: `there is no file \`${options.only}\` in that form`,
        hint: `it has: ${exported.files.map(({ name }) => name).join(", ")}`,
      },
      EXIT.usage,
    );
  if (options.json) printJson({ files, unenforced: exported.unenforced }, 2);
  else {
    process.stdout.write(printed(files));
    complain(exported.unenforced.map(line).join("") + leftOut(loaded.value.dropped));
  }
  process.exitCode = exported.unenforced.length > 0 ? 1 : EXIT.ok;
}

async function named(file: string): Promise<LayerText> {
  const read = await readPolicyFile(resolve(file), { followLinks: true });
  if (!read.ok) return fail(read.error, EXIT.badInput);
  if (read.value === undefined)
    return fail(
      { code: "policy-unreadable", message: `there is no file \`${file}\``, hint: "check the path" },
      EXIT.badInput,
    );
  return { name: "command-line", file: resolve(file), ...read.value, trusted: true };
}

/** One file as it is; several with their names between them, as head(1) does. */
function printed(files: readonly NativeFile[]): string {
  const [only, more] = files;
  const text = (file: NativeFile): string => (process.stdout.isTTY ? forTerminalLines(file.text) : file.text);
  if (only !== undefined && more === undefined) return text(only);
  return files.map((file) => `==> ${file.name} <==\n${text(file)}`).join("\n");
}

function line({ key, at, why }: Unenforced): string {
  return `${forTerminal(`${at.file}:${at.line}: ${key}: ${why}`, { max: 1000 })}\n`;
}

/** What holds nowhere is in no export either; said, because a person who looks for it finds it in the file. */
function leftOut(dropped: readonly Dropped[]): string {
  const entries =
    dropped.length === 1 ? "1 entry that does not hold is" : `${dropped.length} entries that do not hold are`;
  return dropped.length === 0
    ? ""
    : `ringfence: ${entries} left out\nhint: \`ringfence policy explain\` says which, and why\n`;
}
