// Mode `auto` (PERM-9): what may pass although no rule speaks of it, and what always waits for a person. Deterministic, and a list of what
// is harmless, never of what is not: an act passes when every reason to ask is a missing rule and no class below knows it. A backstop
// behind the fence, not a boundary: a script that the agent wrote may do what its name does not say.
import type { Action } from "../action.ts";
import type { Reason } from "../decision.ts";
import { DEFAULT_LEG_POLICY } from "../session/leg-policy.ts";
import { observationsOf } from "../session/observation.ts";
import { commandSources } from "../session/sources/commands.ts";
import type { LegContext } from "../session/sources/context.ts";
import { analyse, type Command } from "../shell/index.ts";
import { dangers } from "./backstop-dangers.ts";
import type { Judge, Judgement } from "./judge.ts";

/** Reasons that only say "no rule allows it": of files in the workspace or of the machine's public ones, of the project's scripts. Every other reason stays. */
const OPEN: ReadonlySet<string> = new Set([
  "no-rule",
  "reads-outside",
  "writes-file",
  "writes-in-place",
  "runs-script",
  "runs-module",
  "runs-file",
]);

/** What legs' sources may be touched without a person: the project itself, its packages, and what a code host shows. */
const HARMLESS: ReadonlySet<string> = new Set(["workspace-file", "foreign-file", "dependency", "issue"]);

/** The class of each other source. */
const CLASS: Readonly<Record<string, string>> = {
  "secret-file": "auto-credentials",
  credential: "auto-credentials",
  environment: "auto-credentials",
  publish: "auto-publish",
  deploy: "auto-deploy",
  push: "auto-push",
  "outside-write": "auto-outside",
  "outside-file": "auto-outside",
  database: "auto-system",
  "sensitive-system": "auto-system",
  "private-host": "auto-system",
  "mcp-private": "auto-system",
};

/**
 * Why this act waits for a person in mode `auto`; empty when it may pass. `judgement` is what the rules say: one that is not a question
 * stands as it is, so the answer of rules is never softened and a rule's allow needs no backstop.
 */
export function backstop(judge: Judge, action: Action, judgement: Judgement): readonly Reason[] {
  if (judgement.verdict !== "ask") return [];
  const kept = judgement.reasons.filter((r) => r.verdict !== "allow" && !OPEN.has(r.code) && !isRunner(r));
  const known = action.kind === "exec" ? ofCommand(judge, action.command, action.cwd) : ofTool(judge, action);
  // a known class says more than the reason that it shadows, but a reason that stays is enough
  return [...known, ...(known.length > 0 || kept.length === 0 ? [] : kept)];
}

function ask(code: string, subject: string): Reason {
  return { code, verdict: "ask", subject };
}

/** Runners of a project's own tools: what they run is judged beside them, so it is known or asks by itself. */
function isRunner(reason: Reason): boolean {
  if (reason.code === "runs-program")
    return /^(?:npx|pnpm (?:exec|dlx)|pnpm|yarn|bunx|uv run|poetry run|pdm run|bundle exec|pipenv run) /.test(
      reason.subject,
    );
  return (
    reason.code === "write" &&
    /^(?:npx )?(?:eslint|prettier|ruff|black|biome|isort|gofmt|stylelint) /.test(reason.subject)
  );
}

function ofCommand(judge: Judge, text: string, cwd: string): readonly Reason[] {
  const context = contextOf(judge);
  const facts = analyse(text, { cwd, root: context.root, home: context.home });
  const all = facts.commands.flatMap(everyCommand);
  const sources = commandSources(text, cwd, context)
    .filter(({ source }) => !HARMLESS.has(source))
    .map(({ source, cause }) => ask(CLASS[source] ?? "auto-network", cause.replace(/^ran /, "")));
  const known = all.flatMap((command) => dangers(command, context).map((code) => ask(code, command.text)));
  // a push that says exactly where it goes is judged by its target
  const own = new Set(all.filter(isOwnPush).map((command) => command.text));
  const reasons = [...known, ...sources.filter((r) => r.code !== "auto-push" || !own.has(r.subject))];
  return reasons.filter((r, i) => reasons.findIndex((o) => o.code === r.code && o.subject === r.subject) === i);
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.effects.flatMap((e) => (e.kind === "run" ? e.inner.flatMap(everyCommand) : []))];
}

/** `git push [-u] origin topic`: named, not shared, not forced. */
function isOwnPush(command: Command): boolean {
  return /^git push (?:-u |--set-upstream )?origin [\w][\w./-]*$/.test(command.text);
}

function ofTool(judge: Judge, action: Exclude<Action, { readonly kind: "exec" }>): readonly Reason[] {
  const context = contextOf(judge);
  const subject = subjectOf(action);
  const found = observationsOf(action, context, "claimed")
    .filter(({ source }) => !HARMLESS.has(source) && source !== "mcp-result")
    .map(({ source }) => ask(CLASS[source] ?? "auto-network", subject));
  // what a server's or an unknown tool does, its name only suggests
  return action.kind === "mcp" || action.kind === "other" ? [ask("auto-tool", subject), ...found] : found;
}

function subjectOf(action: Exclude<Action, { readonly kind: "exec" }>): string {
  switch (action.kind) {
    case "read":
    case "write":
    case "edit":
    case "delete":
      return action.path;
    case "fetch":
      return action.host;
    case "mcp":
      return `mcp__${action.server}__${action.tool}`;
    case "agent":
      return action.name;
    case "prompt":
      return "prompt";
    case "other":
      return action.tool;
    default:
      return action satisfies never;
  }
}

function contextOf(judge: Judge): LegContext {
  const { root, home, resolve } = judge.facts;
  return {
    root,
    home,
    workspace: "own",
    vanishing: [],
    contained: false,
    serviceHosts: [],
    policy: DEFAULT_LEG_POLICY,
    ...(resolve === undefined ? {} : { resolve }),
  };
}
