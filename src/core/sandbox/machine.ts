// A plan carried out in a virtual machine (native/machine.h): the same view, workspace and bridge, but the fence's command is qemu, an ordinary program
// of the fence, and the agent runs in the kernel that qemu boots. Pure, golden-tested.
import { type CpioEntry, cpioArchive } from "./cpio.ts";
import { reachesHostFiles } from "./layout.ts";
import type { Mount, SandboxPlan } from "./plan.ts";
import { furtherProgram } from "./program.ts";
import { type Architecture, seccompFilter } from "./seccomp.ts";

const ENGINE = "/.engine";
const HELPER = `${ENGINE}/helper`;
const KERNEL = `${ENGINE}/kernel`;
const INITRD = `${ENGINE}/initrd`;
const BEGUN = `${ENGINE}/begun`;
/** The view without /proc and /dev, and without ENGINE: all that the guest can ever ask for. */
const VIEW = `${ENGINE}/root`;

/** Descriptors of the serial ports in qemu, and how many ports there are (native/machine.h, machine_wire.h). The machine tells the
 * guest of a port in two messages, and has room for 32 that are not taken yet: what comes beyond is lost without a word. */
const PORTS_FROM = 10;
const PORTS = 14;

/** Threads of qemu and of the helper beside it, which count as the caller's. */
const MACHINE_THREADS = 512;

/** What of the host the machine needs. Absolute paths. */
export interface MachinePlaces {
  readonly qemu: string;
  readonly kernel: string;
  readonly helper: string;
  /** A Unix socket that is connected to as soon as the guest can start the command. */
  readonly begun: string;
  readonly architecture: Architecture;
  readonly memoryBytes: number;
  readonly processors: number;
  /** The guest's first program, and its drivers in the order of loading. */
  readonly init: Uint8Array;
  readonly drivers: readonly { readonly name: string; readonly content: Uint8Array }[];
}

/** The plan in which qemu runs `plan`'s command. */
export function machinePlan(plan: SandboxPlan, places: MachinePlaces): SandboxPlan {
  const { recorder: _, ...rest } = plan; // it would see qemu's files and programs, not the agent's
  const mounts: readonly Mount[] = [
    { kind: "tmpfs", target: ENGINE, sizeBytes: 2 ** 27 },
    { kind: "ro-bind", source: places.helper, target: HELPER },
    { kind: "ro-bind", source: places.kernel, target: KERNEL },
    { kind: "ro-bind", source: places.begun, target: BEGUN },
    { kind: "file", target: INITRD, content: initialFiles(plan, places) },
  ];
  const proxy = plan.bridge?.port ?? 0;
  return {
    ...rest,
    engine: { kind: "machine", signal: [] },
    mounts: [...plan.mounts, ...mounts],
    cwd: "/",
    argv: [HELPER, "machine", BEGUN, `${proxy}`, `${PORTS}`, "--", ...qemuCommand(plan, places)],
    env: { PATH: "/usr/bin:/bin" },
    // Of the agent's processes and files: the guest sets them.
    limits: { ...plan.limits, fileSizeBytes: 0, pids: plan.limits.pids === 0 ? 0 : plan.limits.pids + MACHINE_THREADS },
  };
}

function qemuCommand(plan: SandboxPlan, places: MachinePlaces): readonly string[] {
  const port = (_: unknown, at: number): readonly string[] => [
    ...["-chardev", `socket,id=port${at + 1},fd=${PORTS_FROM + at}`],
    ...["-device", `virtserialport,chardev=port${at + 1},nr=${at + 1}`],
  ];
  return [
    places.qemu,
    // Translated, not virtualised: needs no device, works everywhere. Qemu promises no isolation of it; the fence around it does.
    ...["-M", "pc,usb=off,vmport=off,smm=off", "-accel", "tcg", "-cpu", "max"],
    ...["-m", `${Math.floor(places.memoryBytes / 2 ** 20)}M`, "-smp", `${places.processors}`],
    ...["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"],
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    ...["-kernel", KERNEL, "-initrd", INITRD, "-append", bootLine(plan)],
    // First of the virtio devices: the ports' names in the guest (`vport0p1`) count the devices.
    ...["-device", `virtio-serial-pci,max_ports=${PORTS + 1}`],
    ...["-fsdev", `local,id=view,path=${VIEW},security_model=passthrough,multidevs=remap`],
    ...["-device", "virtio-9p-pci,fsdev=view,mount_tag=view"],
    ...Array.from({ length: PORTS }, port).flat(),
  ];
}

function bootLine(plan: SandboxPlan): string {
  const { pids, fileSizeBytes } = plan.limits;
  const facts = [plan.uid, plan.gid, plan.bridge?.port ?? 0, PORTS, pids, fileSizeBytes, plan.hostname];
  return `quiet edd=off reboot=t panic=-1 rdinit=/init -- machine-guest ${facts.join(" ")}`;
}

function initialFiles(plan: SandboxPlan, places: MachinePlaces): Uint8Array {
  const file = (path: string, content: Uint8Array, mode = 0o600): CpioEntry => ({ kind: "file", path, mode, content });
  const { architecture } = places;
  const streams = { stdinTty: false, stdoutTty: false, stderrTty: false };
  return cpioArchive([
    ...["dev", "root", "modules"].map((path): CpioEntry => ({ kind: "folder", path })),
    ...places.drivers.map(({ name, content }, at) => file(`modules/${`${at}`.padStart(2, "0")}-${name}`, content)),
    file("init", places.init, 0o700),
    file("filter", seccompFilter({ architecture, refuseSetGroupId: reachesHostFiles(plan) })),
    file("request", furtherProgram({ argv: plan.argv, cwd: plan.cwd, env: plan.env, streams })),
  ]);
}
