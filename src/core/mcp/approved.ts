// What of a server's description may be served, and what is held (I13): a definition that is not word for word what was approved is a new one.

import { DEFINITIONS, type ServerDescription, textAt } from "./description.ts";
import { byKey, fieldChanges } from "./diff.ts";
import type { ServerLock } from "./lock.ts";
import type { OtherServer } from "./other-server.ts";
import { type FoundPin, type Pin, type PinKind, pinKey, pinsOf, pinText } from "./pin.ts";
import type { Finding } from "./screen/finding.ts";
import { served } from "./served.ts";
import { appearance, renames } from "./similar.ts";

/** How strictly a server is held to its lock. */
export type PinMode = "ask" | "frozen" | "off";

/** Why something is held. */
export type HeldWhy =
  | "new"
  | "changed"
  | "renamed"
  | "duplicate"
  /** Two names that a person takes for one another. */
  | "lookalike"
  /** A definition without a name that is a text. */
  | "malformed"
  | "hard-finding"
  | "soft-finding"
  /** Nothing of the server is approved yet, and something in it speaks against trusting it unseen. */
  | "first-sight"
  /** Frozen, and the lock does not know the server. */
  | "unknown-server"
  /** The name is known, for another command, package or address. */
  | "other-server";

/** One definition that nobody has approved as it is now. */
export interface Held {
  readonly kind: PinKind;
  /** Empty for what a server has only one of. */
  readonly name: string;
  readonly why: HeldWhy;
  /** Of a rename: the approved name. */
  readonly was?: string;
  /** The fields that are not as they were approved. */
  readonly fields: readonly string[];
  readonly findings: readonly Finding[];
}

/** A description that has been compared with the lock. */
export interface Verified {
  /** Only what may be served. */
  readonly description: ServerDescription;
  readonly held: readonly Held[];
  /** What is served although no lock has it: a first sight that nothing speaks against. It is to be pinned now. */
  readonly firstSight?: readonly Pin[];
  /** Pinned, and the server does not have it any more. */
  readonly removed?: readonly Pin[];
  /** All of it is held, because its name was approved for something else. */
  readonly otherServer?: OtherServer;
}

/**
 * Compares what a server says with what was approved. `findings` are those of screening the same description. Without a lock a server is seen for
 * the first time: in `ask` it is served when nothing speaks against it, in `frozen` never. In `off` only findings hold.
 */
export function verifyDescription(
  found: ServerDescription,
  lock: ServerLock | undefined,
  mode: PinMode,
  findings: readonly Finding[],
): Verified {
  const pins = pinsOf(found);
  const within = placed(pins, findings);
  const judged = pins.map((pin) => ({ pin, own: within.get(pin.at) ?? [] }));
  const hold = judgeOf({ pins, lock, mode, findings });
  const held = judged.flatMap(({ pin, own }) => hold(pin, own) ?? []);
  const heldKeys = new Set(held.map(pinKey));
  const kept = pins.filter((pin) => !heldKeys.has(pinKey(pin)));
  const have = new Set(pins.map(pinKey));
  return {
    description: served(found, { kept, approved: mode === "off" ? [] : (lock?.pins ?? []) }),
    held: oncePerName(held),
    firstSight: lock === undefined && mode === "ask" ? kept : [],
    removed: lock === undefined || mode === "off" ? [] : lock.pins.filter((pin) => !have.has(pinKey(pin))),
  };
}

type Judge = (pin: FoundPin, own: readonly Finding[]) => Held | undefined;

interface Sight {
  readonly pins: readonly FoundPin[];
  readonly lock: ServerLock | undefined;
  readonly mode: PinMode;
  readonly findings: readonly Finding[];
}

function judgeOf({ pins, lock, mode, findings }: Sight): Judge {
  const hard = (own: readonly Finding[], accepted: ReadonlySet<string>, at: string): boolean =>
    own.some((one) => one.severity === "hard" && !accepted.has(findingKey(one, at)));
  if (mode === "off")
    return (pin, own) => (hard(own, NOTHING, pin.at) ? heldAs(pin, "hard-finding", { findings: own }) : undefined);
  const names = byKey(pins);
  const common = (pin: FoundPin): HeldWhy | undefined => {
    if (pin.name === "" && pin.at.lastIndexOf("/") > 0) return "malformed";
    return (names.get(pinKey(pin))?.length ?? 0) > 1 ? "duplicate" : undefined;
  };
  if (lock === undefined) return firstSightJudge({ pins, mode, findings }, common);
  const pinned = byKey(lock.pins);
  const olds = renames(
    lock.pins.filter((pin) => !names.has(pinKey(pin))),
    pins.filter((pin) => !pinned.has(pinKey(pin))),
  );
  const looks = new Map(lock.pins.map((pin) => [look(pin), pin]));
  return (pin, own) => {
    const approved = pinned.get(pinKey(pin))?.[0];
    const fields = fieldChanges(approved, pin).map(({ field }) => field);
    const why = common(pin);
    if (why !== undefined) return heldAs(pin, why, { findings: own, fields });
    if (approved === undefined) {
      const was = olds.get(pin);
      if (was !== undefined)
        return heldAs(pin, "renamed", {
          findings: own,
          fields: fieldChanges(was, pin).map(({ field }) => field),
          was: was.name,
        });
      return heldAs(pin, looks.has(look(pin)) ? "lookalike" : "new", { findings: own, fields });
    }
    if (pinText(approved) !== pinText(pin)) return heldAs(pin, "changed", { findings: own, fields });
    const accepted = new Set(lock.accepted.get(pinKey(pin)) ?? []);
    return hard(own, accepted, pin.at) ? heldAs(pin, "hard-finding", { findings: own }) : undefined;
  };
}

/** A whole server that nobody has approved: what speaks against one part of it speaks, when it is hard or stands nowhere, against all of it. */
function firstSightJudge(
  { pins, mode, findings }: Omit<Sight, "lock">,
  common: (pin: FoundPin) => HeldWhy | undefined,
): Judge {
  if (mode === "frozen") return (pin, own) => heldAs(pin, common(pin) ?? "unknown-server", { findings: own });
  const inPins = new Set([...placed(pins, findings).values()].flat());
  // Resources come and go: they are screened each time that they are listed.
  const distrusted = findings.some(
    (one) => one.severity === "hard" || !(inPins.has(one) || isWithin(one.at, "/resources")),
  );
  const looks = new Map<string, Set<string>>();
  for (const pin of pins) looks.set(look(pin), (looks.get(look(pin)) ?? new Set()).add(pin.name));
  return (pin, own) => {
    const why = common(pin);
    if (why !== undefined) return heldAs(pin, why, { findings: own });
    if ((looks.get(look(pin))?.size ?? 0) > 1) return heldAs(pin, "lookalike", { findings: own });
    if (own.some(({ severity }) => severity === "hard")) return heldAs(pin, "hard-finding", { findings: own });
    if (own.length > 0) return heldAs(pin, "soft-finding", { findings: own });
    return distrusted ? heldAs(pin, "first-sight", { findings: [] }) : undefined;
  };
}

/** Holds all of a server whose name was approved for something else. */
export function holdOther(found: ServerDescription, other: OtherServer, findings: readonly Finding[]): Verified {
  return { ...holdAll(found, "other-server", findings), otherServer: other };
}

/** Holds all of a description for one reason: there is nothing to compare it with. */
function holdAll(found: ServerDescription, why: HeldWhy, findings: readonly Finding[]): Verified {
  const pins = pinsOf(found);
  const within = placed(pins, findings);
  const held = pins.map((pin) => heldAs(pin, why, { findings: within.get(pin.at) ?? [] }));
  return { description: served(found, { kept: [], approved: [] }), held: oncePerName(held) };
}

/** How a finding is named in a lock: what it is, and where in the definition. */
export function findingKey({ kind, at }: Finding, pinAt: string): string {
  return `${kind} ${at.slice(pinAt.length) || "/"}`;
}

/** Takes the stricter of two judgements of one description: what either holds is held. */
export function stricter(one: Verified, other: Verified): Verified {
  const held = oncePerName([...one.held, ...other.held]);
  const [keys, ones] = [new Set(held.map(pinKey)), new Set(one.held.map(pinKey))];
  const words = (kind: PinKind): ServerDescription => (ones.has(pinKey({ kind, name: "" })) ? one : other).description;
  const { instructions: _, serverInfo: __, ...rest } = other.description;
  const { instructions } = words("instructions");
  const { serverInfo } = words("serverInfo");
  const lists = DEFINITIONS.map(({ kind, list, key }) => [
    list,
    other.description[list].filter((body) => !keys.has(pinKey({ kind, name: textAt(body, key) ?? "" }))),
  ]);
  return {
    description: {
      ...rest,
      ...(Object.fromEntries(lists) as unknown as Pick<ServerDescription, "tools" | "prompts" | "resourceTemplates">),
      capabilities: words("capabilities").capabilities,
      ...(instructions === undefined ? {} : { instructions }),
      ...(serverInfo === undefined ? {} : { serverInfo }),
    },
    held,
    firstSight: (other.firstSight ?? []).filter((pin) => !keys.has(pinKey(pin))),
    removed: one.removed ?? [],
  };
}

function heldAs(
  { kind, name }: Pin,
  why: HeldWhy,
  more: { readonly findings: readonly Finding[]; readonly fields?: readonly string[]; readonly was?: string },
): Held {
  return {
    kind,
    name,
    why,
    fields: more.fields ?? [],
    findings: more.findings,
    ...(more.was === undefined ? {} : { was: more.was }),
  };
}

function oncePerName(held: readonly Held[]): readonly Held[] {
  const first = new Map<string, Held>();
  for (const one of held) if (!first.has(pinKey(one))) first.set(pinKey(one), one);
  return [...first.values()];
}

function look({ kind, name }: Pin): string {
  return `${kind} ${appearance(name)}`;
}

/** The findings within each pin, by its place. No pin lies within another, and both may be many. */
function placed(pins: readonly FoundPin[], findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const within = new Map<string, Finding[]>(pins.map(({ at }) => [at, []]));
  for (const finding of findings) {
    let at = finding.at;
    while (at !== "" && !within.has(at)) at = at.slice(0, at.lastIndexOf("/"));
    within.get(at)?.push(finding);
  }
  return within;
}

function isWithin(at: string, above: string): boolean {
  return at === above || at.startsWith(`${above}/`);
}

const NOTHING: ReadonlySet<string> = new Set();
