// The door to the presets: facts about agents that other people ship, as data.
export { AGENT_PRESETS, type AgentPreset, agentEnvironment, agentFor, insideArgv } from "./agents.ts";
export { type PackageRunner, packageRunner } from "./package-runners.ts";
