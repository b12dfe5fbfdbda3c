// The closed log of a small session, to be shown to somebody outside.
import { join } from "node:path";
import { machineKey, openSessionLog, openSigned, type SignedLog } from "#audit";
import type { VerifierKey } from "#core/log";
import { tmp } from "./tmp.ts";

/** The log, and the machine's key. */
export interface SmallLog {
  readonly signed: SignedLog;
  readonly keys: readonly VerifierKey[];
}

/** Writes it in a folder of its own. */
export async function smallLog(): Promise<SmallLog> {
  const stateDir = tmp();
  const opened = await openSessionLog({
    stateDir,
    session: "s1",
    policy: "none",
    workspace: "/w",
    open: {},
    maxBytes: 1 << 20,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  await opened.value.append({ type: "prompt", origin: "claimed", data: { text: "hello" } });
  await opened.value.close({});
  const key = await machineKey(stateDir);
  const keys = key === undefined ? [] : [key];
  const signed = openSigned(join(stateDir, "log/sessions/s1"), keys);
  if (!signed.ok) throw new Error(signed.error.message);
  return { signed: signed.value, keys };
}
