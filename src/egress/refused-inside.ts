// What the fence itself refused, as the bridge tells it (native/refused.h): packets that are not TCP, and questions to a name server that no ordinary
// program asks. Nothing of it left; it is recorded like every other refusal.
import type { Peer } from "./filter.ts";
import type { Refused } from "./tally.ts";

const UDP = "only TCP leaves a fence; most programs fall back to it by themselves";
const QUESTION =
  "names are looked up outside, by the proxy, once a rule allows them: no question to a name server leaves";

const WHY: readonly (readonly [RegExp, string])[] = [
  [/^udp$/, UDP],
  [/^icmp$/, "no ping leaves a fence; try a connection instead"],
  [/^ip-\d{1,3}$/, UDP],
  [/^dns-(type-\d{1,5}|name|malformed)$/, QUESTION],
  [/^dns-flood$/, "too many new names at once: the fence's name server answers again in a minute"],
];

/** The refusal for the bridge's word; `undefined` for a word that is none of ours. */
export function refusedInside(word: string, name: string | undefined, peer: Peer): Refused | undefined {
  const hint = WHY.find(([pattern]) => pattern.test(word))?.[1];
  if (hint === undefined) return undefined;
  const to = /^(.*):(\d+)$/.exec(peer.dialled ?? "");
  const isQuestion = word.startsWith("dns-");
  const host = isQuestion ? (name ?? "(no name)") : (to?.[1] ?? "(unknown)");
  return { host, port: isQuestion ? 53 : Number(to?.[2] ?? 0), reason: `refused-${word}`, hint };
}
