// The door of the fence's plan and its translations.
export { proxyPort, turnedPlan } from "./bridge.ts";
export { bwrapArguments } from "./bwrap.ts";
export { type ContainerPlan, containerPlan, nestArguments } from "./container.ts";
export { containerProfile } from "./container-profile.ts";
export { type EnginePlaces, runscCommand, runscPlan } from "./engine.ts";
export { buildEnvironment, type Environment, type EnvironmentParts } from "./environment.ts";
export { type MachinePlaces, machinePlan } from "./machine.ts";
export type { GuardPlan, HelperLimits, Mount, ObjectsPlan, SandboxPlan, StreamsPlan, WorkspacePlan } from "./plan.ts";
export { type FurtherCommand, furtherProgram, helperProgram, objectsProgram, type ProgramRecord } from "./program.ts";
export {
  type ActOutcome,
  parseRecorderLine,
  type RecorderEvent,
  type RecorderPlan,
  type SocketName,
  type WriteOperation,
} from "./recorder.ts";
export {
  candidateRuntimes,
  chooseRuntime,
  FEATURES,
  type Feature,
  ISOLATION_ORDER,
  type Isolation,
  lackingFeatures,
  type RuntimeFacts,
  type RuntimeName,
  type RuntimeStanding,
  type RuntimeWish,
  unfitPlan,
} from "./runtime.ts";
export { type SeatbeltPlaces, seatbeltProfile } from "./seatbelt.ts";
export { type Architecture, hasSeccompTable, type SeccompOptions, seccompFilter } from "./seccomp.ts";
export {
  cachePlaces,
  credentialNames,
  expandHome,
  type HostFacts,
  type InsideUser,
  insidePath,
  isNeverWorkspace,
  type SessionFolders,
  shimFolders,
  toolchainFolders,
  viewCandidates,
  viewMounts,
} from "./view.ts";
