// What others outside say of the anchor that a log is checked against: since when that checkpoint has existed.
import { readFileSync } from "node:fs";
import { checkRekorEntry, checkTimestamp } from "#audit";
import { EXIT, fail } from "../exit.ts";
import { readInput } from "./key.ts";
import { readPublicKey } from "./rekor.ts";
import { readCertificates } from "./timestamp.ts";

/** The flags that speak of it. */
export interface OutsideFlags {
  readonly anchor?: string;
  readonly timestamp?: string;
  readonly tsa?: string;
  readonly rekor?: string;
  readonly rekorKey?: string;
}

/** Notes for the report. Ends the process for a word that does not hold (1), or that cannot be checked. */
export function outsideNotes(flags: OutsideFlags): readonly string[] {
  return [...timestampNote(flags), ...rekorNote(flags)];
}

function timestampNote({ anchor, timestamp, tsa }: OutsideFlags): readonly string[] {
  if (timestamp === undefined && tsa === undefined) return [];
  if (anchor === undefined || timestamp === undefined || tsa === undefined)
    return incomplete("a time stamp", "--timestamp REPLY --tsa CERTIFICATES");
  const word = checkTimestamp(readBytes(timestamp), readBytes(anchor), readCertificates(tsa));
  if (!word.ok) return wrong(timestamp, anchor, word.error);
  return [`the anchor existed at ${word.value.time.toISOString()}, says ${word.value.authority}`];
}

function rekorNote({ anchor, rekor, rekorKey }: OutsideFlags): readonly string[] {
  if (rekor === undefined && rekorKey === undefined) return [];
  if (anchor === undefined || rekor === undefined || rekorKey === undefined)
    return incomplete("an entry", "--rekor ENTRY --rekor-key KEY");
  const word = checkRekorEntry(readInput(rekor), readBytes(anchor), readPublicKey(rekorKey));
  if (!word.ok) return wrong(rekor, anchor, word.error);
  const { index, log, time } = word.value;
  return [`the anchor is entry ${index} of ${log} since ${time.toISOString()}`];
}

function incomplete(what: string, flags: string): never {
  const hint = `ringfence log verify LOG --anchor CHECKPOINT ${flags}`;
  return fail(
    { code: "usage", message: `${what} is about an anchor, and by somebody who is trusted`, hint },
    EXIT.usage,
  );
}

function wrong(file: string, anchor: string, why: string): never {
  const hint = "check the file that was kept beside it, and whose key it is";
  return fail({ code: "log-outside", message: `\`${file}\` does not hold for \`${anchor}\`: ${why}`, hint }, 1);
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return fail({ code: "input", message: `\`${file}\` cannot be read` }, EXIT.badInput);
  }
}
