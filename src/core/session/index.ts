export { DEFAULT_LEG_POLICY, LEG_SOURCES, type Leg, type LegPolicy, type LegSource, legsOf } from "./leg-policy.ts";
export {
  causesOf,
  judgeLegs,
  type LegCause,
  type LegState,
  type LegVerdict,
  NO_LEGS,
  newCauses,
  type Observation,
  observe,
} from "./legs.ts";
export type { HeldChange, HostCount, Outcome } from "./outcome.ts";
export { duration, summaryLines } from "./summary.ts";
