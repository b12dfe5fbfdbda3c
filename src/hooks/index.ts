// The door of the hooks room: each agent's hook protocol, in its own dialect.
import type { Dialect } from "#core";
import { claudeCode } from "./claude-code.ts";
import { codex } from "./codex.ts";
import { copilot } from "./copilot.ts";
import { cursor } from "./cursor.ts";
import { gemini } from "./gemini.ts";
import { opencode } from "./opencode.ts";

/** Every agent whose hooks are spoken, in the order of the documentation. */
export const DIALECTS: readonly Dialect[] = [claudeCode, codex, cursor, copilot, gemini, opencode];

/** The dialect of an agent by the word that `ringfence hook` takes; `undefined` for an unknown one, which the caller refuses. */
export function dialectOf(agent: string): Dialect | undefined {
  return DIALECTS.find((dialect) => dialect.agent === agent);
}

export type { Dialect } from "#core";
export { hooksAreOff, isTrusted, withoutTrust, withTrust } from "./install/codex-trust.ts";
export { insideHooks } from "./install/inside.ts";
export { openCodePlugin } from "./install/opencode-plugin.ts";
export {
  codexConfigOf,
  hookFileOf,
  type InstallScope,
  type InstallSite,
  type SettingsPlace,
  shellWord,
  switchFilesOf,
} from "./install/places.ts";
export {
  HOOK_TIMEOUT_SECONDS,
  madePaths,
  placesOf,
  type SettingsAgent,
  switchedOff,
  withHooks,
  withoutHooks,
} from "./install/settings.ts";
