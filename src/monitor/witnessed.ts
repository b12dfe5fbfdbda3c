// The policy's witnesses (`audit.witness`): when a session has closed, its log and the machine's ledger are cosigned, so that
// somebody outside remembers how long both were. A witness that does not answer changes nothing of the session; it is told.
import { machineKey, openSigned, sha256, submitToWitness, type WitnessPlace } from "#audit";
import { err, ok, type Problem, type Result } from "#core";
import { parseCosignerKey } from "#core/log";
import type { Policy } from "#core/policy";

/** The witnesses a policy names; a Problem for a key that is none, which refuses the run before anything happens. */
export function witnessesOf(policy: Policy): Result<readonly WitnessPlace[], Problem> {
  const places: WitnessPlace[] = [];
  for (const entry of policy.audit.witness) {
    const [url = "", vkey = ""] = entry.split(" ", 2);
    const key = parseCosignerKey(sha256, vkey);
    if (key === undefined || !URL.canParse(url)) return err(notAWitness(entry));
    places.push({ url: url.replace(/\/$/, ""), key });
  }
  return ok(places);
}

/** Has both logs cosigned by every witness; what to tell the person where one did not. Never rejects. */
export async function tellWitnesses(
  witnesses: readonly WitnessPlace[],
  logs: { readonly stateDir: string; readonly dirs: readonly string[] },
): Promise<readonly string[]> {
  if (witnesses.length === 0) return [];
  const key = await machineKey(logs.stateDir).catch(() => undefined);
  const keys = key === undefined ? [] : [key];
  const answers = await Promise.all(
    witnesses.map(async (witness) => {
      // One after the other: one unreachable witness is one message.
      for (const dir of logs.dirs) {
        const done = await submitToWitness(() => openSigned(dir, keys), witness);
        if (!done.ok) return done.error.message;
      }
      return undefined;
    }),
  );
  return answers.filter((answer) => answer !== undefined);
}

function notAWitness(entry: string): Problem {
  return {
    code: "witness-key",
    message: `\`audit.witness\` holds no witness: ${entry}`,
    hint: "an entry is the address, a space and the witness's public key (its `witness.vkey`)",
  };
}
