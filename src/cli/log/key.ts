// Which public key a command about logs trusts: the one that was named, else the machine's own.
import { readFileSync } from "node:fs";
import { machineKey, sha256 } from "#audit";
import { parseVerifierKey, type VerifierKey } from "#core/log";
import { EXIT, fail } from "../exit.ts";

/** The trusted key; ends the process when there is none. */
export async function trustedKey(stateDir: string, file: string | undefined): Promise<VerifierKey> {
  if (file !== undefined) {
    const key = parseVerifierKey(sha256, readInput(file).trim());
    const hint = "a public key is one line: name+id+base64, as `ringfence log verify` prints it";
    return key ?? fail({ code: "log-key", message: `\`${file}\` holds no public key of a log`, hint }, EXIT.badInput);
  }
  const key = await machineKey(stateDir).catch(() => undefined);
  const hint = "name a public key with `--key FILE`";
  return key ?? fail({ code: "log-key", message: "this machine has no log key of its own", hint }, EXIT.badInput);
}

/** A file that was named on the command line, as text; ends the process when it cannot be read. */
export function readInput(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return fail({ code: "input", message: `\`${file}\` cannot be read` }, EXIT.badInput);
  }
}
