// ArcSight Common Event Format, version 0 of its header: one line, seven header fields, then key=value pairs. Whatever an agent wrote, a
// line stays a line: line ends and other controls are spelled out, and the escapes are those of the format.
import { isAddress } from "../../net/index.ts";
import { EVENT_TEXT, type Exported, type ExportedDamage, type ExportedRecord, type Stream } from "./exported.ts";
import { factsOf } from "./facts.ts";
import type { Control, Subject } from "./subject.ts";
import { epochMilliseconds } from "./time.ts";
import { baseName, commandLine, damageText, textOf } from "./words.ts";

type Value = string | number | undefined;

/** The line of an event, without a line end. */
export function cefLine(exported: Exported, stream: Stream, most: number = EVENT_TEXT): string {
  return exported.kind === "record" ? recordLine(exported, stream, most) : damageLine(exported, stream);
}

/** CEF's 0 to 10, by our four. */
const SEVERITIES = [0, 1, 4, 6, 8] as const;

function recordLine(exported: ExportedRecord, stream: Stream, most: number): string {
  const { record, leaf } = exported;
  const facts = factsOf(exported, most);
  const { actor, control, subject, rest } = facts;
  const texts: readonly Text[] = [
    ["session", record.session],
    ["origin", record.origin],
    ["leaf", leaf],
    ["log", stream.origin],
    ...detail(subject),
    ...(Object.keys(rest).length === 0 ? [] : [["data", JSON.stringify(rest)] as const]),
  ];
  return line(stream, { id: record.type, name: titleOf(record.type), severity: SEVERITIES[facts.severity] }, [
    ["rt", epochMilliseconds(record.ts)],
    ["externalId", record.seq],
    ["act", ACTS[control.answer]],
    ["outcome", facts.outcome ?? "unknown"],
    ["reason", control.reason],
    ["suser", actor.agent ?? stream.agent],
    ["spid", actor.pid],
    ["sproc", actor.exe],
    ...about(subject),
    ["cn1", facts.cutFrom],
    ["cn1Label", facts.cutFrom === undefined ? undefined : "truncatedFrom"],
    ["cs6", control.rule],
    ["cs6Label", control.rule === undefined ? undefined : "rule"],
    ...custom(texts),
    ["msg", facts.message],
  ]);
}

function damageLine(found: ExportedDamage, stream: Stream): string {
  return line(stream, { id: `log.${found.damage}`, name: "Log damage", severity: 8 }, [
    ["rt", epochMilliseconds(found.ts)],
    ["externalId", found.seq],
    ["act", "observed"],
    ["outcome", "unknown"],
    ["filePath", found.file],
    ["fileHash", found.hash],
    ["cn1", found.offset],
    ["cn1Label", "offset"],
    ...custom([
      ["log", stream.origin],
      ["text", found.text],
    ]),
    ["msg", damageText(found)],
  ]);
}

const ACTS: { readonly [answer in Control["answer"]]: string } = {
  ...{ allowed: "allowed", blocked: "blocked", approved: "approved", rejected: "rejected" },
  ...{ held: "held", seen: "observed", reported: "reported" },
};

type Text = readonly [label: string, text: string];

/** The dictionary has six custom texts, of which the sixth is the rule's; what does not fit goes into the last one together. */
function custom(texts: readonly Text[]): [string, Value][] {
  const own = texts.length <= 5 ? texts : [...texts.slice(0, 4), joined(texts.slice(4))];
  return own.flatMap(([label, text], at): [string, Value][] => [
    [`cs${at + 1}`, text],
    [`cs${at + 1}Label`, label],
  ]);
}

function joined(texts: readonly Text[]): Text {
  return ["details", JSON.stringify(Object.fromEntries(texts))];
}

function about(subject: Subject): [string, Value][] {
  switch (subject.kind) {
    case "process":
      return [
        ["dproc", subject.argv?.[0] === undefined ? undefined : baseName(subject.argv[0])],
        ["cn2", subject.code],
        ["cn2Label", subject.code === undefined ? undefined : "exitCode"],
      ];
    case "file":
      return [
        ["filePath", subject.to ?? subject.path],
        ["fname", baseName(subject.to ?? subject.path)],
        ["oldFilePath", subject.to === undefined ? undefined : subject.path],
      ];
    case "connection":
      return [
        ...destination(subject),
        ["proto", subject.path === undefined ? "TCP" : undefined],
        ["app", subject.scheme],
        ["out", subject.bytesOut],
        ["in", subject.bytesIn],
        ["deviceDirection", subject.path === undefined ? 1 : undefined],
      ];
    case "secret":
      return [...destination(subject), ["requestMethod", subject.method], ["request", subject.path]];
    default:
      return [];
  }
}

function detail(subject: Subject): readonly Text[] {
  switch (subject.kind) {
    case "tool": {
      const value = subject.input ?? subject.output;
      const name = subject.server === undefined ? subject.name : `${subject.server}/${subject.name}`;
      return value === undefined
        ? [["tool", name]]
        : [
            ["tool", name],
            [subject.act, textOf(value)],
          ];
    }
    case "message":
      return subject.text === undefined ? [] : [["text", textOf(subject.text)]];
    case "process":
      return subject.argv === undefined ? [] : [["command", commandLine(subject.argv)]];
    case "secret":
      return [["credential", `${subject.name} ${subject.act}`]];
    case "approval":
      return [
        ["approval", subject.id],
        ...(subject.what === undefined ? [] : [["what", textOf(subject.what)] as const]),
      ];
    case "policy":
      return [["policy", subject.name]];
    case "change":
      return [["paths", subject.paths.join(" ")]];
    default:
      return [];
  }
}

function destination(place: {
  host?: string | undefined;
  address?: string | undefined;
  port?: number | undefined;
}): [string, Value][] {
  const ip = [place.address, place.host].find((name) => name !== undefined && isAddress(name));
  return [
    ["dhost", place.host],
    // `dst` is IPv4 alone in the dictionary; other addresses have a field of their own.
    [ip?.includes(":") === true ? "c6a3" : "dst", ip],
    ["c6a3Label", ip?.includes(":") === true ? "Destination IPv6 Address" : undefined],
    ["dpt", place.port],
  ];
}

function titleOf(type: string): string {
  const words = type.replace(/[._-]+/g, " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

function line(
  { version }: Stream,
  event: { readonly id: string; readonly name: string; readonly severity: number },
  extension: readonly (readonly [key: string, value: Value])[],
): string {
  const head = ["CEF:0", "Ringfence", "Ringfence", version, event.id, event.name, String(event.severity)];
  const pairs = extension.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${escaped(String(value))}`]));
  return `${head.map(header).join("|")}|${pairs.join(" ")}`;
}

/** Backslash and pipe; a header may hold no line end at all. */
function header(text: string): string {
  return visible(text).replace(/[\\|]/g, "\\$&");
}

/** Backslash and equals sign; line ends as `\n` and `\r`. */
function escaped(text: string): string {
  return visible(text.replace(/[\\=]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r"));
}

/** Other controls, and what some readers take for a line end, as a picture or a name: never as themselves. */
function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (c) => `<U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`,
  );
}
