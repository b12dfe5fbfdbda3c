// Names, methods and paths that a session was refused, as the least rules that open them; and rules that it used for less than they open.
import type { LogRecord } from "../../log/index.ts";
import { classifyAddress, isAddress, normalPath, parseHost, REPORT_RULE } from "../../net/index.ts";
import type { NetworkEntry } from "../file-sandbox.ts";
import { broadNetwork } from "../lint-network.ts";
import {
  Gathering,
  type LearnPlaces,
  type LeftOut,
  type Proposal,
  risksOfPrograms,
  type Unneeded,
} from "./proposal.ts";

/** Refusals that a rule could have prevented. The others say what they are. */
const BY_NAME: ReadonlySet<string> = new Set(["no-rule", "port-not-allowed", "report"]);
const BY_REQUEST: ReadonlySet<string> = new Set(["method-not-allowed", "path-not-allowed"]);
const BECAUSE: readonly (readonly [reason: RegExp, because: string])[] = [
  [/^denied$/, "a deny rule closes it, and no allow undoes that"],
  [/^address-/, "its address is not public; who knows why names it under `allowPrivate`"],
  [/^path-ambiguous$/, "servers could read that path differently"],
  [/^program-not-allowed$/, "a rule opens it to other programs"],
  [/^protocol-not-allowed$/, "a rule opens it to other protocols"],
  [/^(?:secret|canary|leak)/, "it held something that must not leave"],
];
const PATHS_MOST = 6;
/** So many names are sooner written out than opened with all others. */
const EVERY_HOST_FEW = 20;

interface Asked {
  readonly host: string;
  readonly port: number;
}

/** Takes records one by one. */
export class NetworkLessons {
  private readonly names = new Map<string, Asked & { readonly found: Gathering }>();
  private readonly requests = new Map<
    string,
    Asked & { readonly method: string; readonly paths: Set<string>; readonly found: Gathering }
  >();
  private readonly left = new Map<
    string,
    { readonly what: string; readonly reason: string; readonly found: Gathering }
  >();
  private readonly used = new Map<string, Set<string>>();
  private allowed: readonly string[] = [];

  take(record: LogRecord): void {
    const { type, data } = record;
    if (type === "session.open" && Array.isArray(data["network"]))
      this.allowed = data["network"].filter((text) => typeof text === "string");
    const host = typeof data["host"] === "string" ? parseHost(data["host"]) : undefined;
    const port = data["port"];
    if (host === undefined || typeof port !== "number" || port < 1 || port > 65_535) return;
    const rule = typeof data["rule"] === "string" ? data["rule"] : "";
    const reason = String(data["reason"] ?? "");
    if (type === "net.connect" && rule.startsWith(`${REPORT_RULE} (`))
      return this.name(record, { host, port }, "report");
    if (type === "net.connect") return void this.usedBy(rule).add(host);
    if (type !== "net.blocked") return;
    const kind = isAddress(host) ? classifyAddress(host) : "public";
    if (kind !== "public") return this.leave(record, { host, port }, `address-${kind}`);
    if (BY_NAME.has(reason)) return this.name(record, { host, port }, reason);
    const asked = BY_REQUEST.has(reason) ? requestOf(data["asked"]) : undefined;
    if (asked !== undefined) return this.request(record, { host, port, ...asked });
    this.leave(record, { host, port }, reason);
  }

  proposals(places: LearnPlaces): readonly Proposal[] {
    return [...this.byName(places), ...this.byRequest(places)];
  }

  leftOut(): readonly LeftOut[] {
    return [...this.left.values()].map(({ what, reason, found }) => ({
      what,
      because: BECAUSE.find(([shape]) => shape.test(reason))?.[1] ?? "no rule was missing",
      evidence: found.evidence,
    }));
  }

  /** Wildcards that few names were reached by, and rules that none was. */
  unneeded(): readonly Unneeded[] {
    return [...new Set(this.allowed)].flatMap((rule) => {
      const used = [...(this.used.get(rule) ?? [])].sort();
      const few = /^\*(?::|$)/.test(rule) ? EVERY_HOST_FEW : rule.startsWith("*.") ? 4 : 0;
      return used.length === 0 || used.length <= few ? [{ rule, used }] : [];
    });
  }

  private leave(record: LogRecord, { host, port }: Asked, reason: string): void {
    const key = `${host}:${port} ${reason}`;
    const entry = this.left.get(key) ?? { what: `${host}:${port}`, reason, found: new Gathering(reason) };
    this.left.set(key, entry);
    entry.found.add(record);
  }

  private usedBy(rule: string): Set<string> {
    // `text (file:line)` as the proxy writes it
    const text = rule.replace(/ \([^()]*:\d+\)$/, "");
    const hosts = this.used.get(text) ?? new Set<string>();
    this.used.set(text, hosts);
    return hosts;
  }

  private name(record: LogRecord, asked: Asked, why: string): void {
    const key = `${asked.host}:${asked.port}`;
    const entry = this.names.get(key) ?? { ...asked, found: new Gathering(why) };
    this.names.set(key, entry);
    entry.found.add(record);
  }

  private request(record: LogRecord, asked: Asked & { readonly method: string; readonly path: string }): void {
    const { host, port, method, path } = asked;
    const key = `${method} ${host}:${port}`;
    const fresh = { host, port, method, paths: new Set<string>(), found: new Gathering(String(record.data["reason"])) };
    const entry = this.requests.get(key) ?? fresh;
    this.requests.set(key, entry);
    entry.paths.add(path);
    entry.found.add(record);
  }

  /** Port 443 or 80 alone is named; both together are what a name without port means. */
  private byName(places: LearnPlaces): readonly Proposal[] {
    const ports = (host: string): readonly number[] =>
      [...this.names.values()].flatMap((entry) => (entry.host === host ? [entry.port] : []));
    return [...this.names.values()].map(({ host, port, found }) => {
      const isBoth = (port === 80 || port === 443) && [80, 443].every((one) => ports(host).includes(one));
      const value = isBoth ? written(host) : `${written(host)}:${port}`;
      const opaque =
        port === 80 || port === 443 ? [] : ["a rule with its own port also passes bytes that nobody reads"];
      return proposal(value, found, places, [
        ...(isAddress(host) ? ["an address says nothing of who is there"] : []),
        ...opaque,
      ]);
    });
  }

  private byRequest(places: LearnPlaces): readonly Proposal[] {
    return [...this.requests.values()].map(({ host, port, method, paths, found }) => {
      const covering = patterns([...paths].sort());
      const value = { host: `${written(host)}:${port}`, methods: [method], paths: covering };
      const sends = /^(?:GET|HEAD|OPTIONS)$/.test(method) ? [] : [`${method} sends data out`];
      const wide = covering.every((path) => paths.has(path))
        ? []
        : [`${paths.size} paths were asked for, and ${covering.join(", ")} opens more than those`];
      return proposal(value, found, places, [...sends, ...wide]);
    });
  }
}

/** `POST /a/*` as the record has it; `undefined` for what no rule could be. */
function requestOf(shape: unknown): { readonly method: string; readonly path: string } | undefined {
  const [method = "", path = ""] = typeof shape === "string" ? shape.split(" ") : [];
  return /^[A-Z][A-Z-]*$/.test(method) && normalPath(path) === path ? { method, path } : undefined;
}

/** The paths themselves while they are few, then the folders that hold them. */
function patterns(paths: readonly string[]): readonly string[] {
  if (paths.length <= PATHS_MOST) return paths;
  const roots = [...new Set(paths.map((path) => `/${path.split("/")[1] ?? ""}`))];
  const held = roots.flatMap((root) => [
    ...paths.filter((path) => path === root),
    ...folderOf(paths.filter((path) => path.startsWith(`${root}/`))),
  ]);
  return held.length <= PATHS_MOST && !roots.includes("/*") ? held : ["/**"];
}

/** The deepest folder that holds them all; a single path is itself. */
function folderOf(paths: readonly string[]): readonly string[] {
  const [first = "", ...others] = paths;
  if (others.length === 0) return paths;
  const folders = first.split("/").slice(0, -1);
  const shared = folders.findIndex((_, at) => {
    const start = `${folders.slice(0, at + 1).join("/")}/`;
    return !others.every((path) => path.startsWith(start));
  });
  return [`${folders.slice(0, shared < 0 ? undefined : shared).join("/")}/**`];
}

function written(host: string): string {
  return isAddress(host) && host.includes(":") ? `[${host}]` : host;
}

function proposal(value: NetworkEntry, found: Gathering, places: LearnPlaces, more: readonly string[]): Proposal {
  const at = { file: "", line: 0, column: 0 };
  const rule = typeof value === "string" ? { text: value, at } : { ...value, text: value.host, at };
  const { methods, paths } = typeof value === "string" ? {} : value;
  const limited = { text: rule.text, at, ...(methods ? { methods } : {}), ...(paths ? { paths } : {}) };
  const { evidence } = found;
  return {
    key: "sandbox.network.allow",
    value,
    evidence,
    risks: [...broadNetwork(limited).map(({ message }) => message), ...risksOfPrograms(evidence, places), ...more],
  };
}
