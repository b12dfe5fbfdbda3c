// CloudEvents 1.0 in the JSON form, structured (one event) or a batch (a list of them). `data` is the record, as plain values.
import { Budget } from "./budget.ts";
import { EVENT_TEXT, type Exported, type Stream } from "./exported.ts";
import { type Members, plainData, wellFormed } from "./plain.ts";
import { present } from "./words.ts";

/** The event of a line. `id` and `source` together name it for ever: a receiver that has it already may drop it. */
export function cloudEvent(exported: Exported, stream: Stream, most: number = EVENT_TEXT): Members {
  return exported.kind === "record" ? recordEvent(exported, stream, most) : damageEvent(exported, stream);
}

const HEAD: Members = { specversion: "1.0", datacontenttype: "application/json" };

function recordEvent(exported: Extract<Exported, { kind: "record" }>, stream: Stream, most: number): Members {
  const { record, leaf, beside } = exported;
  const budget = new Budget();
  const data = budget.members(plainData(record.data, beside), most);
  const { actor, session, origin, type, seq } = record;
  return present({
    ...HEAD,
    ...{ id: String(seq), source: sourceOf(stream), type: `dev.ringfence.${type}`, subject: session, time: record.ts },
    // Extension attributes of the spec's own documents, and ours; names hold lower-case letters and digits only.
    ...{ sequence: String(seq).padStart(16, "0"), leafhash: leaf, recordorigin: origin },
    agent: textAttribute(actor?.agent ?? stream.agent),
    truncatedfrom: budget.cutFrom,
    data: present({
      seq,
      session,
      origin,
      actor: actor === undefined ? undefined : plainData({ ...actor }, beside),
      data,
    }),
  });
}

function damageEvent(found: Extract<Exported, { kind: "damage" }>, stream: Stream): Members {
  const { damage, seq, file, offset, bytes, text, hash } = found;
  return {
    ...HEAD,
    ...{ id: `damage/${file}/${offset}`, source: sourceOf(stream), type: "dev.ringfence.log.damage", time: found.ts },
    data: { damage, seq, file, offset, bytes, text, sha256: hash },
  };
}

/** A URI: the origin's characters are letters, digits, dots, hyphens, underscores and slashes. */
function sourceOf({ origin }: Stream): string {
  return `urn:ringfence:${origin.replace(/[^A-Za-z0-9._~/-]/g, (c) => encodeURIComponent(wellFormed(c)))}`;
}

/** Attributes may hold no control characters (CloudEvents 1.0.2, type system: String). */
function textAttribute(text: string | undefined): string | undefined {
  return text === undefined ? undefined : wellFormed(text).replace(/[\p{Cc}\p{Cn}]/gu, "\ufffd");
}
