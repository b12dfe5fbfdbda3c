// curl, wget and their kind: which hosts their words name, and whether data goes along. A host that is not constant is the web.
import type { LegSource } from "../leg-policy.ts";
import type { LegContext } from "./context.ts";
import { hostKind, hostOfUrl } from "./hosts.ts";
import { hasOption, type LegWord } from "./words.ts";

/** Options that send something, and those that lead the request elsewhere than its URL says, by program. */
const CURL = {
  data: "d data data-raw data-binary data-ascii data-urlencode F form form-string T upload-file json url-query",
  detours:
    "x proxy preproxy socks4 socks4a socks5 socks5-hostname connect-to resolve K config unix-socket abstract-unix-socket doh-url",
};
const WGET = { data: "post-data post-file body-data body-file", detours: "e execute i input-file config" };
const OTHER = { data: "data post-data json form body", detours: "proxy x" };
/** Options whose value is neither a host nor a way to one. */
const PLAIN_VALUE =
  /^-(?:[A-Za-z]*[HoAbcuemwdFT]|-(?:header|output|user-agent|cookie|cookie-jar|user|referer|max-time|write-out|data(?:-[a-z]+)?|form|json|output-document|timeout|post-data))$/;
const METHOD = /^(?:-[A-Za-z]*X|--request=?|--method=?)(.*)$/s;

/** What a fetch speaks of: each host's kind, and `upload` when something is sent to one that is not the person's own. */
export function fetchSources(name: string, words: readonly LegWord[], context: LegContext): readonly LegSource[] {
  if (words.every((w) => /^-(?:-version|-help|[VhM])$/.test(w.value ?? "-"))) return [];
  const kinds = new Set(
    words
      .flatMap((w, at) => (isPlainValue(words, at) ? [] : (wordHost(w) ?? [])))
      .map((host) => hostKind(host, context)),
  );
  const open =
    words.some((w, at) => w.value === undefined && !hasWholeHost(w) && !isPlainValue(words, at)) ||
    hasOption(options(name).detours, words);
  if (kinds.size === 0 || open) kinds.add("web");
  const sources = new Set<LegSource>();
  for (const kind of kinds) if (kind === "web" || kind === "private-host" || kind === "credential") sources.add(kind);
  const away = [...kinds].some((kind) => kind !== "local" && kind !== "trusted");
  if (away && sends(name, words)) sources.add("upload");
  return [...sources];
}

function wordHost(word: LegWord): readonly string[] | undefined {
  const text = (word.value ?? word.prefix).replace(/^--url=/, "");
  if (text.startsWith("-") || (word.value === undefined && !hasWholeHost(word))) return undefined;
  const host = hostOfUrl(text, true) ?? (/^:\d*(?:\/|$)/.test(text) ? "localhost" : undefined);
  return host === undefined ? undefined : [host];
}

/** `http://localhost:3000/$x`: what is not constant comes behind the host. */
function hasWholeHost(word: LegWord): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]+[/?#]/i.test(word.prefix);
}

function isPlainValue(words: readonly LegWord[], at: number): boolean {
  return PLAIN_VALUE.test(words[at - 1]?.value ?? "");
}

function options(name: string): { readonly data: string; readonly detours: string } {
  return name === "curl" || name === "curlie" ? CURL : name === "wget" ? WGET : OTHER;
}

function sends(name: string, words: readonly LegWord[]): boolean {
  if (hasOption(options(name).data, words) || /^(?:POST|websocat|grpcurl)$/.test(name)) return true;
  // httpie's items: `name=value`, `name:=json`, `file@path`
  if (/^(?:https?|xh|httpie|curlie)$/.test(name))
    return words.some(
      (w) => /^[^-:/?][^:/?]*(?::?=|@)/.test(w.value ?? w.prefix) || /^(?:POST|PUT|PATCH|DELETE)$/.test(w.value ?? ""),
    );
  return words.some((w, at) => {
    const given = METHOD.exec(w.value ?? w.prefix)?.[1];
    if (given === undefined) return false;
    const method = given === "" ? (words[at + 1]?.value ?? "?") : given;
    return !/^(?:GET|HEAD|OPTIONS)$/i.test(method);
  });
}
