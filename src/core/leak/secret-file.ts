// What of a secret file is secret: its values, not the words around them. dotenv, ini, properties, YAML, JSON, netrc, pgpass, URLs with a password,
// bare tokens and PEM. Too little would let a secret go, too much would stop honest work: what is looked for must be something nobody writes by chance.
import { isSecretValue } from "./secret-value.ts";

/** One value that was found. */
export interface NamedValue {
  /** As the file calls it: `API_KEY`, `auth.token`, `password`; the line's number where it has no name. */
  readonly name: string;
  readonly text: string;
}

/** What a file holds. */
export interface SecretFile {
  readonly values: readonly NamedValue[];
  /** Private keys as PEM, whole: what of them is secret takes a cryptographer to say. */
  readonly keys: readonly string[];
}

const PEM = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----[\s\S]*?-----END \1-----/g;
const ASSIGNMENT = /^[\s{[,]*(?:export\s+|set\s+|-\s+)?["']?([\w.\-/:@]{1,128}?)["']?\s*(?:=>|:=|=|:\s)\s*(.*)$/;
const XML = /<([\w.-]{1,64})>([^<]{8,})<\/\1>/g;
const USERINFO = /:\/\/([^\s/:@]*):([^\s/@]+)@/g;

/** Reads one. Total: what it does not understand it takes line by line. */
export function readSecretFile(text: string): SecretFile {
  const keys = [...text.replaceAll("\\n", "\n").matchAll(PEM)].map(([pem]) => pem);
  const rest = text.replace(PEM, "").replace(/"-----BEGIN[^"]*"/g, "");
  const values = jsonValues(rest) ?? lineValues(rest);
  const urls = [...rest.matchAll(USERINFO)].map(([, user = "", password = ""]) => ({
    name: user === "" ? "password" : `password of ${user}`,
    text: decoded(password),
  }));
  const seen = new Set<string>();
  return {
    keys,
    values: [...values, ...urls].filter(({ name, text: value }) => {
      if (seen.has(value) || !isSecretValue(name, value)) return false;
      seen.add(value);
      return true;
    }),
  };
}

function jsonValues(text: string): readonly NamedValue[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return undefined;
  }
  const values: NamedValue[] = [];
  const open: { readonly name: string; readonly value: unknown }[] = [{ name: "", value: root }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { name, value } = next;
    if (typeof value === "string") values.push({ name, text: value });
    else if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value))
        open.push({ name: name === "" ? key : `${name}.${key}`, value: inner });
  }
  return values.reverse();
}

function lineValues(text: string): readonly NamedValue[] {
  const values: NamedValue[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const bare = line.trim();
    if (bare === "" || /^(?:#|;|\/\/)\s/.test(bare)) continue;
    const [, name, value] = ASSIGNMENT.exec(line) ?? [];
    if (name !== undefined && value !== undefined) values.push({ name, text: unquoted(value) });
    else values.push(...unassigned(bare, at + 1));
    for (const [, tag = "", said = ""] of line.matchAll(XML)) values.push({ name: tag, text: said.trim() });
  }
  return values;
}

/** Of a line that gives nothing a name. */
function unassigned(line: string, number: number): readonly NamedValue[] {
  // netrc(5), and options of other tools that are written the same way.
  const words = [...line.matchAll(/(?:^|\s)(password|passwd|account|token|secret)\s+(\S+)/gi)];
  if (words.length > 0) return words.map(([, name = "", said = ""]) => ({ name, text: unquoted(said) }));
  // pgpass(5), htpasswd(5), `user:password` of a basic login.
  const last = /^[^\s/]+:((?:\\.|[^\s:])+)$/.exec(line)?.[1];
  if (last !== undefined) return [{ name: `password in line ${number}`, text: last.replaceAll("\\", "") }];
  return /^[^\s<>{}"]{16,}$/.test(line) ? [{ name: `line ${number}`, text: line }] : [];
}

/** A value without quotes, the comma of a list, and what a shell would take for a comment. */
function unquoted(value: string): string {
  const trimmed = value.trim().replace(/,$/, "");
  const [, , inside] = /^(["'`])(.*?)\1(?:\s*[#;].*)?$/.exec(trimmed) ?? [];
  return inside ?? trimmed.replace(/\s+#.*$/, "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
