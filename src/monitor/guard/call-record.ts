// What goes on record of a tool call that has not happened, and who claims it.
import type { HookEvent, Reason } from "#core";
import type { Json, RecordBody } from "#core/log";

const SUBJECT_MOST = 500;
const REASONS_MOST = 50;

/** A reason as the record keeps it. */
export function recordedReason({ code, verdict, subject, rule, at }: Reason): Json {
  return {
    code,
    verdict,
    subject: subject.slice(0, SUBJECT_MOST),
    ...(rule === undefined ? {} : { rule }),
    ...(at === undefined ? {} : { at: `${at.file}:${at.line}:${at.column}` }),
  };
}

/**
 * The intent, on record before the agent may act (I6). The input is kept as text: an agent's JSON may hold numbers that a record has no form for.
 */
export function callRecord(
  event: Extract<HookEvent, { readonly kind: "before-tool" }>,
  decided: Readonly<Record<string, Json>> & { readonly reasons: readonly Json[] },
): RecordBody {
  const input = JSON.stringify(event.input) ?? "null";
  const reasons = decided.reasons.slice(0, REASONS_MOST);
  return {
    type: "tool.call",
    ...claimedBy(event),
    data: { tool: event.tool, input, cwd: event.cwd, ...decided, reasons },
  };
}

/** A hook tells it: claimed, never observed. */
export function claimedBy(event: HookEvent): Pick<RecordBody, "origin" | "actor"> {
  const id = "toolUseId" in event ? event.toolUseId : undefined;
  return { origin: "claimed", actor: { agent: event.agent, ...(id === undefined ? {} : { tool_use_id: id }) } };
}
