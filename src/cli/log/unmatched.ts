// What is said where a filter of `ringfence log show` leaves nothing: silence would look like a log in which nothing happened. On standard error, so
// that what reads the lines reads none.
import { readLog } from "#audit";
import type { RecordFilter } from "#core/log";
import { complain, problemLines } from "../exit.ts";
import type { FoundLog } from "./find.ts";

/** So many records are looked through for their types, in each log. */
const LOOK_MOST = 20_000;

/** Says so, and what to type next. Nothing where nothing was asked for: no filter, or `--last 0`. */
export function sayUnmatched(
  logs: readonly FoundLog[],
  { filter, last }: { readonly filter: RecordFilter; readonly last?: number },
): void {
  if (last === 0 || Object.keys(filter).length === 0) return;
  const where = logs.length === 1 ? `\`${logs[0]?.name ?? ""}\`` : `${logs.length} logs`;
  const { types, ...others } = filter;
  const isTypeAlone = types !== undefined && Object.keys(others).length === 0;
  complain(
    problemLines({
      code: "log-unmatched",
      message: isTypeAlone
        ? `no record of ${where} is of type ${types.map((type) => `\`${type}\``).join(" or ")}`
        : `no record of ${where} is what was asked for`,
      hint: isTypeAlone ? `its types: ${[...typesOf(logs)].sort().join(", ")}` : "take an option out to see more",
    }),
  );
}

function typesOf(logs: readonly FoundLog[]): ReadonlySet<string> {
  const types = new Set<string>();
  for (const { dir } of logs) {
    let count = 0;
    for (const { record } of readLog(dir)) {
      if (record !== undefined) types.add(record.type);
      count += 1;
      if (count >= LOOK_MOST) break;
    }
  }
  return types;
}
