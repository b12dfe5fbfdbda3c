// `ringfence check --batch` (DESIGN 5): JSON lines in, one `{id, verdict, reasons}` line out for each, in order, in one process.
// A line that cannot be read is denied with a reason, and the next one is judged.
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { actionsOfTool, type Problem, type Reason, type Result } from "#core";
import { type CompiledRules, compileRules, decideAll, MODES, type Mode } from "#core/policy";
import { linkResolver, readPolicy, workspaceFolder } from "#monitor";
import { callerHome, callerStateDir } from "./caller.ts";
import { type GivenRules, ruleCompiler } from "./check-rules.ts";
import { EXIT, fail } from "./exit.ts";
import { jsonLine } from "./print-json.ts";

/** What the command line says for every line that does not say it itself. */
export interface BatchOptions extends GivenRules {
  readonly policy?: string;
  readonly mode?: Mode;
  readonly cwd?: string;
  readonly root?: string;
}

const MAX_LINE = 4_000_000;

/** Reads standard input to its end. */
export async function checkBatch(options: BatchOptions): Promise<void> {
  const judge = await lineJudge(options);
  let out: string[] = [];
  let size = 0;
  let idle: NodeJS.Immediate | undefined;
  const flush = async (): Promise<void> => {
    clearImmediate(idle);
    idle = undefined;
    const text = out.join("");
    out = [];
    size = 0;
    if (text !== "" && !process.stdout.write(text)) await new Promise((done) => process.stdout.once("drain", done));
  };
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === "") continue;
    const answer = jsonLine(judge(line));
    out.push(answer);
    size += answer.length;
    if (size > 65_536) await flush();
    // a caller that waits for each answer before the next line must not wait for a full buffer
    else idle ??= setImmediate(() => void flush());
  }
  await flush();
}

interface Answer {
  readonly id: unknown;
  readonly verdict: string;
  readonly reasons: readonly Reason[];
}

function denied(id: unknown, code: string, message: string): Answer {
  return { id, verdict: "deny", reasons: [{ code, verdict: "deny", subject: message.slice(0, 200) }] };
}

async function lineJudge(options: BatchOptions): Promise<(line: string) => Answer> {
  const home = callerHome();
  const here = resolve(options.cwd ?? options.root ?? process.cwd());
  const top = options.root === undefined ? workspaceFolder(here) : resolve(options.root);
  const compile = ruleCompiler();
  const links = linkResolver();
  const { rules: own, mode: ownMode } = await ownRules(options, top, home, compile);
  return (line) => {
    if (line.length > MAX_LINE) return denied(null, "bad-line", "the line is too long");
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return denied(null, "bad-line", "not JSON");
    }
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return denied(null, "bad-line", "not an object");
    const fields = value as Readonly<Record<string, unknown>>;
    const id = fields["id"] ?? null;
    // further fields are the caller's own; what they are not told about cannot loosen: without `rules` every question stays one
    const mode = fields["mode"] ?? options.mode ?? ownMode;
    if (!isMode(mode)) return denied(id, "bad-line", "unknown mode");
    const given = givenRules(fields["rules"]);
    if (given === undefined) return denied(id, "bad-line", "`rules` is not {allow, ask, deny} of texts");
    const cwd =
      fields["cwd"] === undefined ? here : typeof fields["cwd"] === "string" ? resolve(here, fields["cwd"]) : undefined;
    if (cwd === undefined) return denied(id, "bad-line", "`cwd` is not a text");
    const root =
      typeof fields["root"] === "string"
        ? resolve(here, fields["root"])
        : options.root !== undefined || cwd === top || cwd.startsWith(`${top}/`)
          ? top
          : cwd;
    const rules: Result<CompiledRules, readonly Problem[]> =
      fields["rules"] === undefined ? { ok: true, value: own } : compile(given, "rules", { root, home });
    if (!rules.ok) return denied(id, rules.error[0]?.code ?? "bad-rule", rules.error[0]?.message ?? "");
    const actions =
      typeof fields["command"] === "string"
        ? ([{ kind: "exec", command: fields["command"], cwd }] as const)
        : typeof fields["tool"] === "string"
          ? actionsOfTool(fields["tool"], fields["input"], cwd)
          : undefined;
    if (actions === undefined)
      return denied(id, "unknown-action", "neither `command` nor a `tool` with the `input` it needs");
    const { verdict, reasons } = decideAll(
      { rules: rules.value, mode, facts: { root, home, resolve: links } },
      actions,
    );
    return { id, verdict, reasons };
  };
}

function isMode(value: unknown): value is Mode {
  return MODES.some((mode) => mode === value);
}

async function ownRules(
  options: BatchOptions,
  root: string,
  home: string,
  compile: ReturnType<typeof ruleCompiler>,
): Promise<{ readonly rules: CompiledRules; readonly mode: Mode }> {
  if (options.policy === undefined) {
    const compiled = compile(options, "command line", { root, home });
    if (!compiled.ok) return fail(compiled.error, EXIT.badInput);
    return { rules: compiled.value, mode: "default" };
  }
  const loaded = await readPolicy({
    workspaceRoot: root,
    stateDir: callerStateDir(process.env),
    home,
    policyFile: resolve(options.policy),
  });
  if (!loaded.ok) return fail(loaded.error, EXIT.badInput);
  const compiled = compileRules(loaded.value.policy.permissions, { root, home });
  if (!compiled.ok) return fail(compiled.error, EXIT.badInput);
  return { rules: compiled.value, mode: loaded.value.policy.permissions.mode };
}

function givenRules(value: unknown): GivenRules | undefined {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null) return undefined;
  const entries = Object.entries(value);
  const fine = entries.every(
    ([key, list]) =>
      ["allow", "ask", "deny"].includes(key) && Array.isArray(list) && list.every((rule) => typeof rule === "string"),
  );
  return fine ? (value as GivenRules) : undefined;
}
