// `ringfence log disclose`: one private value of a record with the proof that exactly this was recorded, in one file.
import { Command } from "commander";
import { makeReceipt, openSigned, recordAt, VaultReader, valuesBeside } from "#audit";
import { formatDisclosure } from "#core/log";
import { callerStateDir } from "../caller.ts";
import { EXIT, fail } from "../exit.ts";
import { findLog } from "./find.ts";
import { trustedKey } from "./key.ts";
import { parsePlace } from "./place.ts";

/** The command. */
export function discloseCommand(): Command {
  return new Command("disclose")
    .description("print one private value with its proof, checkable with a public key alone; nothing else is disclosed")
    .argument("<record>", "SESSION:SEQ")
    .argument("<path>", "the field, such as `data.output`")
    .option("--key <file>", "trust this public key instead of the machine's own")
    .addHelpText("after", "\nCheck it anywhere: ringfence log verify FILE --key machine.vkey")
    .action(async (record: string, path: string, flags: { key?: string }) => {
      const stateDir = callerStateDir(process.env);
      const { session, seq } = parsePlace(record, "disclose");
      const { dir } = findLog(stateDir, session);
      const found = recordAt(dir, seq);
      if (!found.ok) return fail(found.error, EXIT.badInput);
      const value = valuesBeside(found.value.record).find((each) => each.kind === "private" && each.path === path);
      if (value === undefined) return fail(notPrivate(seq, path), EXIT.badInput);
      const opened = new VaultReader(dir).open(found.value.segment, seq, path, value.digest);
      if (opened.kind !== "value") return fail(notThere(seq, path, opened.kind), EXIT.badInput);
      const signed = openSigned(dir, [await trustedKey(stateDir, flags.key)]);
      if (!signed.ok) return fail(signed.error, 1);
      const receipt = makeReceipt(signed.value, seq);
      if (!receipt.ok) return fail(receipt.error, receipt.error.code === "log-unsigned" ? 2 : 1);
      process.stdout.write(formatDisclosure(opened.entry, receipt.value));
    });
}

function notPrivate(seq: number, path: string): { code: string; message: string; hint: string } {
  const hint = `ringfence log prove SESSION:${seq} (what stands in the line is in its receipt)`;
  return { code: "log-not-private", message: `\`${path}\` of record ${seq} is no private field`, hint };
}

function notThere(
  seq: number,
  path: string,
  kind: "sealed" | "altered",
): { code: string; message: string; hint: string } {
  const why =
    kind === "sealed" ? "is not in the vault any more" : "was changed in the vault: it does not fit its commitment";
  return {
    code: `log-${kind}`,
    message: `\`${path}\` of record ${seq} ${why}`,
    hint: "ringfence log show ledger --type redaction",
  };
}
