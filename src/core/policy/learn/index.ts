// The door of what a session teaches. A door of its own: `run` and `check` do not load it.
export { learnedPolicy, learnFrom } from "./learn.ts";
export type { Evidence, Learned, LearnPlaces, LeftOut, Proposal, Unneeded } from "./proposal.ts";
