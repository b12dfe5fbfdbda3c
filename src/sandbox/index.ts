// The door of the sandbox room: processes, namespaces, workspaces.
export { type Cgroup, type CgroupLimits, openCgroup, removeGroup, staleGroups } from "./cgroup.ts";
export { probeClaims } from "./claims.ts";
export { type CopiedTree, copyTree } from "./copy-tree.ts";
export type { Activity, Fence, FenceEvent, FenceExit, FenceStreams } from "./fence.ts";
export type { Freezer } from "./freezer.ts";
export { BORROWED_OBJECTS } from "./git/git-fence.ts";
export { makeHandover } from "./git/handover.ts";
export { makePrivateCopy, type PrivateCopy } from "./git/private-copy.ts";
export { readHostFacts } from "./host-facts.ts";
export { landlockVersion, NO_LANDLOCK, probeLandlock } from "./landlock.ts";
export { type LaunchDeps, launch } from "./launch.ts";
export { type Measurer, openMeasurer, type TreeSize } from "./measure.ts";
export { ancestryOf, peerOf, ticksNow } from "./peer.ts";
export { type PublishedPorts, publishPorts } from "./ports.ts";
export {
  explainRefusal,
  type Probe,
  probeBubblewrap,
  probeGit,
  probeHelper,
  probeMemoryLimit,
  probeNamespaces,
  probeNode,
  probeOverlay,
  probeSeccomp,
  probeTerminal,
} from "./probe.ts";
export { probeFence } from "./probe-fence.ts";
export { probeLimits } from "./probe-limits.ts";
export { probeRedirect } from "./probe-redirect.ts";
export { probeSeatbelt } from "./probe-seatbelt.ts";
export { type ReadFence, readInFence } from "./read-fence.ts";
export type { OnSeen } from "./recorder-stream.ts";
export { RUNTIMES } from "./runtimes/all.ts";
export { probeRuntimes } from "./runtimes/probe-runtimes.ts";
export type { RuntimeProbe, SandboxRuntime } from "./runtimes/runtime.ts";
export { standingOf } from "./runtimes/standing.ts";
export { layView } from "./secrets/git-layer.ts";
export { type ShownGit, takeBack } from "./secrets/git-restore.ts";
export { blobOf } from "./secrets/git-scan.ts";
export { type GitView, makeGitView } from "./secrets/git-view.ts";
export { type Lookout, openLookout } from "./secrets/lookout.ts";
export type { MaskRules } from "./secrets/tree-walk.ts";
export { endStragglers, findStragglers, type Straggler } from "./stragglers.ts";
export { findBubblewrap } from "./trial.ts";
export { searchAttributes } from "./value-search/attributes.ts";
export { type FilesSearched, searchFiles } from "./value-search/files.ts";
export { FormSearch, formsOf, SHORTEST_VALUE, type SoughtValue } from "./value-search/forms.ts";
export { processesBelow, searchProcesses } from "./value-search/processes.ts";
export { type ApplyPlaces, applyChanges, finishApply } from "./workspace/apply.ts";
export type { Applied, Refusal } from "./workspace/carry.ts";
export { type ChangesOptions, readChanges } from "./workspace/changes.ts";
export { cachedDigests, type DigestReader } from "./workspace/digest-cache.ts";
export { sealDirectPast } from "./workspace/direct-past.ts";
export { packHolds } from "./workspace/git-pack.ts";
export { hideBelow } from "./workspace/hide-below.ts";
export { placesOf, seeObeyed } from "./workspace/obeyed.ts";
export { changeKept } from "./workspace/past-beside.ts";
export { smallText } from "./workspace/regular-file.ts";
export {
  findSecretFiles,
  identityOf,
  isUnnamed,
  judgeNames,
  lookAt,
  namesOf,
  type SecretFiles,
  type SecretSearch,
  secretsOf,
} from "./workspace/secrets.ts";
export { finishUndo, planUndo, type UndoPlaces, type UndoPlan, undoChanges } from "./workspace/undo.ts";
export { readUpper, type UpperEntry } from "./workspace/upper.ts";
