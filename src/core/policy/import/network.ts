// Host lists of other tools → `sandbox.network`. A host that our grammar refuses is said, never guessed.

import { parseEgressRule, splitPort } from "../../net/grammar.ts";
import { isAddress } from "../../net/host.ts";
import type { Span } from "../../result.ts";
import type { Draft } from "./draft.ts";

/** One host to allow or deny. */
export interface HostEntry {
  readonly list: "allow" | "deny";
  readonly text: string;
  readonly key: string;
  readonly at: Span;
  /** Says that every port is open there; ours opens 80 and 443 unless the rule names one. */
  readonly anyPort?: boolean;
  /** The only methods that pass there. */
  readonly methods?: readonly string[];
}

/** Adds one host. A URL counts as its host; its path cannot be enforced here, so an allow by path is not widened to the host. */
export function addHost({ list, text, key, at, anyPort = false, methods }: HostEntry, draft: Draft): void {
  const url = /^(https?):\/\/([^/?#\s]+)(\/[^\s]*)?$/i.exec(text.trim());
  const named = (url?.[2] ?? text.trim()).toLowerCase();
  const path = url?.[3];
  const partial = path !== undefined && !/^\/\**$/.test(path);
  if (partial && list === "allow")
    return draft.say(
      `${key}: ${text}`,
      at,
      "allowed by its path there",
      "not carried over: here a host is open or closed as a whole",
    );
  const host = url?.[1]?.toLowerCase() === "http" && !/:\d+$/.test(named) ? `${named}:80` : named;
  if (host === "*" && list === "deny") return draft.add({ key: "sandbox.network.deny", value: "*", at });
  const parsed = parseEgressRule(host, at, { effect: list });
  if (!parsed.ok)
    return draft.say(
      `${key}: ${text}`,
      at,
      list === "allow" ? "allowed there" : "denied there",
      `not carried over: ${parsed.error.message}${list === "deny" ? "; what is not allowed is closed anyway" : ""}`,
    );
  if (partial) draft.say(`${key}: ${text}`, at, "denied by its path there", `became \`${named}\` as a whole`);
  if (list === "deny")
    return draft.add({ key: "sandbox.network.deny", value: splitPort(named).port === undefined ? named : host, at });
  draft.add({ key: "sandbox.network.allow", value: methods === undefined ? host : { host, methods }, at });
  if (isAddress(parsed.value.host))
    draft.say(
      `${key}: ${text}`,
      at,
      "an address, dialled as it is, there",
      "dialled here only when it is public; for another one see `sandbox.network.allowPrivate`",
    );
  if (anyPort && splitPort(host).port === undefined)
    draft.say(
      `${key}: ${text}`,
      at,
      "every port of it is open there",
      "open here on 80 and 443; name another port as `host:port`",
    );
}

/** A URL rule there binds the web tool and what a command fetches. */
export function webRule(list: "allow" | "deny", text: string, key: string, at: Span, draft: Draft): void {
  addHost({ list, text, key, at, anyPort: false }, draft);
  const match = /^(?:https?:\/\/)?((?:\*\.)?[A-Za-z0-9.-]+)(?::\d+)?(\/.*)?$/i.exec(text.trim());
  if (match?.[1] === undefined) return;
  const partial = match[2] !== undefined && !/^\/\**$/.test(match[2]);
  if (list === "deny" || !partial) draft.rule(list, `WebFetch(domain:${match[1].toLowerCase()})`, at);
}
