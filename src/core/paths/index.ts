// What a path means (SAND-3, CRED-6, DESIGN 7.7): protected, secret, matched by a pattern. Pure.

export { isCommonPlace } from "./common.ts";
export {
  compileDenies,
  compilePattern,
  couldMatchBelow,
  fixedPart,
  type PathMatcher,
  type PatternPlaces,
} from "./pattern.ts";
export {
  foldName,
  guardPlan,
  isDependencyFolder,
  isGitName,
  leadsToProtected,
  type ProtectedNames,
  type Protection,
  protection,
} from "./protected.ts";
export { holdsSecret, SECRET_PROBE_BYTES, type SecretSuspicion, secretSuspicion } from "./secret.ts";
export { SECRET_FOLDERS, SECRET_WORDS } from "./secret-words.ts";
