// The door of the network's words and rules.

export {
  type AddressClass,
  canonicalAddress,
  classifyAddress,
  isInside,
  isOwnAddress,
  singleAddress,
} from "./address.ts";
export { methodsOf } from "./asked.ts";
export { isSamePlan, onlyTightens, readsMore, tightest } from "./compare.ts";
export {
  type AddressVerdict,
  allowing,
  decideAddresses,
  decideHost,
  type HostVerdict,
  REPORT_RULE,
} from "./decide.ts";
export { expandNetwork, presetNames } from "./expand.ts";
export { isFenceAddress } from "./fence-address.ts";
export { parseEgressRule, splitPort } from "./grammar.ts";
export { isAddress, parseHost } from "./host.ts";
export { normalPath, pathMatches } from "./path.ts";
export { type ReadingWishes, readingOf, readsByRule } from "./reading.ts";
export { decideRequest, type EgressRequest, needsReading, type RequestVerdict } from "./request.ts";
export type {
  EgressPeer,
  EgressPlan,
  EgressRefusal,
  EgressRule,
  HostPattern,
  PrivateAddress,
  ProgramMatch,
  Protocol,
} from "./rule.ts";
export { REGISTRIES, type Registry, type ToolConfig, type ToolHost } from "./tool-config.ts";
