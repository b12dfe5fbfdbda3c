// Programs of the system whose operands are a language of their own.
import type { Effect } from "../facts.ts";
import { valuesOf } from "../options.ts";
import { gadget, type Special } from "./special.ts";

export const dd: Special = (read, use) =>
  read.operands.flatMap(({ word, index }): readonly Effect[] => {
    const match = /^(if|of)=([\s\S]*)$/.exec(word.value ?? "");
    if (match?.[1] === undefined)
      return /^(?:bs|ibs|obs|count|skip|seek|conv|status|iflag|oflag|cbs)=/.test(word.value ?? "")
        ? []
        : [gadget("unknown-option", index)];
    const path = { ...word, value: match[2], prefix: match[2] ?? "", likely: [match[2] ?? ""] };
    void use;
    return match[1] === "if"
      ? [{ kind: "read", path, index, content: true }]
      : [{ kind: "write", path, index, inherent: false }];
  });

const IP_OBJECT = /^(?:a|addr|address|l|link|r|route|n|neigh|neighbor|ru|rule|maddr)$/;

/** `ip`: only to show; `ip netns exec NAME COMMAND` runs. */
export const ip: Special = (read, use) => {
  const [object, verb, , command] = read.operands;
  if (object === undefined) return [];
  const [first, second] = [object.word.value ?? "", verb?.word.value ?? ""];
  if (/^netns?$/.test(first) && /^e(?:x(?:e(?:c)?)?)?$/.test(second) && command !== undefined)
    return [{ kind: "run", index: command.index, inner: use.inner(use.words.slice(command.index)) }];
  const shows = verb === undefined || /^(?:s|sh|show|ls|list|get)$/.test(second);
  return IP_OBJECT.test(first) && shows ? [] : [gadget("changes-network", object.index)];
};

/** `ps e` shows every program's environment, secrets too. */
export const ps: Special = (read) =>
  read.operands.filter((o) => /e/.test(o.word.value ?? "e")).map((o) => gadget("shows-environment", o.index));

/** `kill -9 -1` ends everything that the user may end. */
export const kill: Special = (_, use) =>
  use.words.slice(2).some((w) => w.value === "-1") ? [{ kind: "irreversible", code: "kills", index: 0 }] : [];

/** `date 01010000` sets the clock. */
/** ssh-keygen: `-f` names what is read where it only shows or looks up, else what is made, with `.pub` beside it. */
export const sshKeygen: Special = (read) => {
  const shows = ["l", "B", "L", "y", "e", "i", "F"].some((name) => read.seen.has(name));
  const files = valuesOf(read, "f");
  if (files.length === 0 && !shows) return [gadget("write-elsewhere", 0)];
  return files.map(({ word, index }) =>
    shows
      ? ({ kind: "read", path: word, index, content: true } as const)
      : ({ kind: "write", path: word, index, inherent: false } as const),
  );
};

/** sd: behind its two texts stand the files that it changes. */
export const sd: Special = (read) =>
  ["p", "preview"].some((name) => read.seen.has(name))
    ? []
    : read.operands.slice(2).map(({ word, index }) => ({ kind: "write", path: word, index, inherent: true }) as const);

export const date: Special = (read) =>
  read.operands.filter((o) => !o.word.prefix.startsWith("+")).map((o) => gadget("sets-clock", o.index));

/** `getent shadow` shows passwords' hashes. */
export const getent: Special = (read) =>
  read.operands.filter((o) => /shadow/.test(o.word.value ?? "shadow")).map((o) => gadget("credentials", o.index));

/** `uuencode FILE NAME`: one file is read, the other word is only written down. */
export const firstRead: Special = (read) => {
  const [file, name] = read.operands;
  return file === undefined || name === undefined
    ? []
    : [{ kind: "read", path: file.word, index: file.index, content: true }];
};

/** `sysctl NAME=VALUE` sets, and a name that climbs reads elsewhere. */
export const sysctl: Special = (read) =>
  read.operands.filter((o) => !/^[\w.-]+$/.test(o.word.value ?? "")).map((o) => gadget("changes-system", o.index));
