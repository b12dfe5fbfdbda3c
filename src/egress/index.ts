// The door of the egress room: everything that leaves goes through here.
export type { Consult } from "./dial.ts";
export { proxyEnvironment } from "./environment.ts";
export type { BodyFilter, ExchangeFilter, HttpFilter, Peer, RequestView, ResponseView } from "./filter.ts";
export { type BudgetHit, type HostBudgetOptions, hostBudget } from "./host-budget.ts";
export type { Inspection, Readers } from "./inspect/inspection.ts";
export { openInspection, trustedRoots } from "./inspect/open.ts";
export type { Inspector } from "./inspector.ts";
export { unpack } from "./leak/unpack.ts";
export {
  type Leak,
  type LeakFilterOptions,
  type LeakPlace,
  leakFilter,
  type NameGuard,
  nameGuard,
} from "./leak-filter.ts";
export type { FilterRefusal } from "./made.ts";
export { modelWatch } from "./model/model-watch.ts";
export { type ChooseProxy, readOutsideProxy } from "./outside-proxy.ts";
export type { TakeOwn } from "./own.ts";
export { type Egress, type EgressOptions, openEgress } from "./proxy.ts";
export { type TokenFilterOptions, tokenFilter } from "./token-filter.ts";
export { readToolConfig, type ToolConfigPlaces } from "./tool-config.ts";
export { reachOutside } from "./via.ts";
