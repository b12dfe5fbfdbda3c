// curl, rsync, ssh, socat: what they reach, read and run besides.
import type { Effect, ShellWord } from "../facts.ts";
import { readLeading, valuesOf } from "../options.ts";
import type { Operand } from "../read-options.ts";
import { programEntry } from "../table.ts";
import type { ProgramUse } from "../use.ts";
import { gadget, type Special } from "./special.ts";

/** Tools that take addresses and protocols where others take files (`concat:`, `http:`, `tcp:`). */
export const media: Special = (read) =>
  [...read.operands, ...read.given.map((g) => g.value)]
    .filter((o) => /^[a-z][\w+.,-]+:(?!:)|^-?@/i.test(o.word.value ?? ""))
    .map((o) => gadget("network", o.index));

/** curl: other schemes than the web's, and headers from files. */
export const curl: Special = (read, use) => {
  const header = valuesOf(read, "H", "header").filter((o) => o.word.prefix.startsWith("@") || o.word.prefix === "");
  const odd = read.operands.filter(
    (o) => !/^(?:https?:\/\/)?[^:/?#@]+(?::\d+)?(?:[/?#][^\s]*)?$/.test(o.word.value ?? ""),
  );
  // a rule that spells one address speaks of that host only
  const host = (o: Operand | undefined): string | undefined =>
    /^(?:https?:\/\/)?([^/?#]+)/.exec(o?.word.value ?? "")?.[1];
  const elsewhere = read.operands.slice(1).filter((o) => host(o) !== host(read.operands[0]));
  const method = valuesOf(read, "X", "request").at(-1)?.word;
  const addresses = [...read.operands, ...valuesOf(read, "url")];
  const format = valuesOf(read, "w", "write-out").filter((o) => /^@|%output|^$/.test(o.word.value ?? o.word.prefix));
  return [
    ...[...header, ...odd, ...elsewhere, ...format].map((o) =>
      gadget(o.word.value === undefined ? "not-constant" : "network", o.index),
    ),
    ...deletions(addresses.some(deletesByName) || use.words.some(mutates) ? "DELETE" : method?.value, addresses),
  ];
};

/** wget's `--method=DELETE`. */
export const wget: Special = (read) => deletions(valuesOf(read, "method").at(-1)?.word.value, read.operands);

/** httpie and its like: `http DELETE https://host/x`. */
export const request: Special = (_, { words }) => {
  const at = words.findIndex(({ value }, i) => i > 0 && /^delete$/i.test(value ?? ""));
  const address = words[at + 1];
  return at < 0 || address === undefined ? [] : deletions("DELETE", [{ word: address, index: at + 1 }]);
};

/** This very host, where the project's own server runs; httpie writes it `:3000`. */
const NEAR =
  /^(?:https?:\/\/)?(?:[^@/?#]*@)?(?:(?:[\w-]+\.)?localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1\])(?:[:/?#]|$)|^:\d*(?:\/|$)/i;

/** Addresses whose last part says that they delete, whatever the method: Elasticsearch's and Jenkins' own. */
const deletesByName = ({ word }: Operand): boolean =>
  /\/(?:_delete_by_query|doDelete|delete[-_]?(?:batch|series|all)|bulk[-_]?delete)(?:[/?#]|$)/i.test(
    word.value ?? word.prefix,
  );

/** GraphQL that deletes. */
const mutates = ({ value }: ShellWord): boolean => /\bmutation\b[\s\S]*\bdelete/i.test(value ?? "");

/** What a request deletes on another host is gone for everybody. */
function deletions(method: string | undefined, addresses: readonly Operand[]): readonly Effect[] {
  if (!/^delete$/i.test(method ?? "")) return [];
  return addresses
    .filter(
      ({ word }) => !NEAR.test(word.value ?? (word.likely?.length === 1 ? word.likely[0] : undefined) ?? word.prefix),
    )
    .slice(0, 1)
    .map(({ index }): Effect => ({ kind: "irreversible", code: "destroys-data", index }));
}

/** rsync: another host is reached, or a daemon; `--delete` takes from the target what the source does not have. */
export const rsync: Special = (read, use) => {
  const deletes =
    use.words.some((w) => /^--del(?:ete(?:-(?!missing)|$)|$)/.test(w.value ?? "")) &&
    !["n", "dry-run", "list-only"].some((name) => read.seen.has(name));
  return [
    ...read.operands.filter((o) => /:/.test(o.word.value ?? ":")).map((o) => gadget("network", o.index)),
    ...(deletes ? read.operands.slice(1).slice(-1) : []).map(
      ({ word, index }): Effect =>
        /:/.test(word.value ?? "")
          ? { kind: "irreversible", code: "mass-delete", index }
          : { kind: "delete", path: word, index, inherent: true, tree: true },
    ),
  ];
};

const THIS_HOST = /^(?:[^@]*@)?(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/;

/** ssh reads options behind the host too, and a command for this very host runs here. */
export const ssh: Special = (read, use) => {
  const [host, command] = read.operands;
  const entry = programEntry("ssh");
  if (host === undefined || entry === undefined) return [];
  const behind = readLeading(entry, use.words, host.index + 1);
  return [...behind.effects, ...here(host, behind.operands[0] ?? command, use)];
};

/** `mosh localhost COMMAND` and its like. */
export const remoteHost: Special = (read, use) => {
  const [host, command] = read.operands;
  return host === undefined ? [] : here(host, command, use);
};

function here(host: Operand, command: Operand | undefined, use: ProgramUse): readonly Effect[] {
  if (!THIS_HOST.test(host.word.value ?? "")) return [];
  if (command === undefined) return [gadget("runs-shell", host.index)];
  const words = use.words.slice(command.index).map((w) => w.value);
  const inner = words.includes(undefined) ? [] : use.shellText(words.join(" "));
  return [gadget("runs-program", command.index), { kind: "run", index: command.index, inner }];
}

/** socat: `EXEC:` and `SYSTEM:` addresses. */
export const socat: Special = (read, use) =>
  read.operands.flatMap(({ word, index }): readonly Effect[] => {
    const text = /^(?:exec|system|shell):([^,]*)/i.exec(word.value ?? "")?.[1];
    return text === undefined ? [] : [{ kind: "run", index, inner: use.shellText(text) }];
  });

/** `gh api`: a request that deletes does what `gh repo delete` does. */
export const codeHostApi: Special = (_read, { words }) =>
  words.flatMap((word, index): readonly Effect[] => {
    const text = word.value ?? "";
    const method = /^(?:-X|--method)=?(.*)$/s.exec(text)?.[1];
    const named = method === "" ? words[index + 1]?.value : method;
    const deletes = /^delete$/i.test(named ?? "") || mutates(word);
    return deletes ? [{ kind: "irreversible", code: "destroys-data", index }] : [];
  });
