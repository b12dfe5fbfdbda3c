// `ringfence log …`: what really happened, read and checked without anything but the folder and a public key.
import { Command } from "commander";
import { callerStateDir } from "./caller.ts";
import { appendCommand } from "./log/append.ts";
import { checkpointCommand } from "./log/checkpoint.ts";
import { compressCommand } from "./log/compress.ts";
import { discloseCommand } from "./log/disclose.ts";
import { duCommand } from "./log/du.ts";
import { exportCommand } from "./log/export.ts";
import { lastSession } from "./log/find.ts";
import { proveCommand } from "./log/prove.ts";
import { pruneCommand } from "./log/prune.ts";
import { redactCommand } from "./log/redact.ts";
import { rekorCommand } from "./log/rekor.ts";
import { logShowCommand, logTailCommand } from "./log/show-command.ts";
import { timestampCommand } from "./log/timestamp.ts";
import { type VerifyFlags, verifyCommand } from "./log/verify.ts";
import { witnessCommand } from "./log/witness.ts";

/** The `log` command with its parts. */
export function logCommand(): Command {
  const log = new Command("log").description("read and check the record");
  log
    .command("verify")
    .description("check signatures, hashes and order; without an argument, the ledger and every session it knows")
    .argument(
      "[log]",
      "a session, `last`, `ledger`, the folder of a log (also one copied from elsewhere), or a receipt",
    )
    .option("--key <file>", "trust this public key (a vkey line) instead of the machine's own")
    .option("--anchor <file>", "checkpoints kept elsewhere that the logs must still contain")
    .option("--witness <file>", "public keys of witnesses whose word under an anchor counts")
    .option("--timestamp <file>", "a time stamp (RFC 3161) of the anchor, as `log timestamp` keeps it")
    .option("--tsa <file>", "certificates of its authority, or of those who certified it, as PEM")
    .option("--rekor <file>", "an entry of the anchor in a transparency log, as `log rekor` keeps it")
    .option("--rekor-key <file>", "public key of that log, as PEM")
    .option("--against <folder>", "another copy of the log: one must be a beginning of the other")
    .option("--json", "print one JSON document")
    .action(async (target: string | undefined, flags: VerifyFlags) => {
      process.exitCode = await verifyCommand(
        callerStateDir(process.env),
        target === "last" ? lastSession(callerStateDir(process.env)) : target,
        flags,
      );
    });
  log.addCommand(logShowCommand());
  log.addCommand(logTailCommand());
  log.addCommand(appendCommand());
  log.addCommand(proveCommand());
  log.addCommand(discloseCommand());
  log.addCommand(redactCommand());
  log.addCommand(checkpointCommand());
  log.addCommand(timestampCommand());
  log.addCommand(rekorCommand());
  log.addCommand(exportCommand());
  log.addCommand(witnessCommand());
  log.addCommand(pruneCommand());
  log.addCommand(compressCommand());
  log.addCommand(duCommand());
  return log;
}
