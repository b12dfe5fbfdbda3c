// Rules that can never do what they are there for: others come first, they match nothing, or what they allow asks anyway. And denies of a
// name, which other programs do as well.
import type { Problem } from "../result.ts";
import { BETWEEN } from "./bash-rule.ts";
import { decide } from "./decide.ts";
import { explainReason, needsPerson } from "./explain.ts";
import type { Judge } from "./judge.ts";
import { finding } from "./lint-finding.ts";
import type { CompiledRule, CompiledRules, Places } from "./rules.ts";

/** A deny on a program's name is kept by the agent's good will: other programs do the same. */
export function courtesyDeny({ text, rule }: CompiledRule): readonly Problem[] {
  if (rule.tool !== "Bash" || rule.specifier === undefined) return [];
  const hint = /^(?:\S*\/)?(?:curl|wget|nc|ncat|netcat|socat|ssh|scp|sftp|ftp|telnet)\b/.test(rule.specifier)
    ? "the wall is `sandbox.network`: it is closed unless the policy opens it"
    : /^(?:\S*\/)?(?:cat|less|head|tail|more|bat|strings|xxd|od)\b/.test(rule.specifier)
      ? "the wall is `Read(…)` in `permissions.deny`"
      : /^(?:\S*\/)?(?:rm|rmdir|mv|cp|tee|dd|truncate|shred|unlink)\b/.test(rule.specifier)
        ? "the wall is `Write(…)` in `permissions.deny`, and the overlay that holds deletions back"
        : "the walls are `Read`, `Write` and `WebFetch` denies and `sandbox`";
  return [finding("courtesy-deny", "denies a name, and other programs do the same thing", text, hint)];
}

/** Bash rules that no simple command can match. */
export function neverMatches({ text, rule, bash }: CompiledRule): readonly Problem[] {
  if (rule.tool !== "Bash") return [];
  if (/&&|\|\||;|\||\$\(|`|[<>]/.test((rule.specifier ?? "").replace(/'[^']*'|"[^"]*"|\\./g, "")))
    return [
      finding(
        "never-matches",
        "spans several commands; rules are compared with one simple command at a time",
        text,
        "write one rule for each command",
      ),
    ];
  const program = bash?.program;
  return program !== undefined && /^[A-Za-z_]\w*=/.test(program)
    ? [
        finding(
          "never-matches",
          "starts with an assignment; rules are compared without it",
          text,
          "leave the assignment out",
        ),
      ]
    : [];
}

/** A rule that a stricter one, or a wider one of its own list, always beats. */
export function shadowed(rule: CompiledRule, list: "allow" | "ask", rules: CompiledRules): readonly Problem[] {
  const stricter = list === "allow" ? [...rules.deny, ...rules.ask] : rules.deny;
  const by = stricter.find((other) => covers(other, rule, { limit: true }));
  if (by !== undefined)
    return [
      finding("shadowed", `can never ${list} anything: ${placed(by)} comes first`, rule.text, "remove one of the two"),
    ];
  const wider = rules[list].find((other) => other !== rule && covers(other, rule) && !covers(rule, other));
  return wider === undefined
    ? []
    : [finding("useless", `adds nothing: ${placed(wider)} covers it`, rule.text, "remove one of the two")];
}

function placed({ text }: CompiledRule): string {
  return `\`${text.text}\` (${text.at.file}:${text.at.line})`;
}

/** Does `wide` match whatever `narrow` matches? Only what is plain; no answer is `false`. `limit`: as an ask or deny, which sees more. */
function covers(wide: CompiledRule, narrow: CompiledRule, as: { readonly limit?: true } = {}): boolean {
  const [a, b] = [wide.rule, narrow.rule];
  switch (b.tool) {
    case "Bash":
      return a.tool === "Bash" && (a.specifier === undefined || coversWords(wide, b.specifier));
    case "Read":
    case "Write":
    case "Edit":
      // whoever may not read may not write; and Write and Edit are one
      if (
        a.tool !== b.tool &&
        !(b.tool !== "Read" && (a.tool === "Write" || a.tool === "Edit" || (a.tool === "Read" && as.limit)))
      )
        return false;
      if (!("specifier" in a) || a.specifier === undefined) return true;
      return narrow.fixed !== undefined && wide.path?.(narrow.fixed) === true;
    case "WebFetch":
      if (a.tool !== "WebFetch") return false;
      return (
        a.domain === undefined ||
        (b.domain !== undefined && !b.domain.includes("*") && wide.domain?.(b.domain) === true)
      );
    case "mcp":
      return (
        a.tool === "mcp" &&
        a.server === b.server &&
        (a.name === undefined || a.name === b.name) &&
        (a.when === undefined || JSON.stringify(a.when) === JSON.stringify(b.when))
      );
    case "Agent":
      return a.tool === "Agent" && (a.specifier === undefined || a.specifier === b.specifier);
    case "other":
      return a.tool === "other" && a.name === b.name;
    default:
      return b satisfies never;
  }
}

function coversWords(wide: CompiledRule, specifier: string | undefined): boolean {
  if (specifier === undefined) return false;
  const open = / \*$|:\*$/.test(specifier);
  const words = specifier.replace(/(?: |:)\*$/, "");
  if (words.includes("*")) return false;
  const joined = words.split(/\s+/).join(BETWEEN);
  return open ? wide.bash?.coversFrom(joined) === true : wide.bash?.matches(joined) === true;
}

/** An allow whose own act asks all the same: irreversible, protected, or not understood (PERM-4, PERM-11, I5). */
export function neverAllows(compiled: CompiledRule, places: Places): readonly Problem[] {
  const { rule, text, fixed } = compiled;
  const judge: Judge = { rules: { allow: [compiled], ask: [], deny: [] }, mode: "default", facts: places };
  if (rule.tool === "Bash" && rule.specifier !== undefined) {
    const words = rule.specifier.replace(/(?: |:)\*$/, "");
    if (words === "" || /(?<!\\)\*/.test(words.replace(/'[^']*'|"[^"]*"/g, ""))) return [];
    const { reasons } = decide(judge, { kind: "exec", command: words, cwd: places.root });
    const open = words !== rule.specifier;
    const asking = reasons.find((r) => r.verdict !== "allow" && (!open || needsPerson(r)));
    return asking === undefined ? [] : [still(text, explainReason(asking))];
  }
  if ((rule.tool !== "Write" && rule.tool !== "Edit") || fixed === undefined) return [];
  const { reasons } = decide(judge, { kind: "write", path: fixed });
  const guarded = reasons.find((r) => r.code === "protected-path");
  return guarded === undefined ? [] : [still(text, explainReason(guarded))];
}

function still(text: CompiledRule["text"], why: string): Problem {
  return finding("never-allows", `asks all the same: ${why}`, text, "remove it, or name what it is meant for");
}

/** The same rule twice in one list. */
export function duplicates(rules: CompiledRules): readonly Problem[] {
  return [rules.allow, rules.ask, rules.deny].flatMap((list) => {
    const seen = new Set<string>();
    return list.flatMap(({ text }) => {
      const known = seen.has(text.text.trim());
      seen.add(text.text.trim());
      return known ? [finding("duplicate", "stands twice in one list", text, "remove one of the two")] : [];
    });
  });
}
