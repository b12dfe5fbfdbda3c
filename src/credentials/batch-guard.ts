// Requests within a request (`multipart/mixed` of `application/http`, as batches are sent): a field of an inner one counts more than the outer one's, so what
// it presents would be somebody else's key. From the first part that says so on, every
// block of lines may be one: its first line, its fields, and behind them its body, which is read like any other.
import {
  isForeignKin,
  pathPairs,
  presentsAsField,
  presentsAsPair,
  queryPairs,
  type ServedPlace,
} from "#core/credentials";
import type { Body, Refused, Request } from "./exchange.ts";
import { linewise } from "./linewise.ts";

/** What a guard of batches needs. */
export interface BatchParts {
  readonly foreign: (name: string) => Refused;
  readonly unread: () => Refused;
  /** The types that the request says it has, with the boundary. */
  readonly types: readonly string[];
  /** The guard of an inner request's body. */
  readonly guardOf: (request: Pick<Request, "fields" | "method">) => Body | undefined;
}

const REQUEST = /^[ \t]*([A-Za-z]{3,20})[ \t]+(\S+)(?:[ \t]+HTTP\/[\d.]+)?[ \t]*$/;
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*:[ \t]*(.*)$/;

/** The guard. */
export function batchGuard(place: ServedPlace, parts: BatchParts): Body {
  const batch = new Batch(place, parts);
  return linewise(
    (bytes, isRest) => batch.take(bytes, isRest),
    () => batch.endBody(),
  );
}

class Batch {
  private readonly place: ServedPlace;
  private readonly parts: BatchParts;
  private readonly bounds: string[];
  /** Some part said that it is a request. */
  private isBatch = false;
  /** The block of lines that is read: its fields, the request above them. */
  private fields: { name: string; value: string }[] = [];
  private method: string | undefined;
  private body: Body | undefined;

  constructor(place: ServedPlace, parts: BatchParts) {
    this.place = place;
    this.parts = parts;
    this.bounds = parts.types.flatMap(boundOf);
  }

  take(bytes: Buffer, isRest: boolean): Refused | undefined {
    const line = bytes.toString("latin1").replace(/\r?\n?$/, "");
    if (isRest) return this.inBody(bytes);
    if (this.bounds.some((bound) => line.startsWith(bound))) return this.endPart();
    if (this.body !== undefined) return this.inBody(bytes);
    if (line.trim() === "") return this.endFields();
    const [, method = "", target = ""] = this.isBatch && this.fields.length === 0 ? (REQUEST.exec(line) ?? []) : [];
    if (method === "" || this.method !== undefined) return this.field(line);
    this.method = method.toUpperCase();
    return this.target(target);
  }

  private endPart(): Refused | undefined {
    this.fields = [];
    this.method = undefined;
    return this.endBody();
  }

  endBody(): Refused | undefined {
    const made = this.body?.end() ?? [];
    this.body = undefined;
    return "reason" in made ? made : undefined;
  }

  private inBody(bytes: Buffer): Refused | undefined {
    const made = this.body?.take(bytes) ?? [];
    return "reason" in made ? made : undefined;
  }

  private target(target: string): Refused | undefined {
    const pair = [...queryPairs(target), ...pathPairs(target)].find(presentsAsPair);
    return pair === undefined ? undefined : this.parts.foreign(pair.name);
  }

  private field(line: string): Refused | undefined {
    const [, name = "", value = ""] = FIELD.exec(line) ?? [];
    const last = this.fields.at(-1);
    if (name !== "" && !/^[ \t]/.test(line)) this.fields.push({ name, value });
    else if (last !== undefined) last.value += ` ${line.trim()}`; // it goes on
    const field = this.fields.at(-1);
    if (field === undefined) return undefined;
    if (/^content-type$/i.test(field.name) && /application\/http\b/i.test(field.value)) this.isBatch = true;
    const isForeign = field.value.trim() !== "" && (presentsAsField(field) || isForeignKin(this.place, field.value));
    return this.isBatch && isForeign ? this.parts.foreign(field.name) : undefined;
  }

  /** Behind the fields of a request comes its body; a part whose lines are encoded once more is no request to us. */
  private endFields(): Refused | undefined {
    const { fields, method } = this;
    const isEncoded = fields.some(
      ({ name, value }) => /^content-transfer-encoding$/i.test(name) && /base64|quoted-printable/i.test(value),
    );
    const isRequest = fields.some(({ value }) => /application\/http\b/i.test(value));
    if (method === undefined && !isRequest) this.bounds.push(...fields.flatMap(({ value }) => boundOf(value)));
    this.fields = [];
    this.method = undefined;
    if (method !== undefined) this.body = this.parts.guardOf({ method, fields });
    return isEncoded && isRequest ? this.parts.unread() : undefined;
  }
}

/** What the lines between the parts begin with. */
function boundOf(type: string): readonly string[] {
  const [, quoted, plain] = /^multipart\/.*?\bboundary[ \t]*=[ \t]*(?:"([^"]*)"|([^\s;,]+))/i.exec(type) ?? [];
  const bound = quoted ?? plain;
  return bound === undefined ? [] : [`--${bound}`];
}
