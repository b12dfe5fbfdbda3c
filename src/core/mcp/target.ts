// Which server a lock speaks of: the command or the address that a person had before them, in words that another machine and a reviewer may see.
import { tokenFor } from "../leak/index.ts";

/** A command, or an address. */
export type ServerTarget = { readonly argv: readonly string[] } | { readonly url: string };

/** The package that a runner such as npx would start, as far as the machine knows it. Information: what a registry serves is not what was read. */
export interface PackagePin {
  readonly name: string;
  readonly version?: string;
  readonly integrity?: string;
}

/** The places that differ from machine to machine. */
export interface TargetPlaces {
  readonly workspace: string;
  readonly home: string;
}

/** Longest word that is looked at for what a secret looks like. */
const WORD_MOST = 8_192;

/** A command as a lock keeps it: the workspace and the home by name, and no secret that somebody wrote on the command line. */
export function commandTarget(argv: readonly string[], places: TargetPlaces): ServerTarget {
  return { argv: argv.map((word, index) => withoutSecret(placed(word, places), argv[index - 1])) };
}

/** An address as a lock keeps it: without credentials, and without the values of its query. Undefined for what is no http address. */
export function urlTarget(text: string): ServerTarget | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  const query = [...new Set(url.searchParams.keys())].sort().map((key) => `${encodeURIComponent(key)}=…`);
  return { url: `${url.protocol}//${url.host}${url.pathname}${query.length === 0 ? "" : `?${query.join("&")}`}` };
}

/** Whether two are the same server. */
export function isSameTarget(one: ServerTarget, other: ServerTarget): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

/** For people. */
export function targetText(target: ServerTarget): string {
  if ("url" in target) return target.url;
  return target.argv.map((word) => (/^[\w@%+=:,./${}-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
}

function sorted(target: ServerTarget): readonly string[] {
  return "url" in target ? ["url", target.url] : ["argv", ...target.argv];
}

function placed(word: string, { workspace, home }: TargetPlaces): string {
  for (const [path, name] of [
    [workspace, "${workspace}"],
    [home, "${home}"],
  ] as const)
    if (path !== "/" && (word === path || word.startsWith(`${path}/`))) return name + word.slice(path.length);
  return word;
}

const SECRET_OPTION = /(?:token|secret|password|passwd|api-?key|access-?key|credential|bearer|auth)$/i;
const SECRET = "${secret}";

function withoutSecret(word: string, before: string | undefined): string {
  if (before?.startsWith("-") === true && SECRET_OPTION.test(before) && !word.startsWith("-")) return SECRET;
  const [option = "", ...rest] = word.split("=");
  if (rest.length > 0 && SECRET_OPTION.test(option)) return `${option}=${SECRET}`;
  const parts = tokenFor("", word.slice(0, WORD_MOST)).map(({ text }) => text);
  const shown = parts.reduce((text, token) => text.replaceAll(token, SECRET), word);
  return shown.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/i, `$1${SECRET}@`);
}
