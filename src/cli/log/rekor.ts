// `ringfence log rekor`: have a public transparency log hold a digest of how a log stands, and keep the entry beside it.
import { createPublicKey, type KeyObject } from "node:crypto";
import { Command } from "commander";
import { enterInRekor, openSigned } from "#audit";
import { quoted } from "#core/session";
import { forTerminal } from "#core/text";
import { callerStateDir } from "../caller.ts";
import { EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { findLog } from "./find.ts";
import { readInput, trustedKey } from "./key.ts";
import { parseOutsideUrl } from "./timestamp.ts";

interface RekorFlags {
  readonly url: string;
  readonly rekorKey: string;
  readonly key?: string;
  readonly json?: boolean;
}

/** The command. */
export function rekorCommand(): Command {
  return new Command("rekor")
    .description(
      "enter the digest of a log's newest checkpoint in a Rekor transparency log, and keep the entry beside the log",
    )
    .argument("[session]", "a session (the last one by default), `ledger`, or the folder of a log")
    .requiredOption("--url <url>", "where the transparency log answers", parseOutsideUrl)
    .requiredOption("--rekor-key <file>", "its public key, as PEM")
    .option("--key <file>", "trust this public key instead of the machine's own")
    .option("--json", "print one JSON document")
    .action(async (session: string | undefined, flags: RekorFlags) => {
      process.exitCode = await enter(session, flags);
    });
}

async function enter(session: string | undefined, flags: RekorFlags): Promise<number> {
  const stateDir = callerStateDir(process.env);
  const place = { url: flags.url.replace(/\/$/, ""), key: readPublicKey(flags.rekorKey) };
  const found = findLog(stateDir, session);
  const signed = openSigned(found.dir, [await trustedKey(stateDir, flags.key)]);
  if (!signed.ok) return fail(signed.error, 1);
  const done = await enterInRekor(signed.value, place);
  if (!done.ok) return fail(done.error, done.error.code === "rekor-refused" ? 2 : 1);
  const { origin } = signed.value.log;
  const { size, time, log, index, checkpoint, entry } = done.value;
  const at = time.toISOString();
  if (flags.json === true) {
    printJson({ origin, size, at, log, index, checkpoint, entry }, 2);
    return EXIT.ok;
  }
  const lines = [
    `${origin}: ${size} records, entry ${index} of ${log} since ${at}`,
    `to check it: ringfence log verify ${quoted(found.name)} --anchor ${quoted(checkpoint)} --rekor ${quoted(entry)} --rekor-key ${quoted(flags.rekorKey)}`,
  ];
  process.stdout.write(`${lines.map((line) => forTerminal(line)).join("\n")}\n`);
  return EXIT.ok;
}

/** A public key in PEM. */
export function readPublicKey(file: string): KeyObject {
  const text = readInput(file);
  try {
    return createPublicKey(text);
  } catch {
    const hint = "a transparency log publishes its key as PEM: `-----BEGIN PUBLIC KEY-----`";
    return fail({ code: "log-key", message: `\`${file}\` holds no public key`, hint }, EXIT.badInput);
  }
}
