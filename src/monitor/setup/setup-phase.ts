// The setup of a session, from its first record to its last (NET-7, CRED-5): its proxy, its commands one after another, the end of everything it used,
// the check that nothing secret of it is left. Only then may the agent start.
import { closeSync, openSync, readFileSync } from "node:fs";
import type { SessionLog } from "#audit";
import { err, ok, type Problem, type Result } from "#core";
import type { LeakSecret } from "#core/leak";
import type { Append } from "#core/log";
import { forTerminal } from "#core/text";
import { secretsOf } from "#credentials";
import type { Fence, FenceEvent, SoughtValue } from "#sandbox";
import type { Guard } from "../guard/guarded-session.ts";
import type { LegBook } from "../guard/leg-book.ts";
import type { LimitHit } from "../limits/hit.ts";
import { RecentDials } from "../network/recent-dials.ts";
import { closeCredentials } from "../prepare/credentials.ts";
import type { Prepared } from "../prepare/prepare.ts";
import { recorderOf } from "../recorder.ts";
import { removeFolder } from "../remove-folder.ts";
import type { RunRequest } from "../request.ts";
import type { Signals } from "../signals.ts";
import { setupCache } from "./setup-cache.ts";
import { checkSetup } from "./setup-check.ts";
import { onlyReading, openSetupDoors, type SetupDoors } from "./setup-doors.ts";
import { exitText, runSetupCommand, type SetupFenceParts } from "./setup-fence.ts";
import type { PreparedSetup } from "./setup-plan.ts";
import { type Redaction, redactionOf } from "./setup-redaction.ts";

/** What it shares with the agent's start. */
export interface SetupSession {
  readonly bwrap: string;
  readonly append: Append;
  readonly opening: Promise<Result<SessionLog, Problem>>;
  readonly legs: LegBook;
  readonly guard: () => Guard;
}

/** What it needs of the session. */
export interface SetupParts extends SetupSession {
  readonly id: string;
  readonly request: RunRequest;
  readonly prepared: Prepared;
  readonly signals: Signals;
  /** The fence that runs. */
  readonly onFence: (fence: Fence) => void;
  readonly onHit: (hit: LimitHit) => void;
  /** True once something ended the session. */
  readonly isOver: () => boolean;
}

/** Why the agent was not started, and what `run` ends with. */
export interface SetupEnd extends Problem {
  readonly exitCode: number;
}

/** A setup that is over, or was not asked for. */
export interface SetupDone {
  /** How much of the session's time it took. */
  readonly ms: number;
}

const LIMIT_EXIT = 124;
const CANNOT_EXIT = 125;
const REFUSED_EXIT = 126;
const KILLED_EXIT = 137;

/** Runs it. Whatever comes of it, nothing of the setup runs afterwards. */
export async function runSetup(parts: SetupParts): Promise<Result<SetupDone, SetupEnd>> {
  const { setup } = parts.prepared;
  if (setup === undefined) return ok({ ms: 0 });
  const began = performance.now();
  const log = await parts.opening;
  if (!log.ok) return err({ ...log.error, exitCode: CANNOT_EXIT });
  try {
    const problem = await new SetupPhase(parts, setup, log.value).run();
    return problem === undefined ? ok({ ms: performance.now() - began }) : err(problem);
  } catch (error) {
    const { message, problem } = error as Error & { readonly problem?: Problem };
    return err({ ...(problem ?? { code: "setup-failed", message }), exitCode: CANNOT_EXIT });
  }
}

class SetupPhase {
  private readonly parts: SetupParts;
  private readonly setup: PreparedSetup;
  private readonly append: Append;
  private readonly redaction: Redaction;
  private readonly sinceMs = Date.now();
  private readonly began = performance.now();
  private fence: Fence | undefined;
  private isStopped = false;

  constructor(parts: SetupParts, setup: PreparedSetup, log: SessionLog) {
    this.parts = parts;
    this.setup = setup;
    const values = valuesOf(setup, parts.request.caller.env);
    this.redaction = redactionOf(values);
    parts.prepared.leaks.neverRecord(asSecrets(values));
    // A record of the setup says so: what the agent did is everything else.
    this.append = (body) => parts.append({ ...body, data: { ...this.redaction.data(body.data), phase: "setup" } });
    log.failed.addEventListener("abort", () => this.stop());
  }

  /** Whoever ends the session ends its setup: the command that runs, and those that would. */
  private stop(): void {
    this.isStopped = true;
    this.fence?.kill();
  }

  async run(): Promise<SetupEnd | undefined> {
    const { setup } = this;
    await this.append({
      type: "setup.start",
      origin: "observed",
      data: {
        commands: setup.commands.map(({ text }) => text),
        network: setup.egressPlan.allow.map(({ text }) => text),
        exposed: [...setup.exposed],
        credentials: [...setup.credentials.data, ...(setup.ssh?.data ?? [])],
      },
    });
    const { prepared, request } = this.parts;
    const cache = setupCache({ prepared, request, setup, append: this.append });
    try {
      if (await cache.use()) {
        request.progress("setup: as an earlier session left it, from the cache");
        await this.remove();
        return undefined;
      }
      const failed = await this.carryOut();
      await this.remove();
      const problem = failed ?? (await this.check());
      if (problem === undefined) await cache.keep();
      return problem;
    } finally {
      await closeCredentials(setup.credentials.broker, { append: this.append, tell: request.progress });
    }
  }

  /** Its commands, with its proxy open as long as they run. */
  private async carryOut(): Promise<SetupEnd | undefined> {
    const { parts, setup } = this;
    const { prepared, request } = parts;
    const dials = new RecentDials();
    const doors = await openSetupDoors({ ...parts, ...{ prepared, request, setup, dials, append: this.append } });
    if (!doors.ok) return { ...doors.error, exitCode: CANNOT_EXIT };
    const nothing = openSync("/dev/null", "r");
    const quiet = parts.request.quiet === true ? openSync(setup.folders.said, "w", 0o600) : undefined;
    const out = quiet ?? parts.request.stdio.stderr;
    try {
      const fence = this.fenceParts(dials, { stdin: nothing, stdout: out, stderr: out });
      for (const command of setup.commands) {
        parts.request.progress(`setup: ${forTerminal(command.text, { max: 200 })}`);
        const exit = await runSetupCommand(command, fence);
        if (!exit.ok) return { ...exit.error, exitCode: CANNOT_EXIT };
        if (parts.isOver() || this.isStopped) return this.ended(command.text);
        if (exit.value.code !== 0) return this.failed(command.text, exit.value, doors.value.blocked());
      }
      return undefined;
    } finally {
      closeSync(nothing);
      if (quiet !== undefined) closeSync(quiet);
      await doors.value.close();
    }
  }

  private fenceParts(dials: RecentDials, stdio: SetupFenceParts["stdio"]): SetupFenceParts {
    const { guard, legs, onFence, onHit, prepared, request, signals, bwrap } = this.parts;
    const [first] = this.setup.commands;
    return {
      ...{ request, prepared, signals, bwrap, stdio, onHit },
      setup: this.setup,
      append: this.append,
      onSeen: dials.before(
        recorderOf({
          plan: first?.plan ?? prepared.plan,
          append: this.append,
          legs,
          guard: () => onlyReading(guard()),
        }),
      ),
      usedMs: () => performance.now() - this.began,
      onFence: (fence) => {
        this.fence = fence;
        onFence({ ...fence, kill: () => this.stop() });
      },
      onEvent: (event) => this.onEvent(event),
    };
  }

  private onEvent(event: FenceEvent): void {
    const { onHit, prepared, request } = this.parts;
    if (event.kind === "limit") onHit({ limit: "memory", most: prepared.policy.sandbox.limits.memoryBytes });
    if (event.kind === "unrecorded")
      request.progress("the flight recorder ended: what cannot be recorded does not go on, so the setup is ended");
    if (event.kind === "refused")
      request.progress(`refused ${event.op} of \`${forTerminal(event.path, { max: 200 })}\`: a protected path`);
  }

  /** Its home and /tmp, whatever became of it. */
  private async remove(): Promise<void> {
    const { helper } = this.parts.request.installation;
    const { home, tmp } = this.setup.folders;
    await Promise.all([home, tmp].map((folder) => removeFolder(folder, helper)));
  }

  private async check(): Promise<SetupEnd | undefined> {
    const { id: session, prepared, request } = this.parts;
    const { setup, sinceMs } = this;
    const values = valuesOf(setup, request.caller.env); // a token may have been renewed meanwhile
    prepared.leaks.neverRecord(asSecrets(values));
    const { helper } = request.installation;
    const { data, found, unsure } = await checkSetup({ session, prepared, setup, values, sinceMs, helper });
    const verdict = found.length > 0 ? "found" : unsure.length > 0 ? "unsure" : "gone";
    const where = [...found, ...unsure].map(this.redaction.text);
    await this.append({ type: "setup.checked", origin: "observed", data: { ...data, verdict, where } });
    const [first] = where;
    if (first === undefined) return undefined;
    return {
      code: "setup-secret-left",
      message: `after the setup ${first}${where.length > 1 ? ` (and ${where.length - 1} more)` : ""}: \`${this.agent()}\` is not started`,
      hint: "let the setup's command not leave it there, or let the proxy hold it: `setup.credentials` shows a placeholder instead",
      exitCode: REFUSED_EXIT,
    };
  }

  /** A limit, or somebody who stopped the session. */
  private ended(command: string): SetupEnd {
    const message = `the session was ended during its setup (\`${forTerminal(command, { max: 100 })}\`)`;
    const limited = this.parts.isOver();
    const hint = limited
      ? "`sandbox.limits` holds for setup and agent together"
      : `\`ringfence log show ${this.parts.id}\` has what it did`;
    return { code: "setup-ended", message, hint, exitCode: limited ? LIMIT_EXIT : KILLED_EXIT };
  }

  private failed(
    command: string,
    exit: { readonly code: number; readonly signal?: number },
    blocked: readonly Blocked[],
  ): SetupEnd {
    const [first] = blocked;
    const words = this.lastWords();
    return {
      code: "setup-command-failed",
      message: `the setup command \`${forTerminal(command, { max: 200 })}\` failed (${exitText(exit)}): \`${this.agent()}\` is not started${words}`,
      hint: first === undefined ? `\`ringfence log show ${this.parts.id}\` has what it did` : blockedHint(first),
      exitCode: exit.code,
    };
  }

  private agent(): string {
    return forTerminal(this.parts.request.argv[0] ?? "", { max: 80 });
  }

  /** Where nobody was shown what it said. */
  private lastWords(): string {
    if (this.parts.request.quiet !== true) return "";
    const last = readFileSync(this.setup.folders.said, "utf8").trim().split("\n").at(-1) ?? "";
    return last === "" ? "" : `; it said \`${forTerminal(this.redaction.text(last), { max: 300 })}\``;
  }
}

type Blocked = ReturnType<SetupDoors["blocked"]>[number];

/** What would open it, where a rule would. */
function blockedHint({ hint, host, port, reason }: Blocked): string {
  const refused = `it was refused ${forTerminal(host, { max: 100 })}:${port} (${reason})`;
  const isClosed = reason === "no-rule" || reason === "port-not-allowed";
  return isClosed
    ? `${refused}: \`setup.network.allow\`, or \`--setup-allow-domain ${forTerminal(host, { max: 100 })}\`, opens it`
    : `${refused}: ${forTerminal(hint, { max: 200 })}`;
}

/** The exposed variables', and the broker's. */
function valuesOf({ credentials, exposed }: PreparedSetup, env: RunRequest["caller"]["env"]): readonly SoughtValue[] {
  const held = credentials.broker === undefined ? [] : secretsOf(credentials.broker);
  return [
    ...exposed.map((name) => ({ name, value: env[name] ?? "" })),
    ...held.map(({ name, value }) => ({ name, value: value.toString() })),
  ];
}

function asSecrets(values: readonly SoughtValue[]): readonly LeakSecret[] {
  return values.map(({ name, value }) => ({ name, value: Buffer.from(value) }));
}
