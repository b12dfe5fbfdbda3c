export type { HeldChange, HostCount, Outcome } from "./outcome.ts";
export { duration, summaryLines } from "./summary.ts";
