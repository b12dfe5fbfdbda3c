// `SESSION:SEQ`: a record of a session, as people name it.
import { EXIT, fail } from "../exit.ts";

/** Reads it; ends the process for anything else. */
export function parsePlace(text: string, command: string): { readonly session: string; readonly seq: number } {
  const [, session, digits] = /^([^/]+):([0-9]{1,15})$/.exec(text) ?? [];
  if (session !== undefined && digits !== undefined) return { session, seq: Number(digits) };
  const hint = `ringfence log ${command} SESSION:SEQ (\`ringfence log show\` prints the numbers)`;
  return fail({ code: "usage", message: `\`${text}\` names no record`, hint }, EXIT.usage);
}
