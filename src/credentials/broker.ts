// The session's credentials: fetched from their sources before anything runs, held here, shown inside as placeholders, and given back at the end (CRED-2).
import { randomBytes } from "node:crypto";
import { err, ok, type Problem, type Result } from "#core";
import { type Credential, placeholderFor } from "#core/credentials";
import { forTerminal } from "#core/text";
import type { Secret, SecretPart } from "./secret.ts";
import { openSource } from "./sources/open.ts";
import type { Source, SourceDeps } from "./sources/source.ts";

/** What the broker is opened with. */
export interface BrokerOptions extends SourceDeps {
  readonly credentials: readonly Credential[];
}

/** One credential of the session, and what stands for each part of it inside. */
export interface Issued {
  readonly credential: Credential;
  readonly placeholders: ReadonlyMap<SecretPart, string>;
}

/** A value to look for in what leaves, by the name that a refusal may say. */
export interface NamedSecret {
  readonly name: string;
  readonly value: Buffer;
}

/** The open broker. The opener closes it. */
export interface Broker {
  readonly issued: readonly Issued[];
  /** The fence's variables that hold placeholders. */
  readonly env: Readonly<Record<string, string>>;
  /** What stands for a credential inside, for a file or a helper's answer. */
  placeholder(name: string, part?: SecretPart): string | undefined;
  /** The value in force, fetched anew when it is about to expire. */
  current(name: string): Promise<Result<Secret, Problem>>;
  /** Every value that was fetched in this session: the ones before a refresh count, they may still work. */
  held(): readonly { readonly issued: Issued; readonly secret: Secret }[];
  /** Revokes what can be revoked and overwrites everything. Idempotent. */
  close(): Promise<Closed>;
}

/** What became of the values at the end. */
export interface Closed {
  /** Credentials whose source took back what it gave. */
  readonly revoked: readonly string[];
  /** What goes on living, and why. */
  readonly left: readonly Problem[];
}

interface Entry {
  readonly issued: Issued;
  readonly source: Source;
  secret: Secret;
  readonly before: Secret[];
  renewing?: Promise<Result<Secret, Problem>> | undefined;
}

/** A value is fetched anew when less than this of its life is left. */
const MARGIN_MS = 60_000;
/** Shorter ones stand by chance in other texts. */
const SHORTEST = 8;
/** As long as a header may be. */
const LONGEST = 16_384;

/** Fetches every credential, at the same time. One that cannot be had is a problem, and nothing runs then. */
export async function openBroker(options: BrokerOptions): Promise<Result<Broker, readonly Problem[]>> {
  const opened = options.credentials.map((credential) => ({
    credential,
    source: openSource(credential.source, options),
  }));
  const fetched = await Promise.all(
    opened.map(async (one) => ({ ...one, answer: checked(one.credential, await one.source.fetch()) })),
  );
  const entries = new Map<string, Entry>();
  const problems: Problem[] = [];
  for (const { credential, source, answer } of fetched) {
    if (!answer.ok) {
      problems.push(answer.error);
      await source.revoke?.(); // a login that came as far as that
    } else
      entries.set(credential.name, {
        issued: { credential, placeholders: placeholdersOf(answer.value) },
        source,
        secret: answer.value,
        before: [],
      });
  }
  const broker = brokerOf(entries, options.now);
  if (problems.length === 0) return ok(broker);
  await broker.close();
  return err(problems);
}

/** Every value in force, for whoever looks for secrets in what leaves. */
export function secretsOf(broker: Broker): readonly NamedSecret[] {
  return broker
    .held()
    .flatMap(({ issued, secret }) => secret.bytes().map((value) => ({ name: issued.credential.name, value })));
}

function brokerOf(entries: ReadonlyMap<string, Entry>, now: () => number): Broker {
  const issued = [...entries.values()].map((entry) => entry.issued);
  let closing: Promise<Closed> | undefined;
  const renew = async (entry: Entry): Promise<Result<Secret, Problem>> => {
    const answer = checked(entry.issued.credential, await entry.source.fetch());
    if (answer.ok) {
      entry.before.push(entry.secret);
      entry.secret = answer.value;
      return answer;
    }
    // What is still valid goes on being used; the source has until then to come back.
    return (entry.secret.expiresAt ?? 0) > now() ? ok(entry.secret) : answer;
  };
  const close = async (): Promise<Closed> => {
    const ends = await Promise.all(
      [...entries.values()].map(async (entry) => {
        await entry.renewing; // what it brings has to be given back, too
        const problem = await entry.source.revoke?.();
        for (const one of [entry.secret, ...entry.before]) one.wipe();
        return { entry, problem };
      }),
    );
    return {
      revoked: ends
        .filter(({ entry, problem }) => entry.source.revoke !== undefined && problem === undefined)
        .map(({ entry }) => entry.issued.credential.name),
      left: ends.flatMap(({ problem }) => problem ?? []),
    };
  };
  return {
    issued,
    env: Object.assign({}, ...issued.map(environmentOf)) as Record<string, string>,
    placeholder: (name, part = "value") => entries.get(name)?.issued.placeholders.get(part),
    current: async (name) => {
      const entry = entries.get(name);
      if (entry === undefined || closing !== undefined)
        return err({
          code: "credential-closed",
          message: `there is no credential \`${forTerminal(name, { max: 80 })}\``,
        });
      const { expiresAt } = entry.secret;
      if (expiresAt === undefined || expiresAt - now() > MARGIN_MS) return ok(entry.secret);
      entry.renewing ??= renew(entry).finally(() => {
        entry.renewing = undefined;
      });
      return entry.renewing;
    },
    held: () =>
      [...entries.values()].flatMap((entry) =>
        [entry.secret, ...entry.before].map((secret) => ({ issued: entry.issued, secret })),
      ),
    close: () => (closing ??= close()),
  };
}

/** Variables in the order of the parts: of AWS keys the id, then the key. The session token is added on the way out and never inside. */
function environmentOf({ credential, placeholders }: Issued): Readonly<Record<string, string>> {
  const values = [...placeholders.entries()].filter(([part]) => part !== "sessionToken").map(([, text]) => text);
  const pairs = credential.env.map((name, index) => [name, values[values.length === 1 ? 0 : index]] as const);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined)) as Record<string, string>;
}

function placeholdersOf(secret: Secret): ReadonlyMap<SecretPart, string> {
  return new Map(secret.parts.map((part) => [part, placeholderFor(secret.reveal(part), randomBytes)] as const));
}

/** A value that can stand in a header, and that is long enough to be told from other text. */
function checked(credential: Credential, answer: Result<Secret, Problem>): Result<Secret, Problem> {
  const said = `credential \`${forTerminal(credential.name, { max: 80 })}\``;
  if (!answer.ok) return err({ ...answer.error, message: `${said}: ${answer.error.message}`, at: credential.at });
  const bad = (why: string, hint: string): Result<Secret, Problem> => {
    answer.value.wipe();
    return err({ code: "credential-bad-value", message: `${said} ${why}`, at: credential.at, hint });
  };
  for (const part of answer.value.parts) {
    const text = answer.value.reveal(part);
    if (text.length < SHORTEST)
      return bad(`has a value of fewer than ${SHORTEST} characters`, "look at what its source gives");
    if (text.length > LONGEST || !/^[\x21-\x7e]+$/.test(text))
      return bad(
        "has a value that cannot stand in a header",
        "a token is printable ASCII without spaces; name a `field` where the source holds more than that",
      );
  }
  return answer;
}
