// `ringfence log checkpoint`: what to keep elsewhere, so that somebody else remembers how long a log was. Only a checkpoint whose
// signatures hold is printed.
import { Command, Option } from "commander";
import { openSigned, type SignedLog } from "#audit";
import { toBase64 } from "#core/log";
import { callerStateDir } from "../caller.ts";
import { EXIT, fail } from "../exit.ts";
import { noteOnHead } from "../git-note.ts";
import { jsonLine } from "../print-json.ts";
import { findLog } from "./find.ts";
import { trustedKey } from "./key.ts";

interface CheckpointFlags {
  readonly dir?: string;
  readonly key?: string;
  readonly gitTrailer?: boolean;
  readonly gitNote?: boolean | string;
  readonly json?: boolean;
}

/** The command. */
export function checkpointCommand(): Command {
  return new Command("checkpoint")
    .description("print the newest signed checkpoint of a log: keep it elsewhere, and give it to `log verify --anchor`")
    .argument("[session]", "a session (the last one by default), `ledger`, or the folder of a log")
    .option("--dir <folder>", "the folder of the log, instead of a session")
    .option("--key <file>", "trust this public key instead of the machine's own")
    .addOption(
      new Option("--git-trailer", "print a trailer for a commit message: Agent-Audit: ORIGIN SIZE ROOT").conflicts([
        "json",
        "gitNote",
      ]),
    )
    .option(
      "--git-note [folder]",
      "also keep it as a git note (refs/notes/ringfence) at HEAD of the repository in a folder (here by default)",
    )
    .option("--json", "print one JSON document")
    .action(async (session: string | undefined, flags: CheckpointFlags) => {
      const stateDir = callerStateDir(process.env);
      const key = await trustedKey(stateDir, flags.key);
      const signed = openSigned(flags.dir ?? findLog(stateDir, session).dir, [key]);
      if (!signed.ok) return fail(signed.error, 1);
      if (flags.gitNote !== undefined && flags.gitNote !== false) {
        const noted = noteOnHead(flags.gitNote === true ? process.cwd() : flags.gitNote, signed.value.checkpoint);
        if (!noted.ok) return fail(noted.error, EXIT.badInput);
      }
      process.stdout.write(answer(signed.value, flags));
      process.exitCode = EXIT.ok;
    });
}

function answer({ log, size, root, checkpoint }: SignedLog, flags: CheckpointFlags): string {
  const { origin } = log;
  if (flags.gitTrailer === true) return `Agent-Audit: ${origin} ${size} ${toBase64(root)}\n`;
  if (flags.json === true) return jsonLine({ origin, size, root: toBase64(root), checkpoint }, 2);
  return checkpoint;
}
