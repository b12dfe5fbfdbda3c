// The one table that says what tightens and what loosens (PERM-6). Every key of a policy file stands here, and a test checks that.
//
//   limits   a list that takes away (deny, ask, denyRead …): adds up from every layer, accepted or not.
//   rights   a list that gives (allow, allowWrite, ports …): adds up from accepted layers; fixed when the managed file sets it.
//   value    one value, from the strongest layer. `looser` compares two; a lower layer never loosens a managed value,
//            and a file nobody accepted never loosens anything.
//   switch   one word that only takes away: on as soon as any layer, accepted or not, says it.
import type { DocumentPath } from "./document.ts";
import { parseDuration, parseSize } from "./measure.ts";

/** How one key of a policy file merges. */
export interface PolicyKey {
  /** Dotted name, as `policy explain` prints it. */
  readonly key: string;
  /** Where it stands in a file; further paths are other tools' names for it. */
  readonly paths: readonly DocumentPath[];
  readonly kind: "limits" | "rights" | "value" | "switch";
  /** True when `a` allows anything that `b` does not, or when the two cannot be compared. Only for `value`. */
  readonly looser: (a: unknown, b: unknown) => boolean;
  /** Without a value nothing is bounded, so any value tightens. */
  readonly bounds?: true;
  /** What holds where no layer says it. */
  readonly unset?: unknown;
}

const never = (): boolean => false;

function list(kind: "limits" | "rights", key: string, ...otherNames: string[]): PolicyKey {
  return { key, paths: [key, ...otherNames].map((name) => name.split(".")), kind, looser: never };
}

function toggle(key: string): PolicyKey {
  return { key, paths: [key.split(".")], kind: "switch", looser: never };
}

function value(key: string, looser: (a: unknown, b: unknown) => boolean, ...otherNames: string[]): PolicyKey {
  return { key, paths: [key, ...otherNames].map((name) => name.split(".")), kind: "value", looser };
}

/** Words from tight to loose. A word that is not listed compares as looser than everything. */
function ranked(...words: readonly string[]): (a: unknown, b: unknown) => boolean {
  const rank = (word: unknown): number => {
    const index = words.indexOf(String(word));
    return index < 0 ? words.length : index;
  };
  return (a, b) => rank(a) > rank(b);
}

/** For each word the words that are at least as tight. Everything else is looser or not comparable, which counts as looser. */
function ordered(atLeastAsTight: Readonly<Record<string, readonly string[]>>): (a: unknown, b: unknown) => boolean {
  return (a, b) => a !== b && !(atLeastAsTight[String(b)] ?? []).includes(String(a));
}

const larger = (a: unknown, b: unknown): boolean => !(Number(a) <= Number(b));
const smaller = (a: unknown, b: unknown): boolean => !(Number(a) >= Number(b));
const longer = (a: unknown, b: unknown): boolean => larger(parseDuration(String(a)), parseDuration(String(b)));
const shorter = (a: unknown, b: unknown): boolean => smaller(parseDuration(String(a)), parseDuration(String(b)));
const bigger = (a: unknown, b: unknown): boolean =>
  larger(parseSize(a as string | number), parseSize(b as string | number));
/** `600/min` against another. */
const faster = (a: unknown, b: unknown): boolean =>
  larger(Number.parseInt(String(a), 10), Number.parseInt(String(b), 10));
const lessKept = (a: unknown, b: unknown): boolean =>
  smaller(parseSize(a as string | number), parseSize(b as string | number));
const different = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);

/** A list that holds anything the other does not. */
const notAmong = (a: unknown, b: unknown): boolean => {
  const known = new Set((Array.isArray(b) ? b : []).map((entry) => JSON.stringify(entry)));
  return !Array.isArray(a) || a.some((entry) => !known.has(JSON.stringify(entry)));
};

/** A list that lacks something the other holds. */
const lacks = (a: unknown, b: unknown): boolean => notAmong(b, a);

/** `manual` is Claude Code's newer word for `default`. */
const modeWord = (word: unknown): unknown => (word === "manual" ? "default" : word);
const byMode = ordered({
  default: ["plan", "dontAsk"],
  acceptEdits: ["default", "plan", "dontAsk"],
  auto: ["default", "plan", "dontAsk"],
  bypassPermissions: ["acceptEdits", "auto", "default", "plan", "dontAsk"],
});
const looserMode = (a: unknown, b: unknown): boolean => byMode(modeWord(a), modeWord(b));

// `never` denies what the others ask, and `untrusted` asks what `never` lets pass: neither is looser than `on-request`
const looserApproval = ordered({
  "on-request": ["untrusted", "never"],
  "on-failure": ["on-request", "untrusted", "never"],
});

// Only `container` holds all that `process` and `auto` hold. Another kernel keeps the recorder from looking: neither tighter nor looser, so an
// unaccepted file may not choose it.
const looserRuntime = ordered({
  process: ["container"],
  auto: ["container"],
  gvisor: ["kata", "microvm"],
  kata: ["microvm"],
});

/** Every key. The order is the order of `policy explain`. */
export const POLICY_KEYS: readonly PolicyKey[] = [
  value("version", different),
  value("tier", ranked("high", "medium", "low")),
  value("permissions.mode", looserMode, "permissions.defaultMode"),
  toggle("permissions.disableBypassPermissionsMode"),
  list("rights", "permissions.allow"),
  list("limits", "permissions.ask"),
  list("limits", "permissions.deny"),
  value("sandbox.mode", ranked("read-only", "workspace-write", "danger-full-access")),
  value("sandbox.runtime", looserRuntime),
  value("sandbox.workspace", ranked("read-only", "overlay", "clone", "worktree", "direct")),
  value("sandbox.apply", ranked("ask", "end", "live")),
  list("rights", "sandbox.filesystem.allowRead"),
  list("limits", "sandbox.filesystem.denyRead"),
  list("rights", "sandbox.filesystem.allowWrite"),
  list("limits", "sandbox.filesystem.denyWrite"),
  list("rights", "sandbox.filesystem.showSecrets"),
  list("rights", "sandbox.network.allow", "sandbox.network.allowedDomains"),
  list("limits", "sandbox.network.deny", "sandbox.network.deniedDomains"),
  list("rights", "sandbox.network.allowPrivate"),
  value("sandbox.network.mode", ranked("enforce", "report")),
  value("sandbox.network.inspect", ranked("all", "auto", "rules")),
  list("rights", "sandbox.network.inspectExcept"),
  value("sandbox.network.tokens", ranked("block", "off")),
  { ...value("sandbox.network.budget.up", bigger), bounds: true },
  { ...value("sandbox.network.budget.requests", faster), bounds: true },
  value("sandbox.limits.timeout", longer),
  value("sandbox.limits.memory", bigger),
  value("sandbox.limits.pids", larger),
  value("sandbox.limits.cpus", larger),
  value("sandbox.limits.fileSize", bigger),
  value("sandbox.limits.disk", bigger),
  value("sandbox.limits.files", larger),
  value("sandbox.limits.openFiles", larger),
  value("sandbox.limits.connections", larger),
  value("sandbox.limits.logBytes", bigger),
  value("sandbox.limits.eventRate", larger),
  list("rights", "sandbox.ports"),
  list("rights", "sandbox.unixSockets", "sandbox.network.allowUnixSockets"),
  list("rights", "sandbox.devices"),
  value("sandbox.caches", ranked("none", "private")),
  value("sandbox.canaries", ranked("on", "off")),
  value("sandbox.landlock", ranked("require", "auto")),
  value("sandbox.undo.size", lessKept),
  value("sandbox.idle.pause", longer),
  value("sandbox.idle.stop", longer),
  list("rights", "env.pass"),
  list("rights", "env.set"),
  value("approvals.policy", looserApproval),
  value("approvals.timeout", longer),
  value("approvals.channels", notAmong),
  list("rights", "setup.run"),
  list("rights", "setup.network.allow"),
  list("limits", "setup.network.deny"),
  list("rights", "setup.credentials"),
  list("rights", "setup.expose"),
  value("setup.cache", ranked("off", "auto")),
  list("rights", "credentials"),
  value("ruleOfTwo", ranked("deny", "ask", "off")),
  value("legs.A", lacks),
  value("legs.B", lacks),
  value("legs.C", lacks),
  list("rights", "legs.trustedHosts"),
  // such a host is private *instead of* public: its pages are no stranger's, and data may go there
  list("rights", "legs.privateHosts"),
  list("limits", "legs.privatePaths"),
  list("limits", "legs.foreignPaths"),
  list("rights", "legs.readingTools"),
  value("legs.workspace", ranked("foreign", "auto", "own")),
  // the classifier reads what the agent does: who may name one is a matter of trust, not of strictness
  value("auto.classifier", different),
  value("auto.timeout", longer),
  // it is told what sessions do: who may name it is a matter of trust, not of strictness
  value("lifecycle", different),
  // whoever adds a test only says what they expect
  list("limits", "tests"),
  value("audit.reads", ranked("all", "secrets", "none")),
  value("audit.retention", shorter),
  // more is told to the record and to nobody else, but the agent is asked for all that it is told
  value("audit.telemetry", ranked("off", "on")),
  // it is told how long the logs are, and every session's end speaks to it: who may name one is a matter of trust
  list("rights", "audit.witness"),
  // what it approves, it approves for this person: who may name another one is a matter of trust
  value("mcp.lock", different),
  value("mcp.mode", ranked("frozen", "ask", "off")),
  value("mcp.sampling", ranked("deny", "ask", "allow")),
  value("mcp.elicitation", ranked("deny", "ask")),
  value("mcp.results", ranked("hold", "mark")),
  value("review.secrets", ranked("block", "ask", "off")),
  value("review.deletions", larger),
  value("review.workflows", ranked("block", "ask", "off")),
  value("review.packages", ranked("block", "ask", "off")),
  value("budget.tokens", larger),
  value("budget.costUsd", larger),
  value("budget.toolCalls", larger),
  value("budget.repeats", larger),
];

/** What of `sandbox` a server has its own word for. */
const OF_SERVER: ReadonlySet<string> = new Set(["workspace", "runtime", "filesystem", "network", "limits"]);

/** Every key of one MCP server; `*` stands for its name. What a file says for all servers binds each of them (effective-mcp.ts). */
export const SERVER_KEYS: readonly PolicyKey[] = [
  { ...value("mcp.servers.*.sampling", ranked("deny", "ask", "allow")), unset: "deny" },
  { ...value("mcp.servers.*.elicitation", ranked("deny", "ask")), unset: "ask" },
  // where nobody says it, it is guessed by names: who knows better is a matter of trust
  value("mcp.servers.*.sources", lacks),
  // the rights of a name are its command's: who binds them is a matter of trust
  value("mcp.servers.*.command", different),
  ...POLICY_KEYS.flatMap(keyOfServer),
  list("rights", "mcp.servers.*.credentials"),
];

/** A server's fence is described in the words of the agent's own, and they tighten and loosen alike. */
function keyOfServer(key: PolicyKey): readonly PolicyKey[] {
  const own = key.paths.flatMap(([room, ...rest]): readonly DocumentPath[] => {
    if (room === "env") return [["mcp", "servers", "*", room, ...rest]];
    return room === "sandbox" && OF_SERVER.has(String(rest[0])) ? [["mcp", "servers", "*", ...rest]] : [];
  });
  return own[0] === undefined ? [] : [{ ...key, key: own[0].join("."), paths: own }];
}

/** The keys of the servers of these names. */
export function serverKeys(names: readonly string[]): readonly PolicyKey[] {
  const named = (text: string, name: string): string => (text === "*" ? name : text);
  return names.flatMap((name) =>
    SERVER_KEYS.map((key) => ({
      ...key,
      key: key.key.replace("*", () => name),
      paths: key.paths.map((path) => path.map((step) => (typeof step === "string" ? named(step, name) : step))),
    })),
  );
}
