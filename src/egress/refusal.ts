// How a refusal is told (DESIGN 8): to an agent as one useful line, to a program as JSON and a header; the same facts in both.
import type { EgressRefusal } from "#core/net";
import { forTerminal } from "#core/text";
import type { Peer } from "./filter.ts";
import { type Intake, send } from "./intake.ts";
import type { Tally } from "./tally.ts";

/** Something the proxy does not do, with everything a person needs to change it. */
export interface Refusal extends Pick<EgressRefusal, "reason" | "hint"> {
  readonly status: 400 | 403 | 502 | 503 | 504;
  readonly host: string;
  readonly port: number;
  /** The rule's text and place, where one speaks. */
  readonly rule?: string;
  /** For the record: what was asked for, without anything that could be a secret. */
  readonly asked?: string;
}

/** A client that was refused may still be sending: what it reads last is the refusal, not a reset. */
const LINGER_MS = 1_000;

/** Records a refusal, tells it, then ends the connection. */
export async function refuse(
  client: Intake,
  deps: { readonly tally: Tally; readonly peer?: Peer },
  refusal: Refusal,
): Promise<void> {
  await deps.tally.refuse(refusal, deps.peer);
  if (!(await send(client.socket, refusalResponse(refusal)))) return;
  client.socket.end();
  const until = performance.now() + LINGER_MS;
  while (performance.now() < until && (await client.arrives(until - performance.now())))
    if ((await client.read()) === undefined) return;
}

/** A refusal as a whole HTTP response that ends the connection. */
export function refusalResponse(refusal: Refusal): Buffer {
  const { reason, hint, rule } = refusal;
  const host = forTerminal(refusal.host, { max: 120 });
  const where = rule === undefined ? "" : ` by ${rule}`;
  const message = `ringfence: ${host}:${refusal.port} is refused${where} (${reason}); there is no way around it inside; ${hint}`;
  const body = `${JSON.stringify({ ringfence: { refused: host, port: refusal.port, reason, rule: rule ?? null, hint }, message })}\n`;
  // wget, npm and older curls show this phrase and nothing else: room for a whole command to type.
  const phrase = ascii(`${reason} ${host}; ${hint}`).slice(0, 500);
  const lines = [
    `HTTP/1.1 ${refusal.status} ${phrase}`,
    `x-ringfence-reason: ${ascii(reason)}`,
    `x-ringfence-hint: ${ascii(hint).slice(0, 500)}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
    "",
    body,
  ];
  return Buffer.from(lines.join("\r\n"));
}

function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}
