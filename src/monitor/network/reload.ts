// The network rules of a running session follow its policy files. What a change closes is closed at once; what it opens waits for a person at a
// terminal (`ringfence sessions reload`), and a file of the session's own workspace opens nothing, whoever wrote it meanwhile.
import { realpathSync } from "node:fs";
import { err, ok, type Problem, type Result } from "#core";
import type { CredentialText } from "#core/credentials";
import type { Append, Json } from "#core/log";
import { type EgressPlan, isSamePlan, onlyTightens, tightest } from "#core/net";
import { type LayerText, loadPolicy, type Policy } from "#core/policy";
import { isInside } from "#core/shell";
import { policyStamp } from "../guard/policy-watch.ts";
import { type PolicyPlaces, readLayers } from "../prepare/policy-files.ts";

/** What it needs of the session. */
export interface NetworkReloadOptions {
  readonly session: string;
  readonly places: PolicyPlaces;
  readonly plan: EgressPlan;
  /** As the session began with them: placeholders, files and logins inside were made of these. */
  readonly credentials: readonly CredentialText[];
  readonly egressOf: (policy: Policy) => Result<EgressPlan, readonly Problem[]>;
  /** Puts another plan in force. */
  readonly apply: (plan: EgressPlan) => void;
  readonly append: Append;
  /** One line for the person. */
  readonly tell: (line: string) => void;
  /** For tests; a second otherwise. */
  readonly everyMs?: number;
}

/** The rules of one session, as they are now. */
export interface NetworkReload {
  /** A person's word for everything that the files say now. Resolves when it is on record and in force. */
  accept(): Promise<Result<{ readonly opened: readonly string[]; readonly closed: readonly string[] }, Problem>>;
  /** Stops looking. Idempotent. */
  close(): void;
}

const EVERY_MS = 1_000;

/** Starts to look. The files of the workspace that were accepted before it keep their word as long as not a byte of them changes. */
export async function watchNetwork(options: NetworkReloadOptions): Promise<NetworkReload> {
  const first = await readLayers(options.places);
  const believed = new Set(first.ok ? first.value.filter(({ trusted }) => trusted).map(keyOf) : []);
  return new Watch(options, believed);
}

function keyOf({ file, digest }: LayerText): string {
  return `${file}\0${digest}`;
}

/** What the files say now. */
interface Wanted {
  readonly plan: EgressPlan;
  readonly layers: Json;
  readonly changesCredentials: boolean;
}

const OTHER_CREDENTIALS = {
  code: "reload-credentials",
  message: "the changed policy has other credentials, and a session keeps those that it began with",
  hint: "what it closes holds already; for the rest put the old credentials back, or start another session",
} satisfies Problem;

function entriesOf(credentials: readonly CredentialText[]): string {
  return JSON.stringify(credentials.map(({ entry }) => entry));
}

class Watch implements NetworkReload {
  private readonly options: NetworkReloadOptions;
  private readonly believed: ReadonlySet<string>;
  private readonly timer: NodeJS.Timeout;
  private plan: EgressPlan;
  /** The files as they were taken in, and as they were last seen. */
  private stamp: string;
  private seen = "";
  /** What is told once is not told again. */
  private told = "";
  /** One look at a time, a person's included: the later one sees what the earlier one made. */
  private looking: Promise<unknown> = Promise.resolve();

  constructor(options: NetworkReloadOptions, believed: ReadonlySet<string>) {
    this.options = options;
    this.believed = believed;
    this.plan = options.plan;
    this.stamp = policyStamp(options.places);
    this.timer = setInterval(() => this.look(), options.everyMs ?? EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  async accept(): ReturnType<NetworkReload["accept"]> {
    const done = this.looking.then(() => this.acceptNow());
    this.looking = done.catch(() => undefined);
    return done;
  }

  private look(): void {
    const seen = policyStamp(this.options.places);
    const isStill = seen === this.seen;
    this.seen = seen;
    // a file that is just being written is empty for a moment, and what that closed only a person would open again
    if (seen === this.stamp || !isStill) return;
    this.stamp = seen;
    this.looking = this.looking.then(() => this.tighten()).catch(() => undefined);
  }

  private async acceptNow(): ReturnType<NetworkReload["accept"]> {
    this.stamp = policyStamp(this.options.places);
    const wanted = await this.wanted();
    if (!wanted.ok) return wanted;
    const { plan, layers } = wanted.value;
    // rules that open a host may count on a credential of the same change
    if (wanted.value.changesCredentials) return err(OTHER_CREDENTIALS);
    const change = changeOf(this.plan, plan);
    if (isSamePlan(this.plan, plan)) return ok(change);
    // what opens is on record before it is open (I6)
    await this.record({ ...change, layers, by: "person" });
    this.put(plan);
    return ok(change);
  }

  private async tighten(): Promise<void> {
    const wanted = await this.wanted();
    if (!wanted.ok)
      return this.tell(`the changed policy cannot be used, so the network stays as it is: ${wanted.error.message}`);
    const { plan, layers } = wanted.value;
    const closed = tightest(this.plan, plan);
    const waits = !onlyTightens(this.plan, plan);
    if (!isSamePlan(this.plan, closed)) {
      const change = changeOf(this.plan, closed);
      this.put(closed);
      await this.record({ closed: change.closed, narrowed: change.opened, layers, by: "file" });
      this.tell(`the network follows the changed policy; closed: ${change.closed.join(", ") || "by further denies"}`);
    }
    if (wanted.value.changesCredentials) this.tell(`${OTHER_CREDENTIALS.message}; ${OTHER_CREDENTIALS.hint}`);
    else if (waits)
      this.tell(
        `the changed policy opens more of the network; a person applies it: ringfence sessions reload ${this.options.session}`,
      );
  }

  private put(plan: EgressPlan): void {
    this.plan = plan;
    this.options.apply(plan);
  }

  private async record(data: { readonly [key: string]: Json }): Promise<void> {
    await this.options.append({ type: "policy.change", origin: "observed", data: { part: "network", ...data } });
  }

  /** What the files say now. */
  private async wanted(): Promise<Result<Wanted, Problem>> {
    const read = await readLayers(this.options.places);
    if (!read.ok) return err(firstOf(read.error));
    const loaded = loadPolicy(
      read.value.map((layer) => ({ ...layer, trusted: layer.trusted && this.mayOpen(layer) })),
      this.options.places.server,
    );
    if (!loaded.ok) return err(firstOf(loaded.error));
    if (loaded.value.notBuilt.length > 0) return err(firstOf(loaded.value.notBuilt));
    const plan = this.options.egressOf(loaded.value.policy);
    if (!plan.ok) return err(firstOf(plan.error));
    const { credentials, layers } = loaded.value.policy;
    return ok({
      plan: plan.value,
      layers: layers.map((layer) => ({ ...layer })),
      changesCredentials: entriesOf(credentials) !== entriesOf(this.options.credentials),
    });
  }

  /** A file that the session can reach, by whatever name it is read: its own layers, one named with `--policy`, one that a link leads to. */
  private mayOpen(layer: LayerText): boolean {
    return this.believed.has(keyOf(layer)) || !isReached(layer.file, this.options.places.workspaceRoot);
  }

  private tell(line: string): void {
    if (line === this.told) return;
    this.told = line;
    this.options.tell(line);
  }
}

function isReached(file: string, root: string): boolean {
  if (!file.startsWith("/")) return false; // the options of the command line
  try {
    return isInside(realpathSync(root), realpathSync(file));
  } catch {
    return true; // gone again: nobody's word
  }
}

function firstOf([problem]: readonly Problem[]): Problem {
  return problem ?? { code: "policy-unreadable", message: "the policy cannot be read" };
}

/** The rules that came and went, as written. */
function changeOf(before: EgressPlan, after: EgressPlan): { readonly opened: string[]; readonly closed: string[] } {
  const texts = (plan: EgressPlan): ReadonlySet<string> =>
    new Set([
      ...plan.allow.map(ruleText),
      ...plan.deny.map((rule) => `deny ${ruleText(rule)}`),
      ...plan.allowPrivate.map(({ host, cidr }) => `${host}=${cidr}`),
      `mode ${plan.mode}`,
      `inspect ${plan.inspect}`,
      ...plan.inspectExcept.map(({ host, wildcard }) => `unread ${wildcard ? "*." : ""}${host}`),
    ]);
  const [had, has] = [texts(before), texts(after)];
  const came = [...has].filter((text) => !had.has(text));
  const went = [...had].filter((text) => !has.has(text));
  const isDeny = (text: string): boolean => text.startsWith("deny ");
  return {
    opened: [...came.filter((text) => !isDeny(text)), ...went.filter(isDeny).map((text) => `no more ${text}`)],
    closed: [...went.filter((text) => !isDeny(text)), ...came.filter(isDeny)],
  };
}

function ruleText({ text, methods, paths, programs, protocols }: EgressPlan["allow"][number]): string {
  const limits = [methods, paths, protocols, programs?.map(({ exe }) => exe)].flatMap((list) =>
    list === undefined ? [] : [`[${list.join(" ")}]`],
  );
  return [text, ...limits].join(" ");
}
