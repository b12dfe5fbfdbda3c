// Variables of a server's entry that decide which code runs: by value. One that may hold a secret is shown without its value, which the caller seals.
import { choosesCode } from "../policy/loader-names.ts";
import { looksRandom } from "./target-address.ts";
import { SECRET, withoutTokens } from "./target-secret.ts";

/** Variables by name; undefined for one that is declared and not set. */
export type Declared = Readonly<Record<string, string | undefined>>;

/** The ones that choose code, as a lock has them. */
export interface ShownEnv {
  /** In order: `NAME=value`, or `NAME` where it has none. */
  readonly env: readonly string[];
  /** The values that are not shown. */
  readonly hidden: readonly (readonly [name: string, value: string])[];
  /** One of them is looked up from where the command is started. */
  readonly folder: boolean;
}

/** Reads them; `place` says the places of a path by name. */
export function shownEnv(declared: Declared, place: (text: string) => string): ShownEnv {
  const hidden: (readonly [string, string])[] = [];
  const names = Object.keys(declared).filter(choosesCode).sort();
  const env = names.map((name) => {
    const value = declared[name];
    if (value === undefined) return name;
    const placed = placedWithin(value, place);
    if (isPlain(name, placed)) return `${name}=${placed}`;
    hidden.push([name, placed]);
    return `${name}=${SECRET}`;
  });
  return { env, hidden, folder: names.some((name) => isLookedUp(name, declared[name] ?? "")) };
}

/** Whether a value names something that the folder may have: a relative path, an empty part of a path, a module's name. */
function isLookedUp(name: string, value: string): boolean {
  if (/PATH$/i.test(name)) return value.split(":").some((part) => !part.startsWith("/"));
  const parts = value.split(/[\s,;=]+/).flatMap((part) => (ADDRESS.test(part) ? [] : part.split(":")));
  return parts.some((part) => !/^(?:-.*|[/~].*|[\d.]*\d[\d.]*[kKmMgG]?|true|false|yes|no|on|off|)$/s.test(part));
}

const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//i;
const LONGEST = 300;
/** Paths, options and addresses; what else there is may say anything. */
const PLAIN = /^[\w@%+=:,./${}~^*\- ]*$/;
const SECRETIVE = /token|secret|passw|pwd|api-?_?key|auth|bearer|basic|cookie|credential|header|:\/\/[^/\s]*@/i;

function isPlain(name: string, value: string): boolean {
  if (value.length > LONGEST || !PLAIN.test(value) || SECRETIVE.test(name) || SECRETIVE.test(value)) return false;
  // What only looks like a place of ours is another word.
  const bare = value.replace(/\$\{(?:workspace|home)\}/g, "");
  return !bare.includes("${") && withoutTokens(bare) === bare && !bare.split(/[\s/:,=]+/).some(looksRandom);
}

/** Places by name wherever a path may begin: PATH has several, an option holds one. */
function placedWithin(value: string, place: (text: string) => string): string {
  return value.replace(/[^\s:=,]+/g, (part) => place(part));
}
