// The door of the network's words and rules.
export { type AddressClass, canonicalAddress, classifyAddress, isInside, singleAddress } from "./address.ts";
export { type AddressVerdict, decideAddresses, decideHost, type EgressRefusal, type HostVerdict } from "./decide.ts";
export { expandNetwork, presetNames } from "./expand.ts";
export { parseEgressRule, splitPort } from "./grammar.ts";
export { isAddress, parseHost } from "./host.ts";
export type { EgressPlan, EgressRule, PrivateAddress } from "./rule.ts";
export type { ToolConfig, ToolHost } from "./tool-config.ts";
