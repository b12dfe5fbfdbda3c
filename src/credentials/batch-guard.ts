// Requests within a request (`multipart/mixed` of `application/http`, as batches are sent): a field of an inner one counts more than the outer one's, so what
// it presents would be somebody else's key.
import { presentsAsField, presentsAsPair, queryPairs } from "#core/credentials";
import type { Body, Refused } from "./exchange.ts";
import { linewise } from "./linewise.ts";

/** The guard. `foreign` is the refusal of a place by its name. */
export function batchGuard(foreign: (name: string) => Refused): Body {
  let isInner = false;
  return linewise((bytes) => {
    const line = bytes.toString("latin1").replace(/\r?\n?$/, "");
    if (line.startsWith("--")) isInner = false;
    else if (/^content-type[ \t]*:[ \t]*application\/http\b/i.test(line)) isInner = true;
    else if (isInner) return judgeInner(line, foreign);
    return undefined;
  });
}

function judgeInner(line: string, foreign: (name: string) => Refused): Refused | undefined {
  const [, target] = /^[A-Z]+ (\S+)/.exec(line) ?? [];
  const pair = target === undefined ? undefined : queryPairs(target).find(presentsAsPair);
  if (pair !== undefined) return foreign(pair.name);
  const [, name = "", value = ""] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*:[ \t]*(.*)$/.exec(line) ?? [];
  return name !== "" && value !== "" && presentsAsField({ name, value }) ? foreign(name) : undefined;
}
