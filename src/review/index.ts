// The door of the review room: what a person reads before changes reach the host, and git's own settings.
export { type ConfigPlace, planGitConfig, writeGitConfig } from "./git-config.ts";
export { namedByGit } from "./git-named.ts";
export { type Hunk, hunksOf, withHunks, withoutHunks } from "./hunks.ts";
export { findRenames } from "./renames.ts";
export { showChange } from "./show.ts";
export { readSide } from "./side.ts";
