// One session from start to end (DESIGN 4 and 8): policy, record, walls, command, and what becomes of its changes.
// The order is the promise: nothing runs before the record can be written, nothing reaches the host before the gate has seen it.
import { randomBytes } from "node:crypto";
import type { SessionLog } from "#audit";
import type { Problem, Result } from "#core";
import type { Append } from "#core/log";
import type { Fence, FenceEvent, FenceExit, OnSeen } from "#sandbox";
import type { ChangesPlace } from "./changes/changes.ts";
import { openDirectPast } from "./changes/direct-past.ts";
import { applyLive, type Live, pokingBy } from "./changes/live.ts";
import { type Doors, openDoors } from "./doors.ts";
import { type FenceNews, fenceNews } from "./fence-news.ts";
import { LegBook } from "./guard/leg-book.ts";
import { type LateMasks, lateMasksOf } from "./late-masks.ts";
import { tidyUp } from "./lifecycle/janitor.ts";
import { openLifecycle, type SessionLifecycle } from "./lifecycle/session-lifecycle.ts";
import { hitText, type LimitHit, recordHit } from "./limits/hit.ts";
import { cgroupHits } from "./limits/limits.ts";
import { runningServer } from "./mcp/server-of-session.ts";
import { RecentDials } from "./network/recent-dials.ts";
import { notRecorded } from "./not-recorded.ts";
import { closeCredentials } from "./prepare/credentials.ts";
import { type Prepared, prepare, stateUnwritable } from "./prepare/prepare.ts";
import { recorderOf } from "./recorder.ts";
import type { RunAnswer, RunRequest } from "./request.ts";
import { endSession } from "./session-end.ts";
import { lastingFolders, writtenFolders } from "./session-folders.ts";
import { type MetaNow, type MetaParts, metaOf } from "./session-meta.ts";
import { findParties, type Parties } from "./session-parties.ts";
import { closeRecord, openRecord } from "./session-record.ts";
import { newSessionId, writeMeta } from "./sessions.ts";
import { runSetup, type SetupEnd, type SetupSession } from "./setup/setup-phase.ts";
import { hearSignals, type Interrupted, noSignals, type Signals, unlessAborted } from "./signals.ts";
import { removeSessionFolders } from "./sweep.ts";

/** Exit code of a session that a limit ended (DESIGN 5). */
const LIMIT_EXIT = 124;

/** Runs it to its end. Resolves also when the command fails; rejects only for a bug. */
export async function runSession(request: RunRequest): Promise<RunAnswer> {
  const signals = request.keeper === undefined ? hearSignals() : noSignals();
  try {
    return await startSession(request, signals);
  } finally {
    signals.close();
  }
}

async function startSession(request: RunRequest, signals: Signals): Promise<RunAnswer> {
  const started = new Date();
  const id = newSessionId(started, randomBytes(3).toString("hex"));
  await tidyUp({ stateDir: request.stateDir, helper: request.installation.helper });
  const prepared = await prepare(request, id);
  if (!prepared.ok) return { kind: "refused", ...prepared.error };
  if (request.dryRun) {
    prepared.value.secrets.lookout.close();
    await removeSessionFolders(prepared.value.paths, request.installation.helper);
    const { runtime, plan, egressPlan, setup } = prepared.value;
    return { kind: "planned", plan: { runtime: runtime.shown, sandbox: plan, egress: egressPlan, setup } };
  }
  // Weaker protection says its name before it is used (I15).
  if (prepared.value.shown.kind === "direct") {
    request.progress("direct workspace: changes are live, before any gate; only protected names are refused");
  }
  return new Session(request, prepared.value, id, { started, signals }).run();
}

class Session {
  private readonly request: RunRequest;
  private readonly prepared: Prepared;
  private readonly id: string;
  private readonly started: Date;
  private readonly signals: Signals;
  private readonly news: FenceNews;
  private fence: Fence | undefined;
  private doors: Doors | undefined;
  /** While `apply: live` holds, and what came by it. */
  private live: Live | undefined;
  private came: readonly string[] = [];
  /** Resolves when the fence runs; never, when there is none. */
  private readonly running: Promise<Fence>;
  private announceRunning: (fence: Fence) => void = () => undefined;
  private limit: LimitHit | undefined;
  private append: Append = () => Promise.reject(new Error("the record is not open"));
  private lifecycle: SessionLifecycle | undefined;
  private lateMasks: LateMasks | undefined;
  private parties: Parties | undefined;
  /** Of the session's time, what its setup took. */
  private setupMs = 0;
  /** The record gets its last words: why it fails now, its close says. */
  private isClosing = false;
  /** Why the record stopped, if it did. */
  private logFailure: Problem | undefined;

  constructor(
    request: RunRequest,
    prepared: Prepared,
    id: string,
    { started, signals }: { readonly started: Date; readonly signals: Signals },
  ) {
    this.request = request;
    this.prepared = prepared;
    this.id = id;
    this.started = started;
    this.signals = signals;
    this.news = fenceNews(request);
    this.running = new Promise((resolve) => {
      this.announceRunning = resolve;
    });
  }

  /**
   * The record, the doors and the fence are opened at the same time, because each waits for the disk or the kernel; the
   * command waits for all of them, and for its own start being on record (I6).
   */
  async run(): Promise<RunAnswer> {
    const { prepared, request } = this;
    const { early } = this.signals;
    if (early.aborted) return this.refuse([]);
    const found = findParties({ id: this.id, request, prepared, append: (body) => this.append(body) });
    if (!found.ok) return this.refuse(found.error);
    const { bwrap, guard } = found.value;
    this.parties = found.value;
    try {
      this.writeMeta({ state: "running", held: 0 });
      openDirectPast(request.stateDir, metaOf(this.parts(), { state: "running", held: 0 }));
    } catch (cause) {
      return this.refuse([stateUnwritable(request.stateDir, cause)]); // a full disk: nothing could be recorded either
    }
    const { opening, append } = openRecord({
      ...this.parts(),
      interrupt: early,
      onAct: () => this.lifecycle?.touch(),
      onFlood: (hit, uncounted) => this.stop(hit, uncounted),
    });
    this.append = append;
    const legs = new LegBook(append);
    const dials = new RecentDials();
    const doors = await openDoors({
      ...{ id: this.id, request, prepared, append, guard },
      ...{ legs, dials },
      running: this.running,
      run: runSession,
      stop: () => this.fence?.kill(),
      lifecycle: () => this.lifecycle,
    });
    if (doors.ok) this.doors = doors.value;
    this.lateMasks = lateMasksOf({
      ...{ ...this.parts(), running: this.running, append },
      onAsked: () => this.writeMeta({ state: "running", held: 0 }),
      tell: (line) => (request.terminals.stdin ? undefined : request.progress(line)),
      onSeen: (why) => this.stop({ limit: "secrets", why }, { append }),
      onSecret: (file, name) => prepared.leaks.addFile(file, name),
    });
    if (this.lateMasks === undefined) prepared.secrets.lookout.close();
    const launched = doors.ok
      ? await this.launch({
          bwrap,
          ...{ append, opening, legs, guard },
          doors: doors.value,
          onSeen: dials.before(
            pokingBy(recorderOf({ plan: prepared.plan, append, legs, guard }), () => this.live?.poke()),
          ),
        })
      : undefined;
    const log = await opening;
    try {
      if (!log.ok) return await this.refuse([log.error]);
      if (launched?.ok !== true || !doors.ok) {
        const problems = launched?.ok === false ? [launched.error] : doors.ok ? [] : doors.error;
        await closeRecord(log.value, { refused: problems[0]?.code ?? "unknown" });
        return await this.refuse(problems);
      }
      this.fence = launched.value;
      this.announceRunning(launched.value);
      this.signals.follow(launched.value);
      const server = runningServer({
        ...{ ...this.parts(), append, legs, guard, ask: doors.value.ask(), fence: launched.value },
        refused: () => doors.value.egress.summary().blocked,
      });
      log.value.failed.addEventListener("abort", () => {
        this.logFailure = log.value.failed.reason as Problem;
        if (!this.isClosing) this.stop({ limit: "logBytes" }, log.value);
      });
      request.keeper?.started(this.id);
      if (server !== undefined) request.gateway?.serve(server);
      const exit = await this.follow(log.value, append);
      await doors.value.close(this.limit === undefined ? {} : { limit: this.limit.limit });
      return await this.end(log.value, exit, doors.value);
    } finally {
      this.lateMasks?.close();
      await this.doors?.close();
    }
  }

  private async launch(
    parts: SetupSession & { readonly doors: Doors; readonly onSeen: OnSeen },
  ): Promise<Result<Fence, Problem | SetupEnd>> {
    const { prepared, request } = this;
    const { append, bwrap, doors, onSeen } = parts;
    const setup = await runSetup({
      ...{ ...parts, id: this.id, request, prepared, signals: this.signals },
      isOver: () => this.limit !== undefined || this.signals.early.aborted,
      onFence: (fence) => {
        this.fence = fence;
      },
      onHit: (hit) => this.stop(hit, { append }),
    });
    if (!setup.ok) return setup;
    this.setupMs = setup.value.ms;
    const started = append({
      type: "exec.start",
      origin: "observed",
      data: { argv: [...prepared.plan.argv], cwd: prepared.plan.cwd },
    });
    started.catch(() => undefined); // told by launch
    return prepared.runtime.runtime.start(prepared.plan, {
      helper: request.installation.helper,
      bwrap,
      stdio: request.gateway === undefined ? request.stdio : "pipe",
      cgroups: prepared.cgroup?.procs ?? [],
      scratch: prepared.paths.dir,
      publishSocket: doors.publishSocket,
      commandSocket: prepared.paths.commands,
      mayRun: unlessAborted(this.signals.early, started).then(() => undefined, notRecorded),
      onEvent: (event) => this.onEvent(event, append),
      onSeen,
    });
  }

  private async follow(log: SessionLog, append: Append): Promise<FenceExit> {
    const { prepared } = this;
    const fence = this.fence;
    if (fence === undefined) throw new Error("follow before start");
    const { keeper } = this.request;
    const stop = (): void => fence.kill();
    keeper?.stop.addEventListener("abort", stop, { once: true });
    if (keeper?.stop.aborted === true) stop();
    const { limits } = prepared.policy.sandbox;
    this.lifecycle = openLifecycle({
      ...{ stateDir: this.request.stateDir, helper: this.request.installation.helper },
      ...{ sandbox: prepared.policy.sandbox, usedMs: this.setupMs },
      ...{
        fence,
        append,
        cgroup: prepared.cgroup,
        announcer: this.parties?.announcer,
        folders: writtenFolders(prepared.paths),
      },
      live: lastingFolders(prepared.plan, prepared.paths),
      commands: () => this.doors?.commands() ?? 0,
      meta: (paused) =>
        metaOf(this.parts(), { state: "running", held: 0, ...(paused === undefined ? {} : { paused }) }),
      writeMeta: (meta) => writeMeta(this.request.stateDir, meta),
      tell: (line) => (this.request.terminals.stdin ? undefined : this.request.progress(line)),
      onHit: (hit) => this.stop(hit, log),
    });
    this.parties?.announcer?.tell("started", {
      command: this.request.argv.map((text) => prepared.leaks.redactor().text(text)),
    });
    if (this.request.from !== undefined) this.parties?.announcer?.tell("restored", { from: this.request.from });
    if (log.failed.aborted || this.limit !== undefined) fence.kill(); // reached before there was a fence to end
    const isLive = prepared.policy.sandbox.apply === "live";
    this.live = isLive ? applyLive({ place: () => this.place(), append: log.append }) : undefined;
    try {
      const exit = await fence.exited;
      for (const hit of cgroupHits(limits, prepared.cgroup)) this.stop(hit, log);
      return exit;
    } finally {
      this.came = (await this.live?.close()) ?? [];
      this.lateMasks?.close();
      this.lifecycle.close();
      prepared.cgroup?.close();
    }
  }

  /** Ends the session because of a limit: told to the agent in one line, recorded, then the whole tree goes. */
  private stop(hit: LimitHit, log: Pick<SessionLog, "append">): void {
    if (this.limit !== undefined) return;
    this.limit = hit;
    const why = this.logFailure?.message ?? hitText(hit);
    recordHit(log.append, hit).catch(() => undefined); // the close record says it too
    this.parties?.announcer?.tell("limit", { limit: hit.limit });
    this.request.progress(`${why}: everything inside is ended`);
    this.fence?.kill();
  }

  private onEvent(event: FenceEvent, append: Append): void {
    this.doors?.event(event);
    this.news.tell(event, this.limit !== undefined);
    this.lifecycle?.event(event);
    this.lateMasks?.event(event);
    if (event.kind === "limit")
      this.stop({ limit: "memory", most: this.prepared.policy.sandbox.limits.memoryBytes }, { append });
  }

  private place(holdAll?: string): ChangesPlace {
    const { stateDir, installation, caller } = this.request;
    const meta = metaOf(this.parts(), { state: "running", held: 0 }, holdAll);
    return { stateDir, helper: installation.helper, home: caller.home, meta };
  }

  private end(log: SessionLog, exit: FenceExit, doors: Doors): Promise<RunAnswer> {
    const { apply } = this.prepared.policy.sandbox;
    const limit = this.limit?.limit ?? exit.limit;
    const holdAll = limit !== undefined ? `stopped-by-${limit}` : apply === "ask" ? "asked" : undefined;
    if (holdAll !== undefined) this.writeMeta({ state: "running", held: 0 }, holdAll);
    return endSession({
      ...{ parts: this.parts(), parties: this.parties, place: this.place(holdAll), holdAll },
      ...{ log, doors, limit, came: this.came, refusedPaths: this.news.refusedPaths },
      exit: { ...exit, code: limit === undefined ? exit.code : LIMIT_EXIT },
      closing: () => {
        this.isClosing = true;
      },
    });
  }

  private async refuse(problems: readonly (Problem | SetupEnd)[]): Promise<RunAnswer> {
    this.prepared.cgroup?.close();
    this.prepared.secrets.lookout.close();
    for (const held of [this.prepared.credentials, this.prepared.setup?.credentials])
      await closeCredentials(held?.broker, { tell: this.request.progress });
    await removeSessionFolders(this.prepared.paths, this.request.installation.helper);
    const { early } = this.signals;
    const told = early.aborted ? [early.reason as Interrupted] : problems;
    const [first] = told;
    return {
      kind: "refused",
      exitCode: first !== undefined && "exitCode" in first ? first.exitCode : 125,
      problems: told,
    };
  }

  private writeMeta(now: MetaNow, holdAll?: string): void {
    writeMeta(this.request.stateDir, metaOf(this.parts(), now, holdAll));
  }

  private parts(): MetaParts {
    const { id, prepared, request, started } = this;
    return { id, prepared, request, started, ...(this.lateMasks === undefined ? {} : { late: this.lateMasks }) };
  }
}
