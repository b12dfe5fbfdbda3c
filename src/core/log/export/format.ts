// The formats by name, and what they have in common: an event is one line of text; lines become a file, a message, or a request's body.
import type { Sha256 } from "../merkle.ts";
import { attest, type ChainPlace } from "./attestation.ts";
import { cefLine } from "./cef.ts";
import { cloudEvent } from "./cloudevents.ts";
import { ecsDocument } from "./ecs.ts";
import type { Exported, Stream } from "./exported.ts";
import { ocsfEvent } from "./ocsf.ts";
import { otlpEnvelope, otlpRecord } from "./otlp.ts";

/** Every format that `log export --format` knows. */
export const FORMATS = ["ocsf", "otlp", "ecs", "cef", "cloudevents", "jsonl"] as const;

/** One of them. */
export type Format = (typeof FORMATS)[number];

/** An event as text of one line, and where the chain of attestations stands behind it (OCSF alone has one). */
export interface Rendered {
  readonly text: string;
  readonly chain?: ChainPlace;
}

/** What a stream's events are made with. */
export interface Rendering {
  readonly format: Format;
  readonly stream: Stream;
  /** Name of this delivery's chain of attestations. */
  readonly chainUid: string;
  readonly sha256: Sha256;
}

/** One event, with at most about `most` characters of text. JSON lines are exact, whatever `most` says. */
export function renderEvent(
  exported: Exported,
  { format, stream, chainUid, sha256 }: Rendering,
  options: { readonly most: number; readonly before?: ChainPlace | undefined },
): Rendered {
  const { most, before } = options;
  switch (format) {
    case "ocsf": {
      const authority = stream.origin.split("/", 1)[0] ?? stream.origin;
      const { event, place } = attest(ocsfEvent(exported, stream, most), { uid: chainUid, authority, before }, sha256);
      return { text: JSON.stringify(event), chain: place };
    }
    case "otlp":
      return { text: JSON.stringify(otlpRecord(exported, stream, most)) };
    case "ecs":
      return { text: JSON.stringify(ecsDocument(exported, stream, most)) };
    case "cef":
      return { text: cefLine(exported, stream, most) };
    case "cloudevents":
      return { text: JSON.stringify(cloudEvent(exported, stream, most)) };
    case "jsonl":
      return { text: exported.kind === "record" ? exported.line : damageLine(exported) };
    default:
      return format satisfies never;
  }
}

/** The lines of a file, or of one message, that hold these events. Each ends before its line end. */
export function linesOf(format: Format, texts: readonly string[], stream: Stream): readonly string[] {
  return format === "otlp" && texts.length > 0 ? [otlpText(texts, stream)] : texts;
}

/** A request's body and its media type. */
export interface Body {
  readonly type: string;
  readonly text: string;
}

/** The body that holds these events. A single CloudEvent travels alone, several as a batch. */
export function bodyOf(format: Format, texts: readonly string[], stream: Stream): Body {
  switch (format) {
    case "otlp":
      return { type: "application/json", text: otlpText(texts, stream) };
    case "cloudevents":
      return texts.length === 1
        ? { type: "application/cloudevents+json", text: texts[0] ?? "" }
        : { type: "application/cloudevents-batch+json", text: `[${texts.join(",")}]` };
    case "cef":
      return { type: "text/plain; charset=utf-8", text: lines(texts) };
    case "ocsf":
    case "ecs":
    case "jsonl":
      return { type: "application/x-ndjson", text: lines(texts) };
    default:
      return format satisfies never;
  }
}

function lines(texts: readonly string[]): string {
  return `${texts.join("\n")}\n`;
}

function otlpText(texts: readonly string[], stream: Stream): string {
  const { head, tail } = otlpEnvelope(stream);
  return `${head}${texts.join(",")}${tail}`;
}

/** Not a record, and no reader can take it for one: records begin with `{"v":1,"seq":`. */
function damageLine(found: Extract<Exported, { kind: "damage" }>): string {
  const { damage, seq, file, offset, bytes, text, hash } = found;
  return JSON.stringify({ damage, seq, file, offset, bytes, text, sha256: hash });
}
