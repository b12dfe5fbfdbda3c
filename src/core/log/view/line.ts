// A record as one line for a person: `14:03:22.120      5  net.blocked       host=evil.test port=443 …`, `?` in front of what was only
// claimed. Safe on a terminal whatever an agent managed to get into it (I10).
import { forTerminal } from "../../text/index.ts";
import type { LogRecord } from "../leaf.ts";
import type { Json } from "../record.ts";

/** One line, without its line feed. `session` in front where several are shown together. */
export function recordLine(record: LogRecord, session?: string): string {
  const claimed = record.origin === "claimed" ? "?" : " ";
  const whose = session === undefined ? "" : `${forTerminal(session, { max: 30 })} `;
  const head = `${whose}${record.ts.slice(11, 23)} ${String(record.seq).padStart(6)} ${claimed}${record.type.padEnd(16)}`;
  return `${head} ${forTerminal(details(record), { max: 400 })}`;
}

/** What is no record is shown, never skipped: it may be what was looked for. */
export function damagedLine(text: string): string {
  return forTerminal(`not a record: ${text}`, { max: 200 });
}

function details({ actor, data }: LogRecord): string {
  const who = actor?.pid === undefined ? [] : [`pid=${actor.pid}`];
  const what = Object.keys(data).map((key) => `${key}=${short(data[key] ?? null)}`);
  return [...who, ...what].join(" ");
}

function short(value: Json): string {
  if (typeof value === "string") return /^[\p{L}\p{N}._/:@%+,~-]+$/u.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}
