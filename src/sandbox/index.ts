// The door of the sandbox room: processes, namespaces, workspaces.
export { type Cgroup, type CgroupLimits, openCgroup } from "./cgroup.ts";
export { type Fence, type FenceEvent, type FenceExit, type LaunchDeps, launch } from "./launch.ts";
export {
  explainRefusal,
  type Probe,
  probeBubblewrap,
  probeGit,
  probeHelper,
  probeLandlock,
  probeMemoryLimit,
  probeNamespaces,
  probeNode,
  probeOverlay,
  probeSeccomp,
  probeTerminal,
} from "./probe.ts";
export { type ReadFence, readInFence } from "./read-fence.ts";
export { findBubblewrap } from "./trial.ts";
