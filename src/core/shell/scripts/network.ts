// curl, rsync, ssh: what they reach and what they read besides.
import { type Operand, readOptions, valuesOf } from "../options.ts";
import { programEntry } from "../table.ts";
import { gadget, type Special } from "./special.ts";

/** curl: other schemes than the web's, and headers from files. */
export const curl: Special = (read) => {
  const header = valuesOf(read, "H", "header").filter((o) => o.word.prefix.startsWith("@") || o.word.prefix === "");
  const odd = read.operands.filter(
    (o) => !/^(?:https?:\/\/)?[^:/?#@]+(?::\d+)?(?:[/?#][^\s]*)?$/.test(o.word.value ?? ""),
  );
  // a rule that spells one address speaks of that host only
  const host = (o: Operand | undefined): string | undefined =>
    /^(?:https?:\/\/)?([^/?#]+)/.exec(o?.word.value ?? "")?.[1];
  const elsewhere = read.operands.slice(1).filter((o) => host(o) !== host(read.operands[0]));
  return [...header, ...odd, ...elsewhere].map((o) =>
    gadget(o.word.value === undefined ? "not-constant" : "network", o.index),
  );
};

/** rsync: another host is reached, or a daemon. */
export const rsync: Special = (read) =>
  read.operands.filter((o) => /:/.test(o.word.value ?? ":")).map((o) => gadget("network", o.index));

/** ssh reads options behind the host too. */
export const ssh: Special = (read, use) => {
  const [host] = read.operands;
  const entry = programEntry("ssh");
  return host === undefined || entry === undefined ? [] : readOptions(entry, use.words, host.index + 1).effects;
};
