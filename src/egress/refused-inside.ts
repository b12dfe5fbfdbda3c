// What the fence itself refused, as the bridge tells it (native/refused.h): packets that are not TCP, connections to addresses
// that no rule names, and questions to a name server that no ordinary
// program asks. Nothing of it left; it is recorded like every other refusal.
import type { Peer } from "./filter.ts";
import type { Refused } from "./tally.ts";

const UDP = "only TCP leaves a fence; most programs fall back to it by themselves";
const QUESTION =
  "names are looked up outside, by the proxy, once a rule allows them: no question to a name server leaves";

const LATER =
  "a rule names this address since the session began: programs that ignore the proxy reach it in the next one";

const WHY: readonly (readonly [RegExp, string])[] = [
  [/^udp$/, UDP],
  [/^icmp$/, "no ping leaves a fence; try a connection instead"],
  [/^ip-\d{1,3}$/, UDP],
  [/^dns-(type-\d{1,5}|name|malformed)$/, QUESTION],
  [/^dns-flood$/, "too many new names at once: the fence's name server answers again in a minute"],
];

/** What the rules say of a destination. */
export type Judge = (host: string, port: number) => Refused | undefined;

/** The refusal for the bridge's word; `undefined` for a word that is none of ours. */
export function refusedInside(
  { word, name }: { readonly word: string; readonly name?: string },
  peer: Peer,
  judge: Judge,
): Refused | undefined {
  const to = /^\[?([^\]]*)\]?:(\d+)$/.exec(peer.dialled ?? "");
  const [host, port] = [to?.[1] ?? "(unknown)", Number(to?.[2] ?? 0)];
  // An address that no rule named when the fence was made; one that a rule names since then is known to new fences.
  if (word === "tcp") return judge(host, port) ?? { host, port, reason: "refused-tcp", hint: LATER };
  const hint = WHY.find(([pattern]) => pattern.test(word))?.[1];
  if (hint === undefined) return undefined;
  const isQuestion = word.startsWith("dns-");
  return {
    ...(isQuestion ? { host: name ?? "(no name)", port: 53 } : { host, port }),
    reason: `refused-${word}`,
    hint,
  };
}
