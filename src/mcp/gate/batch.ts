// A batch (2025-03-26 only): each member is judged as if it had come alone. It goes on whole when nothing in it was changed.
import { type Json, writeJson } from "#core/mcp";
import type { Passage } from "../gatekeeper.ts";

/** Judges each member; `bytes` are the batch as it came. */
export async function passBatch(
  bytes: Uint8Array,
  members: readonly Json[],
  judge: (member: Json, bytes: Uint8Array) => Promise<Passage>,
): Promise<Passage> {
  const texts = members.map((member) => new TextEncoder().encode(writeJson(member)));
  const parts = await Promise.all(members.map((member, index) => judge(member, texts[index] ?? new Uint8Array())));
  const whole = parts.every((part, index) => part.kind === "forward" && part.bytes === texts[index]);
  const delivered = (): void => {
    for (const part of parts) if (part.kind === "forward") part.delivered?.();
  };
  return whole ? { kind: "forward", bytes, delivered } : { kind: "several", parts };
}
