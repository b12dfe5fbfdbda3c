// The door of the egress room: everything that leaves goes through here.
export type { Consult } from "./dial.ts";
export { proxyEnvironment } from "./environment.ts";
export type {
  BodyFilter,
  ExchangeFilter,
  FilterRefusal,
  HttpFilter,
  Peer,
  RequestView,
  ResponseView,
} from "./filter.ts";
export type { Inspector } from "./inspector.ts";
export { type Egress, type EgressOptions, openEgress } from "./proxy.ts";
export { readToolConfig, type ToolConfigPlaces } from "./tool-config.ts";
