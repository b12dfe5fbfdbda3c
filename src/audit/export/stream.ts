// Whose log it is: its name as the signed checkpoint or its first record gives it, and the agent as the first record names it. Labels for
// the receiver; whether they are true is what `log verify` says.
import { closeSync, readSync } from "node:fs";
import { basename } from "node:path";
import { type Stream, wellFormed } from "#core/log/export";
import { openForScan } from "../open-file.ts";
import { searchLog } from "../search.ts";

/** The stream of the log in `dir`. Throws `Unreadable`. */
export function streamOf(dir: string, version: string): Stream {
  for (const { record } of searchLog(dir)) {
    const key = record?.type === "session.open" ? record.data["key"] : undefined;
    const agent = record?.data["agent"];
    return {
      origin: checkpointOrigin(dir) ?? (typeof key === "string" ? (key.split("+", 1)[0] ?? "") : basename(dir)),
      ...(typeof agent === "string" && agent !== "" ? { agent: wellFormed(agent.slice(0, 200)) } : {}),
      version,
    };
  }
  return { origin: checkpointOrigin(dir) ?? basename(dir), version };
}

function checkpointOrigin(dir: string): string | undefined {
  try {
    const line = beginning(dir, "checkpoint").split("\n", 1)[0] ?? "";
    return /^[\x21-\x7e]{1,300}$/.test(line) ? line : undefined;
  } catch {
    return undefined; // not sealed yet
  }
}

/** The first bytes of a regular file of the log. */
function beginning(dir: string, file: string): string {
  const fd = openForScan(dir, file);
  try {
    const bytes = Buffer.alloc(1024);
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(fd);
  }
}
