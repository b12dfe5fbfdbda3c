// `ringfence log timestamp`: have somebody outside say when a log stood as it stands (RFC 3161), and keep the word beside it.
import { X509Certificate } from "node:crypto";
import { Command, InvalidArgumentError } from "commander";
import { openSigned, timestampLog } from "#audit";
import { quoted } from "#core/session";
import { forTerminal } from "#core/text";
import { callerStateDir } from "../caller.ts";
import { EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { findLog } from "./find.ts";
import { readInput, trustedKey } from "./key.ts";

interface TimestampFlags {
  readonly url: string;
  readonly tsa: string;
  readonly key?: string;
  readonly json?: boolean;
}

/** The command. */
export function timestampCommand(): Command {
  return new Command("timestamp")
    .description(
      "have the newest checkpoint of a log time-stamped by an authority (RFC 3161), and keep the answer beside the log",
    )
    .argument("[session]", "a session (the last one by default), `ledger`, or the folder of a log")
    .requiredOption("--url <url>", "where the authority answers", parseOutsideUrl)
    .requiredOption("--tsa <file>", "certificates of the authority, or of those who certified it, as PEM")
    .option("--key <file>", "trust this public key instead of the machine's own")
    .option("--json", "print one JSON document")
    .action(async (session: string | undefined, flags: TimestampFlags) => {
      process.exitCode = await stamp(session, flags);
    });
}

async function stamp(session: string | undefined, flags: TimestampFlags): Promise<number> {
  const stateDir = callerStateDir(process.env);
  const trusted = readCertificates(flags.tsa);
  const found = findLog(stateDir, session);
  const signed = openSigned(found.dir, [await trustedKey(stateDir, flags.key)]);
  if (!signed.ok) return fail(signed.error, 1);
  const done = await timestampLog(signed.value, { url: flags.url, trusted });
  if (!done.ok) return fail(done.error, done.error.code === "timestamp-refused" ? 2 : 1);
  const { origin } = signed.value.log;
  const { size, time, authority, checkpoint, reply } = done.value;
  const at = time.toISOString();
  if (flags.json === true) {
    printJson({ origin, size, at, authority, checkpoint, reply }, 2);
    return EXIT.ok;
  }
  const lines = [
    `${origin}: ${size} records stood so at ${at}, says ${authority}`,
    `to check it: ringfence log verify ${quoted(found.name)} --anchor ${quoted(checkpoint)} --timestamp ${quoted(reply)} --tsa ${quoted(flags.tsa)}`,
  ];
  process.stdout.write(`${lines.map((line) => forTerminal(line)).join("\n")}\n`);
  return EXIT.ok;
}

/** Certificates in PEM, one behind the other. */
export function readCertificates(file: string): readonly X509Certificate[] {
  const blocks = readInput(file).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch {
    // said below
  }
  const hint = "an authority publishes its certificates as PEM: `-----BEGIN CERTIFICATE-----`";
  return fail({ code: "log-key", message: `\`${file}\` holds no certificates`, hint }, EXIT.badInput);
}

/** The address of somebody outside who remembers for us. */
export function parseOutsideUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "")
    throw new InvalidArgumentError("give the http or https address of the authority");
  return url.href;
}
