// What a policy says that it may not mean: shadowed and useless rules, rules that grant far more than they seem to, denies that are
// only a courtesy (DESIGN 7). Findings, not errors: the policy holds as written.
import type { Problem } from "../result.ts";
import { BETWEEN } from "./bash-rule.ts";
import type { NetworkRuleText, RuleText } from "./policy.ts";
import type { CompiledRule, CompiledRules } from "./rules.ts";

/** Findings on rules and network entries, in the order of the file. */
export function lintPolicy(
  rules: CompiledRules,
  network: { readonly allow: readonly NetworkRuleText[] },
): readonly Problem[] {
  return [
    ...rules.allow.flatMap((rule) => [...broadAllow(rule), ...shadowed(rule, rules)]),
    ...rules.deny.flatMap(courtesyDeny),
    ...[...rules.allow, ...rules.ask, ...rules.deny].flatMap(useless),
    ...duplicates(rules),
    ...network.allow.flatMap(broadNetwork),
  ];
}

function finding(code: string, message: string, rule: RuleText, hint: string): Problem {
  return { code, message: `\`${rule.text}\` ${message}`, at: rule.at, hint };
}

const INTERPRETERS: ReadonlySet<string> = new Set(
  "sh bash dash zsh ksh fish python python2 python3 node nodejs deno bun perl ruby php lua env sudo doas xargs eval exec find awk sed make npx ssh docker podman git npm npm-run time watch".split(
    " ",
  ),
);

function broadAllow({ text, rule, bash }: CompiledRule): readonly Problem[] {
  if (rule.tool === "Bash" && rule.specifier === undefined)
    return [
      finding(
        "broad-rule",
        "allows every command",
        text,
        "name the programs the agent needs, for example `Bash(npm test)`",
      ),
    ];
  if (rule.tool === "WebFetch" && rule.domain === undefined)
    return [finding("broad-rule", "allows every host", text, "name the hosts")];
  if ((rule.tool === "Write" || rule.tool === "Edit") && rule.specifier === undefined)
    return [
      finding("broad-rule", "allows writing everywhere", text, `\`${rule.tool}(./**)\` stays inside the workspace`),
    ];
  if (rule.tool === "mcp" && rule.server === "*")
    return [finding("broad-rule", "allows every server", text, "name the servers")];
  if (bash === undefined || rule.tool !== "Bash") return [];
  const spelled = bash.program;
  if (spelled === undefined || spelled === "")
    return [finding("broad-rule", "starts with a `*`: any program can match", text, "spell the program")];
  const found: Problem[] = [];
  if (bash.spelled === 1 && INTERPRETERS.has(spelled) && /^\S+(?: |:)\*$/.test(rule.specifier ?? ""))
    found.push(
      finding(
        "grants-interpreter",
        `grants \`${spelled}\`, which can run anything; its gadgets still ask`,
        text,
        "spell what may be run, for example the script",
      ),
    );
  if (/[^\s:]\*/.test(rule.specifier ?? "") && !/[\\]\*/.test(rule.specifier ?? ""))
    found.push(
      finding(
        "no-word-boundary",
        "has a `*` without a space before it, so it also matches longer words",
        text,
        "put a space before the `*`",
      ),
    );
  return found;
}

/** A deny on a program's name is kept by the agent's good will: other programs do the same. */
function courtesyDeny({ text, rule }: CompiledRule): readonly Problem[] {
  if (rule.tool !== "Bash" || rule.specifier === undefined) return [];
  const hint = /^(?:curl|wget|nc|ncat|ssh|scp)\b/.test(rule.specifier)
    ? "the wall is `sandbox.network`: it is closed unless the policy opens it"
    : /^(?:cat|less|head|tail|more)\b/.test(rule.specifier)
      ? "the wall is `Read(…)` in `permissions.deny`"
      : "the walls are `Read`, `Write` and `WebFetch` denies and `sandbox`";
  return [finding("courtesy-deny", "denies a name, and other programs do the same thing", text, hint)];
}

function useless({ text, rule, bash }: CompiledRule): readonly Problem[] {
  if (rule.tool === "Bash" && /&&|\|\||;|\||\$\(|`|[<>]/.test((rule.specifier ?? "").replace(/'[^']*'|"[^"]*"/g, "")))
    return [
      finding(
        "never-matches",
        "spans several commands; rules are compared with one simple command at a time",
        text,
        "write one rule for each command",
      ),
    ];
  const program = bash?.program;
  if (program !== undefined && /^[A-Za-z_]\w*=/.test(program))
    return [
      finding(
        "never-matches",
        "starts with an assignment; rules are compared without it",
        text,
        "leave the assignment out",
      ),
    ];
  return [];
}

/** An allow that a deny or ask of the same tool always beats. */
function shadowed(allow: CompiledRule, rules: CompiledRules): readonly Problem[] {
  for (const limit of [...rules.deny, ...rules.ask]) {
    if (limit.rule.tool !== allow.rule.tool) continue;
    const same = limit.text.text.trim() === allow.text.text.trim();
    const bare =
      !("specifier" in limit.rule && limit.rule.specifier !== undefined) &&
      limit.rule.tool !== "mcp" &&
      limit.rule.tool !== "other" &&
      !("domain" in limit.rule && limit.rule.domain !== undefined);
    const spelled =
      allow.rule.tool === "Bash" &&
      allow.rule.specifier !== undefined &&
      !allow.rule.specifier.includes("*") &&
      limit.bash?.matches(allow.rule.specifier.split(/\s+/).join(BETWEEN)) === true;
    const prefix =
      allow.rule.tool === "Bash" &&
      allow.rule.specifier !== undefined &&
      / \*$|:\*$/.test(allow.rule.specifier) &&
      limit.bash?.coversFrom(
        allow.rule.specifier
          .replace(/(?: |:)\*$/, "")
          .split(/\s+/)
          .join(BETWEEN),
      ) === true;
    if (same || bare || spelled || prefix)
      return [
        finding(
          "shadowed",
          `can never allow anything: \`${limit.text.text}\` (${limit.text.at.file}:${limit.text.at.line}) comes first`,
          allow.text,
          "remove one of the two",
        ),
      ];
  }
  return [];
}

function duplicates(rules: CompiledRules): readonly Problem[] {
  return [rules.allow, rules.ask, rules.deny].flatMap((list) =>
    list.flatMap((rule, i) => {
      const first = list.findIndex((other) => other.text.text.trim() === rule.text.text.trim());
      return first < i ? [finding("duplicate", "stands twice in one list", rule.text, "remove one of the two")] : [];
    }),
  );
}

const SHARED =
  /^(?:\*\.)?(?:githubusercontent\.com|github\.io|pages\.dev|workers\.dev|vercel\.app|netlify\.app|herokuapp\.com|amazonaws\.com|cloudfront\.net|azurewebsites\.net|web\.app|firebaseapp\.com|googleapis\.com|appspot\.com|ngrok\.io|ngrok-free\.app|glitch\.me|repl\.co|onrender\.com|fly\.dev|blob\.core\.windows\.net|storage\.googleapis\.com)(?::\d+)?$/;

function broadNetwork(rule: NetworkRuleText): readonly Problem[] {
  const name = rule.text.replace(/:\d+$/, "");
  const at = (message: string, hint: string): readonly Problem[] => [
    { code: "broad-network", message: `\`${rule.text}\` ${message}`, at: rule.at, hint },
  ];
  if (name === "*" || /^\*\.[^.]+$/.test(name) || /^\*\.(?:co|com|org|net|gov|ac|edu)\.[a-z]{2}$/.test(name))
    return at("opens a whole part of the internet", "name the hosts");
  if (SHARED.test(name) && name.startsWith("*."))
    return at("is a domain where anybody can put up a host", "name the hosts");
  if (name.startsWith("*."))
    return at("lets the agent choose names, and a name can carry data out", "name the hosts where you can");
  return [];
}
