// `ringfence log redact`: takes a private value or a blob of a session's record away for good; the machine's ledger says so.
import { Command } from "commander";
import { redactRecord } from "#audit";
import { forTerminal } from "#core/text";
import { callerStateDir } from "../caller.ts";
import { EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { refuseInside } from "../review-session.ts";
import { findLog } from "./find.ts";
import { parsePlace } from "./place.ts";

/** The command. */
export function redactCommand(): Command {
  return new Command("redact")
    .description("take a private value or a blob out of a session's record for good; signatures and hashes stand")
    .argument("<record>", "SESSION:SEQ")
    .argument("[path]", "one field, such as `data.output`; all of the record when absent")
    .requiredOption("--reason <text>", "why: it stands in the machine's ledger, for ever")
    .option("--json", "print one JSON document")
    .action(async (record: string, path: string | undefined, flags: { reason: string; json?: boolean }) => {
      refuseInside();
      const stateDir = callerStateDir(process.env);
      const { session: said, seq } = parsePlace(record, "redact");
      const session = findLog(stateDir, said).name;
      const request = { session, seq, reason: flags.reason, ...(path === undefined ? {} : { path }) };
      const done = await redactRecord({ stateDir }, request);
      if (!done.ok) return fail(done.error, EXIT.badInput);
      const paths = done.value.map((value) => value.path);
      if (flags.json === true) printJson({ session, seq, redacted: paths });
      else process.stdout.write(`${forTerminal(`redacted: ${paths.join(", ")} of record ${seq} of ${session}`)}\n`);
    });
}
