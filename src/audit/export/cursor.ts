// How far a sink was served, kept durably and by sink. It moves only after the receiver has taken a batch: killed in between, the batch is
// sent again, never lost; the receiver tells by origin and number.
import { hash } from "node:crypto";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { ChainPlace } from "#core/log/export";
import { privateFolder, publishFile, readSmall } from "../files.ts";
import { type Lock, tryLock } from "../lock.ts";
import { systemProblem } from "../problem.ts";
import { BEGINNING, type SourcePlace } from "./source.ts";

/** What one delivery is known by: the same log, format, place and wishes go on where they ended. */
export interface Delivery {
  readonly origin: string;
  readonly format: string;
  /** The sink, without anything secret in it. */
  readonly sink: string;
  readonly private: boolean;
  /** The whole address: two that differ in their query alone are two receivers. Not written down. */
  readonly address: string;
}

/** Where a delivery stands. */
export interface CursorState {
  readonly source: SourcePlace;
  readonly chain?: ChainPlace | undefined;
}

/** A cursor that this process alone moves. */
export interface Cursor {
  readonly state: CursorState;
  move(state: CursorState): Promise<void>;
  close(): Promise<void>;
}

/** Short name of a delivery: of its cursor, and of its chain of attestations. */
export function deliveryName({ origin, format, sink, private: isPrivate, address }: Delivery): string {
  return hash("sha256", JSON.stringify([origin, format, sink, isPrivate, address]), "hex").slice(0, 32);
}

/** Opens the cursor of a delivery; a Problem when another process holds it, or what it says cannot be read. */
export async function openCursor(
  stateDir: string,
  delivery: Delivery,
  { again }: { readonly again: boolean },
): Promise<Result<Cursor, Problem>> {
  const folder = join(stateDir, "export", deliveryName(delivery));
  const path = join(folder, "cursor");
  let lock: Lock | undefined;
  try {
    await privateFolder(folder);
    lock = await tryLock(folder);
    if (lock === undefined)
      return err({
        code: "export-busy",
        message: `another export is delivering to \`${delivery.sink}\``,
        hint: "let it end, or stop it: two would send everything twice",
      });
    const text = again ? undefined : await readSmall(path);
    const state = text === undefined ? { source: BEGINNING } : parseState(text);
    if (state !== undefined) return ok(cursorAt(path, { delivery, state, lock }));
    await lock.release();
    const hint = `\`--again\` sends everything from the start; the file is \`${path}\``;
    return err({ code: "export-cursor", message: "what was delivered so far cannot be read", hint });
  } catch (error) {
    await lock?.release();
    return err(systemProblem("export-cursor", error, folder));
  }
}

function cursorAt(path: string, own: { delivery: Delivery; state: CursorState; lock: Lock }): Cursor {
  let { state } = own;
  const { origin, format, sink, private: isPrivate } = own.delivery;
  return {
    get state(): CursorState {
      return state;
    },
    async move(next: CursorState): Promise<void> {
      await publishFile(
        path,
        `${JSON.stringify({ v: 1, origin, format, sink, private: isPrivate, ...next }, undefined, 1)}\n`,
      );
      state = next;
    },
    close: () => own.lock.release(),
  };
}

/** Written by us, in a folder that is ours alone; anything else is refused rather than guessed. */
function parseState(text: string): CursorState | undefined {
  try {
    const { v, source, chain } = JSON.parse(text) as { v?: unknown; source?: SourcePlace; chain?: ChainPlace };
    if (v !== 1 || source === undefined || !isPlace(source)) return undefined;
    return { source, chain };
  } catch {
    return undefined;
  }
}

function isPlace({ next, prev, ts, place }: SourcePlace): boolean {
  return (
    Number.isSafeInteger(next) &&
    /^[0-9a-f]{64}$/.test(prev) &&
    typeof ts === "string" &&
    typeof place?.segment === "string" &&
    Number.isSafeInteger(place.offset)
  );
}
