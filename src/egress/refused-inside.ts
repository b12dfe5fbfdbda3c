// What the fence itself refused, as the bridge tells it (native/refused.h): packets that are not TCP, connections to addresses that no rule names, and
// questions to a name server that no ordinary program asks. Nothing of it left; it is recorded like every other refusal.
import { type DialDeps, judge } from "./dial.ts";
import type { Preface } from "./peer.ts";
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

/** Records it. False for a word that is none of ours. */
export async function recordRefused({ peer, refused }: Preface, deps: DialDeps): Promise<boolean> {
  const to = /^\[?([^\]]*)\]?:(\d+)$/.exec(peer.dialled ?? "");
  const [host, port] = [to?.[1] ?? "(unknown)", Number(to?.[2] ?? 0)];
  const found = refusalOf(refused, { host, port }, deps);
  if (found === undefined) return false;
  await deps.tally.refuse(found, peer);
  return true;
}

function refusalOf(
  refused: Preface["refused"],
  { host, port }: { readonly host: string; readonly port: number },
  deps: DialDeps,
): Refused | undefined {
  if (refused === undefined) return undefined;
  const { word, name } = refused;
  if (word === "tcp") {
    const verdict = judge(deps, host, port);
    // No rule named it when the fence was made. One that does now is known to new fences.
    return "status" in verdict ? verdict : { host, port, reason: "refused-tcp", hint: LATER };
  }
  const hint = WHY.find(([pattern]) => pattern.test(word))?.[1];
  if (hint === undefined) return undefined;
  const to = word.startsWith("dns-") ? { host: name ?? "(no name)", port: 53 } : { host: name ?? host, port };
  return { ...to, reason: `refused-${word}`, hint };
}
