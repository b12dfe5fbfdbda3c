// The helper's program (native/program.h): the part of a plan that is carried out inside, as bytes. Pure, golden-tested.
// A record is netstrings, the number of strings and then the strings: `1:2,4:port,4:3128,`.

import type { BridgePlan } from "./bridge.ts";
import { landlockRecords } from "./landlock.ts";
import { reachesHostFiles, stagingPlaces } from "./layout.ts";
import type { Mount, SandboxPlan } from "./plan.ts";
import { type Architecture, seccompFilter } from "./seccomp.ts";

/** What the helper is told of it. */
export function bridgeRecords(bridge: BridgePlan | undefined): readonly ProgramRecord[] {
  if (bridge === undefined) return [];
  const { port, turned } = bridge;
  if (turned === undefined) return [["bridge", port]];
  return [
    ["bridge", port],
    ["preface", 2],
    ["turn", turned.way],
    ...turned.ports.map((one) => ["turned", one] as const),
    ...(turned.addresses === "any" ? ["any"] : turned.addresses).map((one) => ["turned-address", one] as const),
  ];
}

type Field = string | number | Uint8Array;
/** One record of the program. */
export type ProgramRecord = readonly [operation: string, ...fields: Field[]];

/**
 * The program of a plan, for a machine of this architecture. Environment and arguments are carried as they are. `before`: how the root is made, where
 * no bubblewrap has made it.
 */
export function helperProgram(
  plan: SandboxPlan,
  architecture: Architecture,
  before: readonly ProgramRecord[] = [],
): Uint8Array {
  return encode([...before, ...programRecords(plan, architecture)]);
}

/** What is laid over other files at the end (`ObjectsPlan`), to follow the program; `contentOf` reads a source. */
export function objectsProgram(plan: SandboxPlan, contentOf: (source: string) => Uint8Array): Uint8Array {
  const { instead = [], hidden = [] } = plan.objects ?? {};
  const layer = layered(plan);
  return encode([
    ...instead.map(({ target, source }) => ["file", target, contentOf(source)] as const),
    ...hidden.filter((path) => !layer.includes(path)).map((path) => ["cover", path] as const),
  ]);
}

/** Files that are left out by the mask layer. */
function layered({ objects, workspace }: SandboxPlan): readonly string[] {
  return objects?.layered === true ? objects.hidden.filter((path) => path.startsWith(`${workspace.root}/`)) : [];
}

/** One further command in a running fence (native/request.h): what differs from the first. */
export interface FurtherCommand {
  readonly argv: readonly string[];
  /** Absolute, as inside. */
  readonly cwd: string;
  /** In front of the first command's environment. */
  readonly env: SandboxPlan["env"];
  /** Which of stdin, stdout, stderr are terminals of the caller. */
  readonly streams: SandboxPlan["streams"];
}

/** The request of a further command, as the helper reads it. */
export function furtherProgram(command: FurtherCommand): Uint8Array {
  return encode([
    ["cwd", command.cwd],
    ...ttyRecords(command),
    ...Object.entries(command.env).map(([name, value]) => ["env", `${name}=${value}`] as const),
    ...command.argv.map((argument) => ["arg", argument] as const),
  ]);
}

function programRecords(plan: SandboxPlan, architecture: Architecture): readonly ProgramRecord[] {
  return [
    ...plan.mounts.flatMap(mountRecords),
    ...workspaceRecords(plan),
    ...(plan.engine === undefined ? [] : [["engine", plan.engine.kind] as const]),
    ...(plan.engine?.signal ?? []).map((word) => ["engine-signal", word] as const),
    ...landlockRecords(plan),
    ["root", plan.workspace.root],
    ["cwd", plan.cwd],
    ["search", plan.env["PATH"] ?? "/usr/bin:/bin"],
    ["user", plan.uid, plan.gid],
    ["limits", plan.limits.pids, plan.limits.fileSizeBytes, plan.limits.watchMemoryBytes],
    ["open-files", plan.limits.openFiles],
    ["processors", plan.limits.processors],
    ...bridgeRecords(plan.bridge),
    ...plan.ports.map((port) => ["port", port] as const),
    ...ttyRecords(plan),
    ...(plan.recorder === undefined ? [] : [["record", plan.recorder.reads === "none" ? 0 : 1] as const]),
    [
      "seccomp",
      seccompFilter({ architecture, refuseSetGroupId: reachesHostFiles(plan), engine: plan.engine?.kind === "runsc" }),
    ],
    ...Object.entries(plan.env).map(([name, value]) => ["env", `${name}=${value}`] as const),
    ...plan.argv.map((argument) => ["arg", argument] as const),
  ];
}

function mountRecords(mount: Mount): readonly ProgramRecord[] {
  if (mount.kind === "file") return [["file", mount.target, mount.content]];
  if (mount.kind === "still") return [["still", mount.target]];
  return mount.kind === "live" ? [["endpoints", mount.target]] : [];
}

function workspaceRecords(plan: SandboxPlan): readonly ProgramRecord[] {
  const { workspace, masked } = plan;
  if (workspace.kind === "overlay") {
    const places = stagingPlaces(workspace);
    const inside = [...masked, ...layered(plan)].map((path) => path.slice(workspace.root.length + 1));
    const hasMask = inside.length > 0 || plan.objects?.layered === true;
    return [
      ...inside.map((path) => ["whiteout", path] as const),
      ["overlay", places.lower, hasMask ? places.mask : "", places.upper, places.work, workspace.root],
      ...(workspace.repository === undefined || places.repository === undefined
        ? []
        : [
            [
              "overlay",
              ...[places.repository.lower, "", places.repository.upper, places.repository.work],
              workspace.repository.root,
            ] as const,
          ]),
    ];
  }
  const covers = masked.map((path) => ["cover", path] as const);
  if (workspace.kind === "read-only") return [["still", workspace.root], ...covers];
  return [
    ["endpoints", workspace.root],
    ...covers,
    ...(workspace.past === undefined ? [] : [["past", workspace.past.bytes] as const]),
    ...workspace.guard.names.map((name) => ["guard", name] as const),
    ...workspace.guard.exceptBelow.map((name) => ["guard-except", name] as const),
  ];
}

function ttyRecords({ streams }: Pick<SandboxPlan, "streams">): readonly ProgramRecord[] {
  return [streams.stdinTty, streams.stdoutTty, streams.stderrTty].flatMap((tty, stream): ProgramRecord[] =>
    tty ? [["tty", stream]] : [],
  );
}

function encode(records: readonly ProgramRecord[]): Uint8Array {
  const text = new TextEncoder();
  const parts = records.flatMap((record) => [String(record.length), ...record].flatMap((field) => netstring(field)));
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(total);
  parts.reduce((at, part) => {
    bytes.set(part, at);
    return at + part.length;
  }, 0);
  return bytes;

  function netstring(field: Field): readonly Uint8Array[] {
    const content = field instanceof Uint8Array ? field : text.encode(String(field));
    return [text.encode(`${content.length}:`), content, text.encode(",")];
  }
}
