// From what the flight recorder saw (SAND-8) to the session's record and its legs. Everything is observed, in the order of the acts of each
// process; only repeats of the same act by the same program are folded, and their number is told at its end. What is not on disk yet has a
// bound: beyond it the recorder waits, and with it the calls inside.
import type { Actor, Append, Json, RecordBody } from "#core/log";
import { secretSuspicion } from "#core/paths";
import type { ActOutcome, RecorderEvent, RecorderPlan, SandboxPlan, SocketName } from "#core/sandbox";
import { observationsOfRecord } from "#core/session";
import type { OnSeen } from "#sandbox";
import type { Guard } from "./guard/guarded-session.ts";
import type { LegBook } from "./guard/leg-book.ts";

/** What it writes to, and what it must know to judge. */
export interface RecorderParts {
  readonly append: Append;
  readonly legs: LegBook;
  readonly guard: () => Guard;
  readonly plan: Pick<SandboxPlan, "mounts" | "recorder">;
}

/** Records that may wait for the disk; the recorder goes on when a quarter of them is left. */
const MOST_WAITING = 2_048;

/** Different acts of one program that are told apart from repeats. */
const MOST_KNOWN = 512;

/** One process as far as its next records need it. */
interface Running {
  exe: string;
  /** What this program has done already. */
  readonly done: Set<string>;
  repeats: number;
}

/** Takes down what it is told; returns the hearer for `launch`. A record that cannot be written has ended the session by its log's own failure. */
export function recorderOf(parts: RecorderParts): OnSeen {
  const running = new Map<number, Running>();
  const reads = parts.plan.recorder?.reads ?? "none";
  // Folders of the person's own outside of the workspace that can be written: what is changed there stays, so it sets a leg.
  const lasting = parts.plan.mounts.flatMap((mount) => (mount.kind === "live" ? [mount.target] : []));
  let waiting = 0;
  let goOn: (() => void) | undefined;
  const settled = (): void => {
    waiting--;
    if (waiting > MOST_WAITING / 4) return;
    goOn?.();
    goOn = undefined;
  };
  const put = (body: RecordBody): void => {
    waiting++;
    parts.append(body).then(settled, () => {
      settled();
      // One that cannot be written is counted, so that the record says that it is not whole; a log that takes nothing has ended the session.
      if (body.type !== "recorder.lost") put(observed("recorder.lost", undefined, { events: 1 }));
    });
    const seen = speaksOfLegs(body, lasting) ? observationsOfRecord(body, parts.guard().legs) : [];
    if (seen.length > 0) parts.legs.take(seen, parts.guard().policy.legs).catch(() => undefined); // as above
  };
  return (event) => {
    const body = bodyOf(event, running, reads);
    if (body !== undefined) put(body);
    return waiting < MOST_WAITING
      ? undefined
      : new Promise<void>((resolve) => {
          goOn = resolve;
        });
  };
}

/** Connections are judged where they leave, with their host's name; a change sets a leg where it lasts. A look that found nothing is none. */
function speaksOfLegs({ type, data }: RecordBody, lasting: readonly string[]): boolean {
  if (data["error"] !== undefined || data["verdict"] !== undefined) return false;
  if (type === "file.read") return true;
  const path = data["path"];
  return (
    type === "file.write" &&
    typeof path === "string" &&
    lasting.some((folder) => path === folder || path.startsWith(`${folder}/`))
  );
}

function bodyOf(
  event: RecorderEvent,
  running: Map<number, Running>,
  reads: RecorderPlan["reads"],
): RecordBody | undefined {
  if (event.kind === "end") return undefined;
  if (event.kind === "lost") return observed("recorder.lost", undefined, { events: event.count });
  const { pid } = event;
  const known = running.get(pid);
  const actor = { pid, ...(known === undefined ? {} : { exe: known.exe }) };
  switch (event.kind) {
    case "exec": {
      const { parent, exe, argv, cwd, script, cutFrom } = event;
      running.set(pid, { exe, done: new Set(), repeats: known?.repeats ?? 0 });
      const more = { ...(script === undefined ? {} : { script }), ...(cutFrom === undefined ? {} : { cutFrom }) };
      return observed("exec.start", { pid, exe }, { parent, argv: [...argv], cwd, ...more });
    }
    case "fork":
      running.set(pid, { exe: event.exe, done: new Set(), repeats: 0 });
      return observed("exec.fork", { pid, exe: event.exe }, { parent: event.parent });
    case "exit": {
      running.delete(pid);
      const { code, signal, probes } = event;
      return observed("exec.exit", actor, {
        ...(code === undefined ? {} : { code }),
        ...(signal === undefined ? {} : { signal }),
        ...(code === undefined && signal === undefined ? { ended: "unknown" } : {}),
        ...(probes === 0 ? {} : { probes }),
        ...(known === undefined || known.repeats === 0 ? {} : { repeats: known.repeats }),
      });
    }
    case "write":
    case "read": {
      const { path } = event;
      if (keepsNothing(path) || (event.kind === "read" && reads === "secrets" && !isSecretName(path))) return undefined;
      const operation = event.kind === "write" ? event.operation : "read";
      const to = event.kind === "write" ? event.to : undefined;
      // One that could not be resolved may be another file each time.
      const act = JSON.stringify([operation, path, to, event.result, event.error]);
      if (event.unresolved !== true && isRepeat(known, act)) return undefined;
      return observed(event.kind === "write" ? "file.write" : "file.read", actor, {
        ...{ path, operation, ...outcome(event) },
        ...(to === undefined ? {} : { to }),
        ...(event.unresolved === true ? { unresolved: true } : {}),
      });
    }
    case "connect":
    case "send":
    case "bind":
      if (isRepeat(known, JSON.stringify([event.kind, event.to, event.result, event.error]))) return undefined;
      return observed("net.connect", actor, { operation: event.kind, ...place(event.to), ...outcome(event) });
    default:
      return event satisfies never;
  }
}

function observed(
  type: RecordBody["type"],
  actor: Actor | undefined,
  data: { readonly [key: string]: Json },
): RecordBody {
  return { type, origin: "observed", ...(actor === undefined ? {} : { actor }), data: { ...data, via: "recorder" } };
}

/** Counts what this program has done before; beyond so many different acts it forgets, and says again. */
function isRepeat(known: Running | undefined, act: string): boolean {
  if (known === undefined) return false;
  if (known.done.has(act)) {
    known.repeats++;
    return true;
  }
  if (known.done.size >= MOST_KNOWN) known.done.clear();
  known.done.add(act);
  return false;
}

/** An open of a device that stores nothing, or of a pipe by a name of /proc, changes nothing that anybody could look at later. */
function keepsNothing(path: string): boolean {
  return /^(?:\/dev\/(?:null|zero|full|tty|ptmx|random|urandom|pts\/\d+)|(?:pipe|socket):\[\d+\])$/.test(path);
}

function isSecretName(path: string): boolean {
  return secretSuspicion(path.replace(/^\//, "")) !== undefined;
}

/** `refused` is the guard's own no; an error was seen before the act, or is what the act gave. */
function outcome({ result, error }: ActOutcome): { readonly [key: string]: Json } {
  return {
    ...(result === "refused" ? { verdict: "refused", reason: "protected-path" } : {}),
    ...(result === "done" ? { done: true } : {}),
    ...(error === undefined ? {} : { error }),
  };
}

function place(to: SocketName): { readonly [key: string]: Json } {
  if (to.family === "unix") return { path: to.path };
  return to.family === "other" ? { family: to.number } : { address: to.address, port: to.port };
}
