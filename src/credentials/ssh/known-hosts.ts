// The person's known_hosts (sshd(8)): which keys belong to a host. Hashed names are understood, revoked keys belong to nobody, and an authority's key
// is no host's.
import { createHmac } from "node:crypto";

/** A host key as its line says it. */
export interface KnownKey {
  readonly kind: string;
  readonly blob: Buffer;
}

/** The keys of `host` at `port` in these files' texts. */
export function keysOfHost(texts: readonly string[], host: string, port: number): readonly KnownKey[] {
  const names = port === 22 ? [host, `[${host}]:22`] : [`[${host}]:${port}`];
  const keys: KnownKey[] = [];
  const revoked = new Set<string>();
  for (const line of texts.flatMap((text) => text.split(/\r?\n/))) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith("@") === true ? words.shift() : undefined;
    const [patterns = "", kind = "", digits = ""] = words;
    if (patterns === "" || patterns.startsWith("#") || digits === "") continue;
    if (marker === "@revoked") revoked.add(digits);
    if (marker === undefined && names.some((name) => isNamed(patterns, name.toLowerCase())))
      keys.push({ kind, blob: Buffer.from(digits, "base64") });
  }
  return keys.filter(({ blob }) => !revoked.has(blob.toString("base64")));
}

function isNamed(patterns: string, name: string): boolean {
  if (patterns.startsWith("|1|")) return isHashOf(patterns, name);
  const matches = (pattern: string): boolean => wildcards(pattern.toLowerCase()).test(name);
  const all = patterns.split(",");
  return (
    all.some((pattern) => !pattern.startsWith("!") && matches(pattern)) &&
    !all.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1)))
  );
}

function isHashOf(pattern: string, name: string): boolean {
  const [, , salt = "", hash = ""] = pattern.split("|");
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}

/** `*` and `?`; one star is as good as several. */
function wildcards(pattern: string): RegExp {
  const source = pattern
    .replace(/\*+/g, "*")
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`);
}
