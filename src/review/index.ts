// The door of the review room: what a person reads before changes reach the host, and git's own settings.
export { type ConfigPlace, planGitConfig, writeGitConfig } from "./git-config.ts";
export { type Sides, showChange } from "./show.ts";
