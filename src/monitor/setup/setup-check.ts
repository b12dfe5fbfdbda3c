// That the setup's secrets are gone before the agent starts (CRED-5): no process of the setup is left, its proxy and its home are gone, and nothing that
// the agent will see holds a value that the setup saw. What cannot be looked at counts as found: the agent then does not start.
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Json } from "#core/log";
import type { SandboxPlan } from "#core/sandbox";
import { forTerminal } from "#core/text";
import {
  type FilesSearched,
  FormSearch,
  formsOf,
  processesBelow,
  SHORTEST_VALUE,
  type SoughtValue,
  searchAttributes,
  searchFiles,
  searchProcesses,
} from "#sandbox";
import type { Prepared } from "../prepare/prepare.ts";
import { writtenFolders } from "../session-folders.ts";
import type { PreparedSetup } from "./setup-plan.ts";

/** What is checked. */
export interface SetupCheckParts {
  readonly session: string;
  readonly prepared: Prepared;
  readonly setup: PreparedSetup;
  /** What the setup saw, or what stood for it. */
  readonly values: readonly SoughtValue[];
  /** When the setup began. */
  readonly sinceMs: number;
  /** The native helper. */
  readonly helper: string;
}

/** What came of it: where something was found, in words, and what goes on record. */
export interface SetupChecked {
  readonly found: readonly string[];
  readonly unsure: readonly string[];
  readonly data: Readonly<Record<string, Json>>;
}

/** A process that was killed is gone after this long, or stuck. */
const SETTLE_MS = 2_000;

/** Looks. Nothing of the setup runs any more, and nothing of the agent runs yet. */
export async function checkSetup(parts: SetupCheckParts): Promise<SetupChecked> {
  const { prepared, setup, values } = parts;
  const forms = formsOf(values);
  const left = await leftProcesses(parts);
  const below = searchProcesses(processesBelow(process.pid, left), forms);
  const [own, others] =
    forms.length === 0 ? [[], []] : [writtenFolders(prepared.paths).filter(existsSync), lastingPlaces(setup, prepared)];
  const mostBytes = prepared.policy.sandbox.limits.diskBytes;
  const files = await searchFiles(own, forms, { mostBytes });
  const lasting = await searchFiles(others, forms, { mostBytes, sinceMs: parts.sinceMs });
  const marks = await searchAttributes([...own, ...others], forms, parts.helper);
  const plan = searchPlan(prepared.plan, parts);
  const sockets = openSockets(setup.folders.proxy);
  const short = values.filter(({ value }) => Buffer.byteLength(value) < SHORTEST_VALUE).map(({ name }) => name);
  const still = [setup.folders.home, setup.folders.tmp, setup.folders.proxy].filter(existsSync);
  const found = [
    ...left.map((pid) => `process ${pid} of the setup still runs`),
    ...still.map((path) => `\`${path}\` of the setup is still there`),
    ...(sockets > 0 ? [`${sockets} sockets of the setup are still open`] : []),
    ...below.found.map(({ pid, place, name }) => `the ${place} of process ${pid} hold \`${name}\``),
    ...[...files.found, ...lasting.found].map(
      ({ path, name }) => `\`${inWorkspace(path, prepared)}\` holds \`${name}\``,
    ),
    ...marks.found.map(
      ({ path, name }) => `an extended attribute of \`${inWorkspace(path, prepared)}\` holds \`${name}\``,
    ),
    ...plan.map((name) => `the agent's own environment, arguments or handed-in files hold \`${name}\``),
  ];
  const unsure = [
    ...[...files.unread, ...lasting.unread].map((path) => `\`${inWorkspace(path, prepared)}\` cannot be read`),
    ...marks.unread.map((path) => `the extended attributes below \`${inWorkspace(path, prepared)}\` cannot be read`),
    // What a placeholder stood for was never inside: only a value that was shown can be in there.
    ...(setup.exposed.length === 0 ? [] : [...files.packed, ...lasting.packed]).map(
      ({ kind, path }) => `\`${inWorkspace(path, prepared)}\` is compressed in a way that is not read here (${kind})`,
    ),
    ...short.map((name) => `\`${name}\` is too short to be looked for`),
  ];
  return { found, unsure: values.length === 0 ? [] : unsure, data: dataOf() };

  function dataOf(): SetupChecked["data"] {
    const count = (one: FilesSearched): Json => ({ files: one.files, bytes: one.bytes });
    return {
      secrets: values.map(({ name }) => name),
      forms: forms.length,
      processesLeft: left.length,
      processes: below.processes,
      memoryBytes: below.bytes,
      memoryClosed: below.closed,
      session: count(files),
      lasting: count(lasting),
      attributes: marks.attributes,
      packedUnread: files.packed.length + lasting.packed.length,
      home: "gone",
      sockets,
    };
  }
}

/** Processes of this session, by its cgroup and by the mark in their environment, once those that were killed had time to go. */
async function leftProcesses(parts: SetupCheckParts): Promise<readonly number[]> {
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    const left = sessionProcesses(parts);
    if (left.length === 0 || performance.now() > until) return left;
    await sleep(20);
  }
}

function sessionProcesses({ prepared, session }: SetupCheckParts): readonly number[] {
  const grouped = (prepared.cgroup?.procs ?? []).flatMap((file) => text(file).split("\n").filter(Boolean).map(Number));
  const marked = processesBelow(process.pid).filter((pid) =>
    text(`/proc/${pid}/environ`).split("\0").includes(`RINGFENCE_SESSION=${session}`),
  );
  return [...new Set([...grouped, ...marked])].filter((pid) => pid !== process.pid);
}

/** What the setup could write and that outlives the session: its caches, a live workspace, the folders of `allowWrite`. */
function lastingPlaces(setup: PreparedSetup, { paths }: Prepared): readonly string[] {
  const plans = setup.commands.slice(0, 1).map(({ plan }) => plan);
  const places = plans.flatMap(({ mounts, workspace }) => [
    ...(workspace.kind === "direct" ? [workspace.root] : []),
    ...mounts.flatMap((mount) => (mount.kind === "bind" || mount.kind === "live" ? [mount.source] : [])),
  ]);
  return [...new Set(places)].filter(
    (path) => existsSync(path) && path !== paths.dir && !path.startsWith(`${paths.dir}/`),
  );
}

function searchPlan({ argv, env, mounts }: SandboxPlan, { values }: SetupCheckParts): readonly string[] {
  const files = mounts.flatMap((mount) => (mount.kind === "file" ? [Buffer.from(mount.content)] : []));
  const words = Buffer.from([...argv, ...Object.entries(env).flat()].join("\0"));
  const forms = formsOf(values);
  return [...new Set([...files, words].flatMap((bytes) => new FormSearch(forms).take(bytes)))];
}

/** Sockets at that path that the kernel knows. */
function openSockets(path: string): number {
  return text("/proc/net/unix")
    .split("\n")
    .filter((line) => line.endsWith(` ${path}`)).length;
}

/** As the person knows it. */
function inWorkspace(path: string, { paths, workspace }: Prepared): string {
  const known = path.startsWith(`${paths.upper}/`) ? `${workspace.root}${path.slice(paths.upper.length)}` : path;
  return forTerminal(known, { max: 300 });
}

function text(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // ended meanwhile, or no such file here
  }
}
