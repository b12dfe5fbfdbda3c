// `ringfence log export`: the record as others read it. One file a kind of export; this one only asks which.
import { Command } from "commander";
import { EXIT, fail } from "./exit.ts";
import { type BundleFlags, exportBundle, exportTlog } from "./log-export-bundle.ts";

interface ExportFlags extends BundleFlags {
  readonly bundle?: string;
  readonly tlog?: string;
}

/** The command. */
export function exportCommand(): Command {
  return new Command("export")
    .description("hand a record on: to an auditor, or to tools that read transparency logs")
    .argument("[session]", "a session (the last one by default), or the folder of a log")
    .option("--bundle <path>", "everything an auditor needs, in a new .tar.gz or a new folder")
    .option("--tlog <folder>", "a directory of C2SP tlog-tiles with entry bundles")
    .option("--key <file>", "trust this public key instead of the machine's own")
    .option("--private", "with --bundle: also the vault, private values in clear text")
    .option("--json", "print one JSON document")
    .action(async (session: string | undefined, flags: ExportFlags) => {
      process.exitCode = await exportAs(session, flags);
    });
}

function exportAs(session: string | undefined, flags: ExportFlags): Promise<number> {
  const { bundle, tlog } = flags;
  if (bundle !== undefined && tlog === undefined) return exportBundle(session, bundle, flags);
  if (tlog !== undefined && bundle === undefined) return exportTlog(session, tlog, flags);
  const hint = "ringfence log export --bundle FILE.tar.gz";
  return fail({ code: "usage", message: "say what to export: one of --bundle, --tlog", hint }, EXIT.usage);
}
