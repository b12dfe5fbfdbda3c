// The proxy's look at what leaves (NET-9): each request's name, address line, fields, body and messages are searched for the session's secrets before
// they are sent. It runs before the broker, so it sees what the program inside has sent: a placeholder is nothing, a real value is a leak.
import type { LeakSearch, LeakSecret, RequestSearch } from "#core/leak";
import { forTerminal } from "#core/text";
import type { ExchangeFilter, HttpFilter, RequestView } from "./filter.ts";
import { codingsOf } from "./leak/content-coding.ts";
import { HeldMemory } from "./leak/held-memory.ts";
import { LeakBody, type LeakBodyOptions } from "./leak/leak-body.ts";
import { Turns } from "./leak/turns.ts";
import type { FilterRefusal } from "./made.ts";

/** Where a secret was found, as the reason says it. */
export type LeakPlace = "host" | "url" | "header" | "body" | "websocket";

/** A secret that did not leave. */
export interface Leak {
  readonly secret: LeakSecret;
  readonly place: LeakPlace;
  readonly host: string;
}

/** What the look is made with. */
export interface LeakFilterOptions {
  /** The session's secrets as they are now; `undefined` while there are none. They may become more at any time. */
  readonly search: () => LeakSearch | undefined;
  /** Whether TLS to there is read for this alone: the policy may say no, or a session may have begun without. */
  readonly mayRead: (host: string, port: number) => boolean;
  /** Told once for each refusal. */
  readonly onLeak?: (leak: Leak) => void;
}

/** Looks at names that are about to be looked up: their labels may say something. */
export type NameGuard = (host: string) => FilterRefusal | undefined;

// A rule that names such a port opens bytes that are no HTTP, and nobody can look into them: mail, SSH, directories, databases, queues, git.
const OTHER_PROTOCOLS = new Set([
  ...[21, 22, 23, 25, 110, 143, 389, 465, 587, 636, 993, 995, 1433, 1521, 1883, 3306, 5432, 5671, 5672, 6379, 8883],
  ...[9042, 9418, 11211, 27017],
]);

/** The filter. */
export function leakFilter(options: LeakFilterOptions): HttpFilter {
  const memory = new HeldMemory();
  const turns = new Turns();
  return {
    needs: (host, port) => !OTHER_PROTOCOLS.has(port) && options.mayRead(host, port) && options.search() !== undefined,
    begin: async (request) => {
      const search = options.search();
      if (search === undefined) return undefined;
      return beginWith(search.request(), request, { memory, turns, onLeak: options.onLeak });
    },
  };
}

/** The same for a name alone, where no request is read: CONNECT, SOCKS, a redirected connection, a lookup. */
export function nameGuard(options: Pick<LeakFilterOptions, "search" | "onLeak">): NameGuard {
  return (host) => {
    const look = options.search()?.request();
    return look === undefined
      ? undefined
      : seen(look, hostTexts(host), { place: "host", host, onLeak: options.onLeak });
  };
}

function beginWith(
  look: RequestSearch,
  request: RequestView,
  {
    memory,
    onLeak,
    turns,
  }: Pick<LeakBodyOptions, "memory" | "turns"> & { readonly onLeak: LeakFilterOptions["onLeak"] },
): ExchangeFilter | FilterRefusal {
  const { fields, host, target } = request;
  const at = { host, onLeak };
  const found =
    seen(look, hostTexts(host), { place: "host", ...at }) ??
    // Path segments one by one are nothing: together they may be.
    seen(look, [target, target.replaceAll("/", "")], { place: "url", ...at }) ??
    seen(look, fieldTexts(request), { place: "header", ...at });
  if (found !== undefined) return found;
  const codings = codingsOf(fields);
  if (codings === undefined) return unreadable("its content coding is none that can be undone here");
  const place = request.upgrade === undefined ? "body" : "websocket";
  return {
    up: new LeakBody({
      ...{ look, codings, memory, turns },
      refuse: (secret) => refusal({ secret, place, ...at }),
      unreadable,
    }),
  };
}

interface SeenAt {
  readonly place: LeakPlace;
  readonly host: string;
  readonly onLeak: LeakFilterOptions["onLeak"];
}

function seen(look: RequestSearch, texts: readonly string[], at: SeenAt): FilterRefusal | undefined {
  for (const text of texts) {
    const sight = look.says(text);
    if (sight.kind === "secret") return refusal({ secret: sight.secret, ...at });
    if (sight.kind === "unreadable") return unreadable("it is packed more often than anybody packs");
  }
  return undefined;
}

/** The labels as they stand, and as one word: base 32 and hex are cut into labels. */
function hostTexts(host: string): readonly string[] {
  return [host, host.replaceAll(".", "")];
}

/** Names and values as they stand, and the values one after the other: what was cut into fields is whole again. */
function fieldTexts({ fields, method }: RequestView): readonly string[] {
  const lines = fields.map(({ name, value }) => `${name}: ${value}`);
  return [[method, ...lines].join("\n"), fields.map(({ value }) => value).join("\n")];
}

function refusal({ secret, place, host, onLeak }: SeenAt & { readonly secret: LeakSecret }): FilterRefusal {
  onLeak?.({ secret, place, host });
  const name = forTerminal(secret.name, { max: 120 });
  return secret.isCanary === true
    ? {
        reason: `canary-in-${place}`,
        hint: `\`${name}\` was planted to see whether somebody takes it along; nothing was sent with it`,
        rule: `secret ${name}`,
      }
    : {
        reason: `secret-in-${place}`,
        hint: `\`${name}\` is a secret of this session and stands in what was to be sent, in whatever spelling; leave it out`,
        rule: `secret ${name}`,
      };
}

function unreadable(why: string): FilterRefusal {
  return {
    reason: "unreadable-body",
    hint: `what was to be sent cannot be looked through for secrets: ${why}; send it plain, or up to 8 MB of it in gzip or as a zip archive; a person can exclude the host: sandbox.network.inspectExcept`,
  };
}
