// Redirections, here-documents and here-strings: what they write or read, and what standard input becomes (DESIGN 7 rules 5 and 6).
import type { Redirection } from "unbash";
import type { Effect, ShellWord } from "./facts.ts";
import type { Reader } from "./reader.ts";
import type { Standard } from "./use.ts";
import { STREAM } from "./word.ts";

const NOT_CONSTANT = "redirection-not-constant";

/** The descriptor, where it is written. `{fd}>x` takes a free one of ten or more and keeps its number in a variable. */
function descriptor(reader: Reader, { descriptor: written, pos }: Redirection): number | undefined {
  if (written?.type !== "FileDescriptorVariable") return written?.value;
  reader.doubt("descriptor-variable", written.name, pos);
  return 10;
}

/** `< "src/$f"`: a file somewhere below, whatever the variable holds, and no address of the network. */
function isBelow({ prefix, tilde }: ShellWord): boolean {
  return !tilde && /^(?:\.|\.?\w[^/]*)\//.test(prefix);
}

/** Adds the effects of redirections and answers what standard input is afterwards. */
export function readRedirections(
  reader: Reader,
  redirects: readonly Redirection[],
  into: { readonly effects: Effect[]; readonly index: number; readonly piped: Standard },
): Standard {
  const { effects, index, piped } = into;
  let stdin = piped;
  for (const redirect of redirects) {
    const fd = descriptor(reader, redirect);
    if (redirect.type === "HereDoc") {
      for (const part of redirect.body.parts ?? []) reader.part(part);
      const constant = redirect.delimiter?.quoted === true || !/[$`\\]/.test(redirect.body.text);
      stdin =
        fd === undefined || fd === 0
          ? constant
            ? { kind: "text", text: redirect.body.text }
            : { kind: "unknown" }
          : stdin;
      if (redirect.closing === undefined) reader.doubt("syntax", "here-document without end", redirect.pos);
      continue;
    }
    if (redirect.target === undefined) {
      reader.doubt("syntax", "redirection without target", redirect.pos);
      continue;
    }
    const targets = reader.word(redirect.target);
    const [target] = targets;
    if (redirect.type === "HereString") {
      stdin =
        target?.value === undefined || targets.length > 1 ? { kind: "unknown" } : { kind: "text", text: target.value };
      continue;
    }
    if (target === undefined || targets.length > 1) {
      reader.doubt("not-constant", redirect.target.text, redirect.pos);
      continue;
    }
    // `< 2>&1`: bash reads a number before an operator as a descriptor and refuses the line
    if (/^\d+$/.test(redirect.target.text) && !redirect.operator.endsWith("&")) {
      reader.doubt("syntax", redirect.target.text, redirect.pos);
      continue;
    }
    const duplicates = redirect.operator === ">&" || redirect.operator === "<&";
    if (duplicates && target.value !== undefined && /^(?:\d+-?|-)$/.test(target.value)) {
      if (redirect.operator === "<&" && (fd === undefined || fd === 0)) stdin = { kind: "unknown" };
      continue;
    }
    // `< <(…)`, `> >(…)`: the commands are judged where they stand
    if (target.value === STREAM) {
      if (redirect.operator === "<" && (fd === undefined || fd === 0)) stdin = { kind: "unknown" };
      continue;
    }
    if (target.value === "/dev/null") {
      if (redirect.operator === "<") stdin = { kind: "text", text: "" };
      continue;
    }
    const reads = redirect.operator === "<";
    if (redirect.operator === "<&" || /^\/dev\/(?:tcp|udp)\//.test(target.value ?? "")) {
      effects.push({ kind: "gadget", code: target.value === undefined ? NOT_CONSTANT : "network", index });
      continue;
    }
    if (target.value === undefined && !(reads && isBelow(target))) {
      effects.push({ kind: "gadget", code: NOT_CONSTANT, index });
      // for a deny what it probably names is enough
      if (target.likely?.length !== 1) continue;
    }
    if (reads) {
      effects.push({ kind: "read", path: target, index, content: true, aside: target.value !== undefined });
      if (fd === undefined || fd === 0) stdin = { kind: "file" };
    } else effects.push({ kind: "write", path: target, index, inherent: false });
  }
  return stdin;
}
