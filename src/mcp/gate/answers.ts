// Answers of the server: only to what is open, screened and cleaned, on record, and only then handed over.
import { type Finding, isObject, type Json, type McpFailure, type McpResponse, member, refusalOf } from "#core/mcp";
import type { Passage } from "../gatekeeper.ts";
import type { McpCall, McpOutcome } from "../ports.ts";
import {
  type ClientRequest,
  dropped,
  type Envelope,
  forwarded,
  type Gate,
  judged,
  replaced,
  rewritten,
} from "./gate.ts";
import { passOpening } from "./opening.ts";
import { askWishes } from "./wishes.ts";

/** What is done with an answer to `open`. */
export async function passAnswer(
  gate: Gate,
  envelope: Envelope<McpResponse | McpFailure>,
  open: ClientRequest,
): Promise<Passage> {
  const { message } = envelope;
  if (message.kind === "response" && (open.method === "initialize" || open.method === "server/discover"))
    return passOpening(gate, envelope as Envelope<McpResponse>, open);
  const key = message.kind === "response" ? "result" : "error";
  const said: Json = message.kind === "response" ? message.result : (envelope.value["error"] ?? null);
  // `ping`, `logging/setLevel` and their like answer with nothing.
  if (open.call === undefined && isObject(said) && Object.keys(said).length === 0) return forwarded(envelope);
  const refused = (text: string): Passage => replaced(refusalOf(open, open.era, text));
  const told = gate.told;
  const findings = await gate.options.screen(said, open.abort.signal);
  // No progress comes behind what it led to.
  await told;
  if (open.abort.signal.aborted) return dropped("cancelled");
  const cleaned = cleanedAnswer(gate, said);
  const call = callBehind(gate, open, said);
  const outcome = outcomeOf(gate, { open, call, key, cleaned, findings, bytes: envelope.bytes.length });
  const verdict = await judged(gate.options.ports.result(outcome, open.asking.signal));
  if (open.abort.signal.aborted) return dropped("cancelled");
  if (verdict.verdict === "deny") return refused(verdict.text);
  if (["task", "result"].some((key) => member(member(cleaned.value, key), "inputRequests") !== undefined))
    return refused("ringfence: refused: the server's wishes stand where they cannot be judged");
  const wishes = await askWishes(gate, { open, call, wishes: member(cleaned.value, "inputRequests") });
  if (open.abort.signal.aborted) return dropped("cancelled");
  if (!wishes.ok) return refused(wishes.error);
  if (!cleaned.changed && !wishes.value.changed) return forwarded(envelope);
  const inputRequests = wishes.value.changed ? { inputRequests: wishes.value.wishes } : {};
  return rewritten(envelope, {
    [key]: isObject(cleaned.value) ? { ...cleaned.value, ...inputRequests } : cleaned.value,
  });
}

interface Cleaned {
  readonly value: Json;
  readonly changed: boolean;
}

/** What a client hands back as it got it: it is the server's own, and one changed character would break it. */
const OPAQUE = ["requestState", "nextCursor"];

function cleanedAnswer(gate: Gate, said: Json): Cleaned {
  const kept = OPAQUE.flatMap((key): [string, Json][] => {
    const value = member(said, key);
    return value === undefined ? [] : [[key, value]];
  });
  const cleaned = gate.options.clean(said);
  if (!cleaned.changed || !isObject(cleaned.value)) return cleaned;
  return { value: { ...cleaned.value, ...Object.fromEntries(kept) }, changed: true };
}

interface Answer {
  readonly open: ClientRequest;
  readonly call: McpCall | undefined;
  readonly key: "result" | "error";
  readonly cleaned: Cleaned;
  readonly findings: readonly Finding[];
  readonly bytes: number;
}

function outcomeOf(gate: Gate, { open, call, key, cleaned, findings, bytes }: Answer): McpOutcome {
  const said =
    key === "result"
      ? { result: cleaned.value }
      : { error: cleaned.value as unknown as NonNullable<McpOutcome["error"]> };
  return {
    server: gate.options.server,
    method: open.method,
    ...(call === undefined ? {} : { call }),
    ...said,
    findings,
    cleaned: cleaned.changed,
    bytes,
    ms: performance.now() - open.began,
  };
}

/** Tasks that are remembered; an older one's result is judged without its call. */
const MAX_TASKS = 1024;

/** The call that an answer belongs to: its own, or that which began the task. */
function callBehind(gate: Gate, open: ClientRequest, said: Json): McpCall | undefined {
  if (open.call !== undefined) {
    const id = member(member(said, "task"), "taskId") ?? member(said, "taskId");
    if (typeof id === "string") remember(gate.tasks, id, open.call);
    return open.call;
  }
  const id = member(open.params, "taskId");
  return typeof id === "string" ? gate.tasks.get(id) : undefined;
}

function remember(tasks: Map<string, McpCall>, id: string, call: McpCall): void {
  // Its arguments are on record already, and may be large.
  tasks.set(id, { ...call, arguments: {} });
  const [oldest] = tasks.keys();
  if (tasks.size > MAX_TASKS && oldest !== undefined) tasks.delete(oldest);
}
