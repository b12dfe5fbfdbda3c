// `ringfence log export`: the record as others read it. One file a kind of export; this one only asks which.
import { Command } from "commander";
import { EXIT, fail } from "../exit.ts";
import { deliverLog } from "./deliver.ts";
import { DELIVERY_FLAGS, type DeliverFlags, withDeliverOptions } from "./deliver-options.ts";
import { type BundleFlags, exportBundle, exportTlog } from "./export-bundle.ts";

interface ExportFlags extends BundleFlags, DeliverFlags {
  readonly bundle?: string;
  readonly tlog?: string;
}

/** The command. */
export function exportCommand(): Command {
  const command = new Command("export")
    .description("hand a record on: to collectors, to an auditor, or to tools that read transparency logs")
    .argument("[session]", "a session (the last one by default), or the folder of a log")
    .option("--bundle <path>", "everything an auditor needs, in a new .tar.gz or a new folder")
    .option("--tlog <folder>", "a directory of C2SP tlog-tiles with entry bundles")
    .option("--key <file>", "trust this public key instead of the machine's own")
    .option("--private", "with --bundle or --format: also the vault's private values, in clear text")
    .option("--json", "with --bundle or --tlog: print one JSON document");
  return withDeliverOptions(command).action(async (session: string | undefined, flags: ExportFlags) => {
    process.exitCode = await exportAs(session, flags);
  });
}

function exportAs(session: string | undefined, flags: ExportFlags): Promise<number> {
  const { bundle, format, tlog } = flags;
  const kinds = [bundle, format, tlog].filter((kind) => kind !== undefined);
  if (kinds.length !== 1) return refuse("say what to export: one of --format, --bundle, --tlog");
  if (format !== undefined) {
    if (flags.key !== undefined || flags.json !== undefined)
      return refuse("`--key` and `--json` belong to --bundle and --tlog");
    return deliverLog(session, format, flags);
  }
  for (const [name, flag] of Object.entries(DELIVERY_FLAGS))
    if (flags[name as keyof typeof DELIVERY_FLAGS] !== undefined) return refuse(`\`${flag}\` belongs to --format`);
  return bundle !== undefined ? exportBundle(session, bundle, flags) : exportTlog(session, tlog ?? "", flags);
}

function refuse(message: string): never {
  const hint = "ringfence log export --format ocsf --to FILE, or --bundle FILE.tar.gz";
  return fail({ code: "usage", message, hint }, EXIT.usage);
}
