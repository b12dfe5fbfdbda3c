// What becomes of a session, told to a server of the person's own (`lifecycle` in the policy; signed-post.ts says how). Told after the fact and beside
// the work: a server that is slow or gone delays nothing, and every delivery's result is on record. Nothing is kept beyond the session's end.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Append, Json } from "#core/log";
import { type Endpoint, postSigned } from "../signed-post.ts";

/** What is told. */
export type LifecycleEvent = "started" | "paused" | "resumed" | "snapshot" | "restored" | "limit" | "ended";

/** What it tells of. */
export interface AnnouncerOptions {
  readonly endpoint: Endpoint;
  /** Part of every message. */
  readonly about: { readonly session: string; readonly workspace: string; readonly version: string };
  readonly append: Append;
  /** Before the second try; each further one waits twice as long. */
  readonly pauseMs?: number;
}

/** Tells one after the other. */
export interface Announcer {
  tell(event: LifecycleEvent, data?: { readonly [key: string]: Json }): void;
  /** Gives what is under way a last moment; what is not through by then is on record as failed. */
  settle(): Promise<void>;
  /** The last message; answers why it did not arrive, in words, or `undefined` when it did. */
  end(data: { readonly [key: string]: Json }): Promise<string | undefined>;
}

const TRIES = 5;
const REQUEST_MS = 10_000;
const PAUSE_MS = 500;
/** More than this does not wait for a server that is gone. */
const WAITING_MOST = 100;
/** A session's end waits this long for its deliveries: less than a second in all. */
const SETTLE_MS = 250;
const END_MS = 600;

interface Delivery {
  readonly arrived: boolean;
  readonly tries: number;
  /** The last answer's status; 0: none came. */
  readonly status: number;
}

/** An announcer that tells `started` as soon as it is asked to. */
export function openAnnouncer(options: AnnouncerOptions): Announcer {
  const over = new AbortController();
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  const deliver = async (event: LifecycleEvent, body: object, signal: AbortSignal): Promise<Delivery> => {
    const id = `msg_${randomUUID()}`;
    const text = JSON.stringify({ v: 1, type: `lifecycle.${event}`, id, ...options.about, ...body });
    let status = 0;
    let tries = 0;
    while (tries < TRIES && !signal.aborted) {
      if (tries > 0) await sleep((options.pauseMs ?? PAUSE_MS) * 2 ** (tries - 1), undefined, { signal }).catch(noop);
      if (signal.aborted) break;
      tries++;
      const patience = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
      status = (await postSigned(options.endpoint, { id, body: text }, patience))?.status ?? 0;
      if (status >= 200 && status < 300) return { arrived: true, tries, status };
      if (isFinal(status)) break;
    }
    return { arrived: false, tries, status };
  };
  const recorded = async (event: LifecycleEvent, { arrived, tries, status }: Delivery): Promise<void> => {
    const data = { event, result: arrived ? "delivered" : "failed", tries, status };
    await options.append({ type: "lifecycle.delivery", origin: "observed", data }).catch(noop); // told, not a gate
  };
  return {
    tell(event, data = {}) {
      const at = new Date().toISOString();
      if (waiting >= WAITING_MOST) return void recorded(event, { arrived: false, tries: 0, status: 0 });
      waiting++;
      last = last.then(async () => {
        await recorded(event, await deliver(event, { at, data }, over.signal));
        waiting--;
      });
    },
    async settle() {
      await Promise.race([last, sleep(SETTLE_MS)]);
      over.abort();
      await last;
    },
    async end(data) {
      const at = new Date().toISOString();
      const done = await deliver("ended", { at, data }, AbortSignal.timeout(END_MS));
      const why = done.status === 0 ? "no answer" : `answer ${done.status}`;
      return done.arrived ? undefined : `the lifecycle webhook did not take the session's end (${why})`;
    },
  };
}

/** The server understood, and says no: the same again will not help. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
}

function noop(): void {
  // a delivery that fails is told by its result
}
