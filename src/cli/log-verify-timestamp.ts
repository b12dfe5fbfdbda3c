// What a time stamp says of the anchor that a log is checked against (RFC 3161): since when that checkpoint has existed.
import { readFileSync } from "node:fs";
import { checkTimestamp } from "#audit";
import { EXIT, fail } from "./exit.ts";
import { readCertificates } from "./log-timestamp.ts";

/** The flags that speak of it. */
export interface TimestampedFlags {
  readonly anchor?: string;
  readonly timestamp?: string;
  readonly tsa?: string;
}

/** A note for the report; none when no time stamp was given. Ends the process for one that does not hold (1), or that cannot be checked. */
export function timestampNotes({ anchor, timestamp, tsa }: TimestampedFlags): readonly string[] {
  if (timestamp === undefined && tsa === undefined) return [];
  if (anchor === undefined || timestamp === undefined || tsa === undefined) {
    const hint = "ringfence log verify LOG --anchor CHECKPOINT --timestamp REPLY --tsa CERTIFICATES";
    return fail({ code: "usage", message: "a time stamp is about an anchor, by an authority", hint }, EXIT.usage);
  }
  const word = checkTimestamp(readBytes(timestamp), readBytes(anchor), readCertificates(tsa));
  if (!word.ok)
    return fail(
      { code: "log-timestamp", message: `\`${timestamp}\` does not hold for \`${anchor}\`: ${word.error}` },
      1,
    );
  return [`the anchor existed at ${word.value.time.toISOString()}, says ${word.value.authority}`];
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return fail({ code: "input", message: `\`${file}\` cannot be read` }, EXIT.badInput);
  }
}
