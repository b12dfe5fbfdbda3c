// Rules and words that grant far more than they seem to.
import { fixedPart } from "../paths/index.ts";
import type { Problem } from "../result.ts";
import { isInside } from "../shell/index.ts";
import type { Condition } from "./condition.ts";
import { finding } from "./lint-finding.ts";
import type { Merged } from "./merge.ts";
import type { PathText } from "./policy.ts";
import type { CompiledRule, Places } from "./rules.ts";

/** Programs that run whatever they are given. */
const INTERPRETERS: ReadonlySet<string> = new Set(
  `sh bash dash zsh ksh fish busybox pwsh python python2 python3 node nodejs deno bun perl ruby php lua tclsh Rscript osascript env sudo doas su
  xargs parallel eval exec source find awk gawk sed make ninja just npx bunx uvx pipx ssh docker podman kubectl git npm npm-run pnpm yarn time
  watch nohup timeout script tmux screen vim vi emacs ed`.split(/\s+/),
);

/** Allow rules that are too wide. */
export function broadAllow({ text, rule, bash, fixed }: CompiledRule, places: Places): readonly Problem[] {
  switch (rule.tool) {
    case "Bash":
      break;
    case "WebFetch":
      if (rule.domain === undefined) return [finding("broad-rule", "allows every host", text, "name the hosts")];
      return /^\*\.[^.*]+$/.test(rule.domain)
        ? [finding("broad-rule", "allows a whole top-level domain", text, "name the hosts")]
        : [];
    case "mcp":
      if (rule.server.includes("*"))
        return [finding("broad-rule", "allows servers that are not spelled", text, "name the servers")];
      return looseConditions(text, rule.when);
    case "Read":
    case "Write":
    case "Edit": {
      const inside = `\`${rule.tool}(./**)\` stays inside the workspace`;
      if (rule.specifier === undefined)
        return [
          finding("broad-rule", `allows ${rule.tool === "Read" ? "reading" : "writing"} everywhere`, text, inside),
        ];
      return fixed === undefined || holdsHome(fixed, places)
        ? [finding("broad-rule", "reaches a whole home, or everything", text, inside)]
        : [];
    }
    default:
      return [];
  }
  if (bash === undefined || rule.specifier === undefined)
    return [
      finding(
        "broad-rule",
        "allows every command",
        text,
        "name the programs the agent needs, for example `Bash(npm test)`",
      ),
    ];
  if (bash.program === undefined || bash.program === "")
    return [finding("broad-rule", "starts with a `*`: any program can match", text, "spell the program")];
  return [...grantsInterpreter(text, rule.specifier), ...noBoundary(text, rule.specifier)];
}

/** An interpreter whose code is not spelled: alone, or followed by options and then anything. */
function grantsInterpreter(text: CompiledRule["text"], specifier: string): readonly Problem[] {
  const [program = "", ...rest] = specifier.replace(/:\*$/, " *").split(/\s+/);
  const name = program.slice(program.lastIndexOf("/") + 1).replace(/(?<=[a-z])[\d.]+$/i, "");
  if (!INTERPRETERS.has(name) && !INTERPRETERS.has(program)) return [];
  const open =
    rest.length === 0 ? /^(?:ba|da|z|k|fi)?sh$/.test(name) : rest.every((word) => word === "*" || word.startsWith("-"));
  if (!open || (rest.length > 0 && !rest.includes("*"))) return [];
  return [
    finding(
      "grants-interpreter",
      `grants \`${name}\`, which can run anything; its gadgets still ask`,
      text,
      "spell what may be run, for example the script",
    ),
  ];
}

function noBoundary(text: CompiledRule["text"], specifier: string): readonly Problem[] {
  const unquoted = specifier.replace(/'[^']*'|"[^"]*"|\\./g, "x").replace(/:\*$/, "");
  return /[^\s*]\*$/.test(unquoted)
    ? [
        finding(
          "no-word-boundary",
          "has a `*` without a space before it, so it also matches longer words",
          text,
          "put a space before the `*`",
        ),
      ]
    : [];
}

/** `url=https://api.example*` is also `https://api.example.evil.test`; `name=*` says only that there is one. */
function looseConditions(text: CompiledRule["text"], when: readonly Condition[] = []): readonly Problem[] {
  return when.flatMap(({ path, is }) => {
    if (is.kind !== "text") return [];
    const name = path.join(".");
    if (is.pattern === "*")
      return [
        finding("broad-rule", `takes any text as \`${name}\``, text, "leave the condition out, or spell the value"),
      ];
    return /[^\s*/=?&:]\*$/.test(is.pattern)
      ? [
          finding(
            "no-word-boundary",
            `has a \`*\` right behind a word in \`${name}\`, so it also matches longer ones`,
            text,
            "end it with `/*`, or spell the value",
          ),
        ]
      : [];
  });
}

function holdsHome(path: string, { home }: Places): boolean {
  return isInside(path, home);
}

/** Entries of `sandbox.filesystem.allowRead` and `allowWrite` that are too wide. */
export function broadPaths(path: PathText, places: Places): readonly Problem[] {
  const fixed = fixedPart(path.text.replace(/^\/(?!\/)/, "//"), places);
  if (fixed !== undefined && !holdsHome(fixed, places)) return [];
  const hint = "name the folders that the agent needs";
  return [{ code: "broad-path", message: `\`${path.text}\` opens a whole home, or everything`, at: path.at, hint }];
}

/** Words that take a whole protection away. */
const BROAD_WORDS: readonly (readonly [key: string, word: string, what: string, hint: string])[] = [
  ["permissions.mode", "bypassPermissions", "lets everything pass that no rule denies", "use `acceptEdits` or `auto`"],
  ["sandbox.mode", "danger-full-access", "takes the walls away", "use `workspace-write`"],
  [
    "sandbox.network.mode",
    "report",
    "lets the agent reach every public name, and only puts it on record",
    "use `enforce`; `ringfence policy learn SESSION` works while everything is enforced",
  ],
  ["ruleOfTwo", "off", "lets untrusted content, private data and a way out meet in one session", "use `ask`"],
];

/** Single words of the policy that are too wide. */
export function broadWords(merged: Merged): readonly Problem[] {
  return BROAD_WORDS.flatMap(([key, word, what, hint]) =>
    (merged.parts.get(key) ?? [])
      .filter(({ value }) => value === word)
      .map(({ at }) => ({ code: "broad-word", message: `\`${key}: ${word}\` ${what}`, at, hint })),
  );
}
