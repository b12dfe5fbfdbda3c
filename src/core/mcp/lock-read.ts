// Reads a lock, strictly: it decides what passes, so whatever does not fit together is refused whole. A text that does not have the digest beside it
// was edited by hand, or merged by a machine out of two that were both right.
import { err, ok, type Problem, type Result } from "../result.ts";
import { isList, isObject, type Json, type JsonObject } from "./json.ts";
import { readJsonText } from "./json-read.ts";
import type { Lock, ServerLock } from "./lock.ts";
import { isNamed, LOCK_END, LOCK_FORM, LOCK_VERSION, pointer, SECTIONS } from "./lock-text.ts";
import { readTarget } from "./pending.ts";
import { fieldDigest, fieldsOf, type Pin, type PinKind, pinDigest, type Sha256 } from "./pin.ts";
import type { PackagePin } from "./target.ts";

/** A lock in a file of this name, or what is wrong with it and where. */
export function readLock(
  text: string,
  options: { readonly file: string; readonly sha256: Sha256 },
): Result<Lock, Problem> {
  try {
    return ok(new Reader(text, options.sha256).lock());
  } catch (thrown) {
    if (!(thrown instanceof Unsound)) throw thrown;
    const at = { file: options.file, line: thrown.line, column: 1 };
    return err({ code: "lock-unreadable", message: `the lock ${thrown.message}`, at, hint: thrown.hint });
  }
}

/** Thrown inside this file only. */
class Unsound extends Error {
  readonly line: number;
  readonly hint: string;

  constructor(
    message: string,
    line: number,
    hint = "take the file from the version control again, then `ringfence mcp lock`",
  ) {
    super(message);
    this.line = line;
    this.hint = hint;
  }
}

interface Entry {
  readonly place: readonly string[];
  readonly value: Json;
}

class Reader {
  readonly #text: string;
  readonly #sha256: Sha256;

  constructor(text: string, sha256: Sha256) {
    this.#text = text;
    this.#sha256 = sha256;
  }

  lock(): Lock {
    const members = Object.entries(this.#object());
    if (members[0]?.[0] !== LOCK_FORM) throw new Unsound(`does not begin with "${LOCK_FORM}"`, 1);
    if (members[0][1] !== LOCK_VERSION)
      throw new Unsound(
        "is of another version of ringfence",
        2,
        "use the version that wrote it, or lock the servers anew",
      );
    if (members.at(-1)?.[0] !== LOCK_END || members.at(-1)?.[1] !== true)
      throw new Unsound("has no end", members.length + 1);
    const servers = new Map<string, Entry[]>();
    for (const [key, value] of members.slice(1, -1)) {
      const [server, ...place] = this.#place(key);
      if (server === undefined || place.length === 0) throw this.#unsound(key, "says something of nothing");
      const entries = servers.get(server);
      if (entries === undefined) servers.set(server, [{ place, value }]);
      else entries.push({ place, value });
    }
    return new Map([...servers].map(([name, entries]) => [name, this.#server(name, entries)]));
  }

  #object(): JsonObject {
    const mark = /^(?:<{7}|={7}|>{7}|\|{7})/m.exec(this.#text);
    const hint = "resolve it in git, or take either side, then `ringfence mcp lock` and look at `ringfence mcp diff`";
    if (mark !== null) throw new Unsound("holds a merge conflict", this.#lineAt(mark.index), hint);
    const read = readJsonText(this.#text, MAX_DEPTH);
    if (!read.ok && read.error.code === "duplicate-key")
      throw new Unsound("says one thing twice", this.#lineAt(read.error.at), hint);
    if (!read.ok) throw new Unsound(`is not to be read (${read.error.code})`, this.#lineAt(read.error.at));
    if (!isObject(read.value)) throw new Unsound("is no object", 1);
    return read.value;
  }

  #server(name: string, entries: readonly Entry[]): ServerLock {
    const told = new Map(
      entries.filter(({ place }) => place.length === 1).map(({ place, value }) => [place[0], value]),
    );
    const text = (key: "version" | "protocolVersion"): string | undefined => {
      const value = told.get(key);
      if (value !== undefined && typeof value !== "string") throw this.#wrong([name, key]);
      return value;
    };
    const [version, protocolVersion] = [text("version"), text("protocolVersion")];
    const target = readTarget(told.get("target"));
    if (target === undefined && told.has("target")) throw this.#wrong([name, "target"]);
    const pack = packageOf(told.get("package"));
    if (pack === "wrong") throw this.#wrong([name, "package"]);
    const accepted = new Map<string, readonly string[]>();
    const drafts = new Map<string, Draft>();
    for (const { place, value } of entries) this.#take(name, { place, value }, { accepted, drafts });
    const pins = [...drafts.values()].map((draft) => this.#pin(name, draft));
    for (const key of accepted.keys())
      if (!drafts.has(key)) throw new Unsound(`accepts findings in what it does not pin: \`${key}\` of \`${name}\``, 1);
    return {
      ...(target === undefined ? {} : { target }),
      ...(pack === undefined ? {} : { package: pack }),
      ...(version === undefined ? {} : { version }),
      ...(protocolVersion === undefined ? {} : { protocolVersion }),
      pins,
      accepted,
    };
  }

  #take(
    server: string,
    { place, value }: Entry,
    into: { readonly accepted: Map<string, readonly string[]>; readonly drafts: Map<string, Draft> },
  ): void {
    const [first = "", ...rest] = place;
    if (rest.length === 0 && TOLD.has(first)) return;
    const whole = [server, ...place];
    const [section = "", ...below] = first === "accepted" ? rest : place;
    const kind = KINDS.get(section);
    if (kind === undefined) throw this.#wrong(whole);
    const name = isNamed(kind) ? below.shift() : "";
    if (name === undefined || below.length > (first === "accepted" ? 0 : 1)) throw this.#wrong(whole);
    const key = `${kind} ${name}`;
    if (first === "accepted") {
      const findings = isList(value) ? value.filter((one) => typeof one === "string") : [];
      if (!isList(value) || findings.length !== value.length || findings.length === 0) throw this.#wrong(whole);
      into.accepted.set(key, findings);
      return;
    }
    const draft: Draft = into.drafts.get(key) ?? {
      kind,
      name,
      place: isNamed(kind) ? [section, name] : [section],
      fields: new Map(),
    };
    into.drafts.set(key, draft);
    const [field] = below;
    if (field === undefined) draft.digest = value;
    else draft.fields.set(field, this.#field(whole, value));
  }

  #field(place: readonly string[], value: Json): string {
    const [digest, content] = isList(value) && value.length === 2 ? value : [];
    if (digest === undefined || content === undefined) throw this.#wrong(place);
    const text = fieldsOf({ content }).get("content") ?? "";
    if (fieldDigest(this.#sha256, text) !== digest)
      throw this.#unsound(pointer(place), "has a text that does not fit its digest, at");
    return text;
  }

  #pin(server: string, { kind, name, place, digest, fields }: Draft): Pin {
    const pin: Pin = { kind, name, fields };
    const at = pointer([server, ...place]);
    if (digest === undefined) throw this.#unsound(at, "lacks the digest of");
    if (pinDigest(this.#sha256, pin) !== digest) throw this.#unsound(at, "has fields that do not fit the digest of");
    const key = kind === "resourceTemplate" ? "uriTemplate" : "name";
    if (isNamed(kind) && fields.get(key) !== JSON.stringify(name)) throw this.#unsound(at, "gives two names to");
    return pin;
  }

  #place(key: string): readonly string[] {
    if (!key.startsWith("/") || /~(?![01])/.test(key)) throw this.#unsound(key, "has a line that is no place,");
    return key
      .slice(1)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  }

  #wrong(place: readonly string[]): Unsound {
    return this.#unsound(pointer(place), "says nothing that this version understands of");
  }

  #unsound(key: string, why: string): Unsound {
    return new Unsound(`${why} \`${key}\``, this.#lineAt(Math.max(0, this.#text.indexOf(`${JSON.stringify(key)}:`))));
  }

  #lineAt(offset: number): number {
    return this.#text.slice(0, offset).split("\n").length;
  }
}

/** A pin whose lines are not all read yet. */
interface Draft {
  readonly kind: PinKind;
  readonly name: string;
  readonly place: readonly string[];
  readonly fields: Map<string, string>;
  digest?: Json;
}

/** A definition may be as deep as a message of the wire; here it stands two levels further down. */
const MAX_DEPTH = 130;
const TOLD: ReadonlySet<string> = new Set(["target", "package", "version", "protocolVersion"]);
const KINDS: ReadonlyMap<string, PinKind> = new Map(
  Object.entries(SECTIONS).map(([kind, section]) => [section, kind as PinKind]),
);

function packageOf(value: Json | undefined): PackagePin | undefined | "wrong" {
  if (value === undefined) return undefined;
  if (!isObject(value)) return "wrong";
  const known = new Set(["name", "version", "integrity"]);
  const fine = Object.entries(value).every(([key, one]) => known.has(key) && typeof one === "string");
  return fine && typeof value["name"] === "string" ? (value as unknown as PackagePin) : "wrong";
}
