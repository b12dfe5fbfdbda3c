// A lock as text: one JSON object, written flat. Each line says one field of one definition at its full place, and every line but the last ends in a
// comma, so that git merges what two branches add line by line and a reviewer reads which word of which tool changed. Lines are sorted by place.
import { forTerminalJson } from "../text/index.ts";
import type { Lock, ServerLock } from "./lock.ts";
import { fieldDigest, type Pin, type PinKind, pinDigest, type Sha256 } from "./pin.ts";

/** The first line of the object, and the number of this form. */
export const LOCK_FORM = "ringfence mcp lock";
export const LOCK_VERSION = 1;
/** The last line: it has no comma, and never moves. */
export const LOCK_END = "end";

/** Where the pins of a kind stand below their server. */
export const SECTIONS: Readonly<Record<PinKind, string>> = {
  tool: "tools",
  prompt: "prompts",
  resourceTemplate: "resourceTemplates",
  instructions: "instructions",
  capabilities: "capabilities",
  serverInfo: "serverInfo",
};

/** The kinds of which a server has many, each with a name. */
export const isNamed = (kind: PinKind): boolean => kind === "tool" || kind === "prompt" || kind === "resourceTemplate";

/** The place of a pin below its server. */
export function pinPlace({ kind, name }: Pick<Pin, "kind" | "name">): readonly string[] {
  return isNamed(kind) ? [SECTIONS[kind], name] : [SECTIONS[kind]];
}

interface Line {
  readonly place: readonly string[];
  /** JSON text. */
  readonly value: string;
}

/** The whole file. What nobody sees in a text is written as an escape of JSON. */
export function lockText(lock: Lock, sha256: Sha256): string {
  const lines = [...lock].flatMap(([name, server]) => serverLines(name, server, sha256)).sort(byPlace);
  const members = lines.map(({ place, value }) => `${JSON.stringify(pointer(place))}: ${value}`);
  const all = [`"${LOCK_FORM}": ${LOCK_VERSION}`, ...members, `"${LOCK_END}": true`];
  return `{\n${all.map((line) => `  ${forTerminalJson(line)}`).join(",\n")}\n}\n`;
}

/** A JSON pointer (RFC 6901). */
export function pointer(place: readonly string[]): string {
  return place.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function serverLines(name: string, server: ServerLock, sha256: Sha256): readonly Line[] {
  const told: readonly [string, unknown][] = [
    ["target", server.target],
    ["package", server.package],
    ["version", server.version],
    ["protocolVersion", server.protocolVersion],
  ];
  const about = told
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ place: [name, key], value: JSON.stringify(value) }));
  const accepted = server.pins.flatMap((pin): readonly Line[] => {
    const findings = server.accepted.get(`${pin.kind} ${pin.name}`);
    if (findings === undefined || findings.length === 0) return [];
    return [{ place: [name, "accepted", ...pinPlace(pin)], value: JSON.stringify([...findings].sort()) }];
  });
  return [...about, ...accepted, ...server.pins.flatMap((pin) => pinLines(name, pin, sha256))];
}

function pinLines(server: string, pin: Pin, sha256: Sha256): readonly Line[] {
  const place = [server, ...pinPlace(pin)];
  const fields = [...pin.fields].map(([field, text]) => ({
    place: [...place, field],
    value: `["${fieldDigest(sha256, text)}", ${text}]`,
  }));
  return [{ place, value: `"${pinDigest(sha256, pin)}"` }, ...fields];
}

/** Part by part, by UTF-16 units: the same on every machine. */
function byPlace(a: Line, b: Line): number {
  for (const [index, part] of a.place.entries()) {
    const other = b.place[index];
    if (other === undefined) return 1;
    if (part !== other) return part < other ? -1 : 1;
  }
  return a.place.length - b.place.length;
}
