// A client's whole file, wrapped and unwrapped. What is written can always be taken back: a wrapping whose undoing is not the same text, to the
// last byte, is refused before anything is written.
import { err, ok, type Problem, type Result } from "../../result.ts";
import type { ClientId } from "./client.ts";
import { readEntries } from "./entries.ts";
import { type Edit, type Entry, samePath, withEdits } from "./entry.ts";
import type { ClientServer } from "./kinds.ts";
import { entryNotes } from "./notes.ts";
import { clientServer } from "./server.ts";
import { unwrapEntry, vectorOf } from "./unwrap-entry.ts";
import { isByHand } from "./vector.ts";
import { type EntryChange, type Hints, type WrapContext, wrapHttp, wrapProgram } from "./wrap-entry.ts";

/** What was remembered of one wrapped entry. */
export interface EntryHints {
  readonly place: readonly string[];
  readonly hints: Hints;
}

/** What became of one entry. */
export interface EntryOutcome {
  readonly name: string;
  readonly place: readonly string[];
  /** `kept`: it was wrapped before. */
  readonly kind: "wrapped" | "kept" | "unwrapped" | "left";
  /** Why it is left, or what else is to be known. */
  readonly notes: readonly string[];
}

/** A text as it would be. */
export interface Rewritten {
  readonly text: string;
  readonly outcomes: readonly EntryOutcome[];
  readonly hints: readonly EntryHints[];
}

/** A client's file. */
export interface ClientText {
  readonly client: ClientId;
  readonly text: string;
  /** For what is said of it. */
  readonly file: string;
  /** What earlier wrappings remembered. */
  readonly hints: readonly EntryHints[];
}

/** What to wrap. */
export interface WrapChoice {
  /** The absolute path of Ringfence. */
  readonly program: string;
  /** Servers by name; none: all. */
  readonly servers: readonly string[];
}

/** Wraps every entry that is chosen. Entries of ours are first unwrapped, so wrapping twice is wrapping once. */
export function wrapText(given: ClientText, choice: WrapChoice): Result<Rewritten, Problem> {
  const { client, file } = given;
  const base = unwrapText(given, choice.servers);
  if (!base.ok) return base;
  const { text } = base.value;
  const entries = readEntries(client, text, file);
  if (!entries.ok) return entries;
  const chosen = entries.value.filter(({ name }) => choice.servers.length === 0 || choice.servers.includes(name));
  const steps = chosen.map((entry): Step => {
    const before = base.value.outcomes.find(({ place }) => samePath(place, entry.place));
    if (before?.kind === "left") return { outcome: before };
    // What a person once named stays wrapped when they name nothing.
    const server = clientServer(client, entry, choice.servers.includes(entry.name) || before !== undefined);
    const step = stepOf({ client, text, program: choice.program }, entry, server);
    const kept = before !== undefined && step.change !== undefined;
    return kept ? { ...step, outcome: { ...step.outcome, kind: "kept" } } : step;
  });
  const made = withEdits(
    text,
    steps.flatMap(({ change }) => change?.edits ?? []),
  );
  const hints = steps.flatMap(({ outcome, change }) =>
    change === undefined ? [] : [{ place: outcome.place, hints: change.hints }],
  );
  const back = unwrapText({ client, file, text: made, hints }, choice.servers);
  if (!back.ok || back.value.text !== text) return err(noWayBack(file));
  const older = base.value.hints.filter(({ place }) => !hints.some((each) => samePath(each.place, place)));
  return ok({ text: made, outcomes: steps.map(({ outcome }) => outcome), hints: [...older, ...hints] });
}

interface Step {
  readonly outcome: EntryOutcome;
  readonly change?: EntryChange;
}

function stepOf(context: WrapContext, entry: Entry, server: ClientServer): Step {
  const { name, place } = entry;
  const leftAs = (note: string): Step => ({ outcome: { name, place, kind: "left", notes: [note] } });
  switch (server.kind) {
    case "left":
      return leftAs(leftNote(server.why, server.byName === true, name));
    case "program":
    case "http": {
      if (server.kind === "program" && isByHand(context.program, server.words))
        return leftAs("somebody has written the gateway into it by hand");
      const change = server.kind === "program" ? wrapProgram(context, entry, server) : wrapHttp(context, entry, server);
      return { outcome: { name, place, kind: "wrapped", notes: entryNotes(entry) }, change };
    }
    default:
      return server satisfies never;
  }
}

function leftNote(why: string, byName: boolean, name: string): string {
  return byName ? `${why}; \`ringfence mcp wrap --server ${name}\` wraps it, and the gateway signs in` : why;
}

/** Takes our words out of every entry that is chosen, and touches no other. */
export function unwrapText(given: ClientText, servers: readonly string[]): Result<Rewritten, Problem> {
  const { client, file } = given;
  const outcomes = new Map<string, EntryOutcome>();
  let { text } = given;
  // Somebody may have wrapped what was wrapped: the innermost command is the server.
  for (let round = 0; round < ROUNDS_MOST; round++) {
    const entries = readEntries(client, text, file);
    if (!entries.ok) return entries;
    const ours = entries.value.filter(
      (entry) =>
        (servers.length === 0 || servers.includes(entry.name)) &&
        vectorOf(client, entry) !== undefined &&
        outcomes.get(keyOf(entry.place))?.kind !== "left",
    );
    if (ours.length === 0) {
      const hints = given.hints.filter(({ place }) => outcomes.get(keyOf(place))?.kind !== "unwrapped");
      return ok({ text, outcomes: [...outcomes.values()], hints });
    }
    const edits: Edit[] = [];
    for (const { entry, back } of ours.map((entry) => ({
      entry,
      back: unwrapEntry(client, text, entry, hintsOf(given, entry)),
    }))) {
      edits.push(...(back ?? []));
      outcomes.set(keyOf(entry.place), unwrapped(entry, back !== undefined));
    }
    text = withEdits(text, edits);
  }
  return err({
    code: "client-nested",
    message: `\`${file}\` wraps the same server over and over`,
    hint: "look at it; nothing was written",
  });
}

function hintsOf({ hints }: ClientText, entry: Entry): Hints {
  return hints.find(({ place }) => samePath(place, entry.place))?.hints ?? {};
}

function keyOf(place: readonly string[]): string {
  return JSON.stringify(place);
}

function unwrapped({ name, place }: Entry, isBack: boolean): EntryOutcome {
  const why = "it was changed since it was wrapped, and what it was cannot be told; put it back by hand";
  return isBack ? { name, place, kind: "unwrapped", notes: [] } : { name, place, kind: "left", notes: [why] };
}

const ROUNDS_MOST = 8;

function noWayBack(file: string): Problem {
  return {
    code: "client-undo",
    message: `\`${file}\` is written in a way that could not be put back to the last byte`,
    hint: "nothing was written; write its servers in the plain form, one key a line",
  };
}
