// A plan as a macOS Seatbelt profile (sandbox-exec -p). Pure, golden-tested; generated, and not run here: no machine of ours has macOS.
// Seatbelt judges real paths and changes no view: what a plan shows at another place than its own cannot be had, and neither can an overlay; both are
// refused. The last rule that matches wins, so that denials come last.
import { err, ok, type Problem, type Result } from "../result.ts";
import type { Mount, SandboxPlan } from "./plan.ts";
import table from "./seatbelt.json" with { type: "json" };

/** What the profile needs beside the plan. */
export interface SeatbeltPlaces {
  /** Where the proxy listens on 127.0.0.1: a Mac has no network namespaces, so it is a port of the machine. */
  readonly proxyPort: number | undefined;
}

/** The profile's text. Every path must be the real one: `/private/tmp`, not `/tmp`. */
export function seatbeltProfile(plan: SandboxPlan, places: SeatbeltPlaces): Result<string, Problem> {
  const refused = unfit(plan);
  if (refused !== undefined) return err(refused);
  const { workspace } = plan;
  const reads = [...plan.mounts.flatMap(sourceOf), workspace.root];
  const writes = [
    ...plan.mounts.flatMap((mount) => (mount.kind === "bind" || mount.kind === "live" ? [mount.source] : [])),
    ...(workspace.kind === "direct" ? [workspace.root] : []),
  ];
  return ok(
    `${[
      "(version 1)",
      "(deny default)",
      ...table.base.flatMap(({ why, rules }) => [`; ${why}`, ...rules]),
      "; what the plan shows, and the folders on the way to it",
      ...rule("allow file-read-metadata file-test-existence", ancestors(reads).map(literal)),
      ...rule("allow file-read* file-map-executable", reads.map(subpath)),
      ...rule("allow file-write*", writes.map(subpath)),
      "; never in what it writes: owners, device nodes, and programs that run as somebody else",
      "(deny file-write-owner file-write-setugid)",
      ...network(plan, places),
      ...(plan.masked.length === 0 ? [] : ["; secrets: neither read nor replaced"]),
      ...rule("deny file-read* file-write* file-test-existence", plan.masked.map(subpath)),
      ...protectedNames(plan),
    ].join("\n")}\n`,
  );
}

function unfit(plan: SandboxPlan): Problem | undefined {
  const problem = (message: string, hint: string): Problem => ({ code: "seatbelt-unfit", message, hint });
  if (plan.workspace.kind === "overlay") {
    const message = "Seatbelt has no copy-on-write view of a folder";
    return problem(message, "use `--workspace clone`, `direct` or `read-only`");
  }
  const moved = plan.mounts.find((mount) => "source" in mount && mount.source !== mount.target);
  if (moved !== undefined) {
    return problem(`Seatbelt shows \`${moved.target}\` only where it is on this machine`, "name the real folder");
  }
  const paths = [...plan.mounts.flatMap(sourceOf), plan.workspace.root, ...plan.masked];
  const odd = paths.find((path) => !isSayable(path));
  return odd === undefined
    ? undefined
    : problem(
        `a path with control characters cannot be written into a Seatbelt profile (${JSON.stringify(odd)})`,
        "rename it",
      );
}

function sourceOf(mount: Mount): readonly string[] {
  return "source" in mount ? [mount.source] : [];
}

/** No control character, no half of a pair: nothing whose spelling in a profile is not certain. */
function isSayable(path: string): boolean {
  return path.startsWith("/") && !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(path);
}

/** A string of the profile's language: two characters end or escape it, and both are escaped. */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, (character) => `\\${character}`)}"`;
}

const subpath = (path: string): string => `(subpath ${quoted(path)})`;
const literal = (path: string): string => `(literal ${quoted(path)})`;

/** One rule for many filters; none for none, because a rule without a filter is about everything. */
function rule(head: string, filters: readonly string[]): readonly string[] {
  return filters.length === 0 ? [] : [`(${head}`, ...[...new Set(filters)].map((filter) => `  ${filter}`), ")"];
}

function ancestors(paths: readonly string[]): readonly string[] {
  const all = paths.flatMap((path) => {
    const parts = path.split("/").slice(1, -1);
    return parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}`);
  });
  return [...new Set(all)].sort();
}

function network(plan: SandboxPlan, { proxyPort }: SeatbeltPlaces): readonly string[] {
  return [
    "; the proxy is the only way out",
    ...(plan.bridge === undefined || proxyPort === undefined
      ? []
      : [`(allow network-outbound (remote tcp "localhost:${proxyPort}"))`]),
    ...plan.ports.map((port) => `(allow network-bind network-inbound (local tcp "localhost:${port}"))`),
  ];
}

/** Protected names at any depth, whatever their case: the disks of Macs know no difference. */
function protectedNames({ workspace }: SandboxPlan): readonly string[] {
  if (workspace.kind !== "direct") return [];
  const { names, exceptBelow } = workspace.guard;
  const below = exceptBelow.map((name) => `(require-not (regex #"/${anyCase(name)}/"))`);
  return [
    "; protected names, and the folders that hold them, which must not be moved away",
    ...names.flatMap((name) => [
      `(deny file-write* (require-all ${subpath(workspace.root)} (regex #"/${anyCase(name)}(/|$)") ${below.join(" ")}))`,
    ]),
    ...holders(names).map(
      (name) => `(deny file-write-unlink (require-all ${subpath(workspace.root)} (regex #"/${anyCase(name)}$")))`,
    ),
  ];
}

/** `.git` for `.git/hooks`. */
function holders(names: readonly string[]): readonly string[] {
  return [
    ...new Set(
      names.flatMap((name) => {
        const parts = name.split("/").slice(0, -1);
        return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
      }),
    ),
  ];
}

/** A name as a regular expression, with `**` for any folders. A character that could mean something there stands for any text of its part. */
function anyCase(name: string): string {
  return [...name.replaceAll("/**", "\0")]
    .map((character) => {
      if (character === "\0") return "(/[^/]+)*";
      if (/[a-z]/i.test(character)) return `[${character.toLowerCase()}${character.toUpperCase()}]`;
      if (/[0-9_/-]/.test(character)) return character;
      if (character === ".") return "[.]";
      if (character === "*") return "[^/]*";
      return "[^/]+";
    })
    .join("");
}
