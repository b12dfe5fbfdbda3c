// What people approved of MCP servers: per server which one it is, every pin, and the findings that somebody saw and accepted.
import type { ServerDescription } from "./description.ts";
import { byKey } from "./diff.ts";
import { type Pin, pinKey, pinsOf, pinText } from "./pin.ts";
import type { PackagePin, ServerTarget } from "./target.ts";

/** What is approved of one server. */
export interface ServerLock {
  /** Missing where a description was pinned without its server: then it holds for whatever has the name. */
  readonly target?: ServerTarget;
  readonly package?: PackagePin;
  /** Information: what the server called its version and which protocol it chose. */
  readonly version?: string;
  readonly protocolVersion?: string;
  readonly pins: readonly Pin[];
  /** By the key of a pin: the findings in it that a person accepted, as `findingKey` names them. */
  readonly accepted: ReadonlyMap<string, readonly string[]>;
}

/** Servers by name. */
export type Lock = ReadonlyMap<string, ServerLock>;

/** A lock without servers. */
export const EMPTY_LOCK: Lock = new Map();

/** What a server says, as a lock of it. Throws nothing and checks nothing: verifying says which of it may be pinned. */
export function lockOf(
  found: ServerDescription,
  about: Pick<ServerLock, "target" | "package"> & {
    readonly pins?: readonly Pin[];
    readonly accepted?: ServerLock["accepted"];
  },
): ServerLock {
  const version = found.serverInfo?.["version"];
  return {
    ...(about.target === undefined ? {} : { target: about.target }),
    ...(about.package === undefined ? {} : { package: about.package }),
    ...(typeof version === "string" ? { version } : {}),
    ...(found.protocolVersion === undefined ? {} : { protocolVersion: found.protocolVersion }),
    pins: (about.pins ?? pinsOf(found)).map(({ kind, name, fields }) => ({ kind, name, fields })),
    accepted: about.accepted ?? new Map(),
  };
}

/** The lock with one server as it is now. */
export function withServer(lock: Lock, name: string, server: ServerLock): Lock {
  return new Map([...lock, [name, server]]);
}

/** The lock of a server with one thing of it as `pin` says, or without it; findings in it that were accepted are `accepted`. */
export function withPin(
  server: ServerLock,
  key: string,
  change: { readonly pin: Pin | undefined; readonly accepted: readonly string[] },
): ServerLock {
  const rest = server.pins.filter((pin) => pinKey(pin) !== key);
  const accepted = new Map([...server.accepted].filter(([of]) => of !== key));
  if (change.pin !== undefined && change.accepted.length > 0) accepted.set(key, change.accepted);
  return { ...server, pins: change.pin === undefined ? rest : [...rest, change.pin], accepted };
}

/** What both locks of a server approve. Where they differ, what stands there is what the server does not say: it is to be looked at. */
export function approvedByBoth(one: ServerLock, other: ServerLock, found: readonly Pin[]): ServerLock {
  const [ones, others] = [byKey(one.pins), byKey(other.pins)];
  const now = byKey(found);
  const pins = [...new Set([...ones.keys(), ...others.keys()])].flatMap((key): readonly Pin[] => {
    const both = [ones.get(key)?.[0], others.get(key)?.[0]];
    const says = now.get(key)?.[0];
    const isNow = (pin: Pin | undefined): boolean =>
      pin !== undefined && says !== undefined && pinText(pin) === pinText(says);
    const pin = both.every(isNow) ? both[0] : both.find((each) => each !== undefined && !isNow(each));
    return pin === undefined ? [] : [pin];
  });
  return { ...one, pins };
}
