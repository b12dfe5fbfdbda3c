// What asks a person in every mode and under every rule (PERM-11, DESIGN 7 rule 8): by its kind, or by how much it takes away.
import type { Reason } from "../decision.ts";
import { type Command, type Effect, isInside, type ShellWord } from "../shell/index.ts";
import type { Judge } from "./judge.ts";
import { type NamedPath, type PathFacts, pathOf } from "./judge-paths.ts";

/** What asks a person in every mode: PERM-11, and deleting what is too large (rule 8). */
export function irreversible(command: Command, judge: Judge): readonly Reason[] {
  const reasons: Reason[] = [];
  for (const effect of command.effects) {
    if (effect.kind === "irreversible") reasons.push({ code: effect.code, verdict: "ask", subject: command.text });
    if (ruins(effect, command, judge.facts))
      reasons.push({ code: "delete-critical", verdict: "ask", subject: command.text });
    if (effect.kind === "delete" && isHistory(effect.path, command, judge.facts))
      reasons.push({ code: "history-rewrite", verdict: "ask", subject: command.text });
    if ((effect.kind === "write" || effect.kind === "delete") && isDevice(effect.path, command, judge.facts))
      reasons.push({ code: "destroys-data", verdict: "ask", subject: command.text });
  }
  return reasons;
}

const DEVICE = /^\/dev\/(?:[shv]d[a-z]|xvd|nvme|mmcblk|disk|mapper|md|dm-|loop|sr|nbd|mem|kmem|port)/;

/** `dd of=/dev/sda`: what stood there is gone. */
function isDevice(word: ShellWord, command: Command, facts: PathFacts): boolean {
  return pathOf(word, command.directories, facts)?.names.some((name) => DEVICE.test(name)) === true;
}

/** `.git` of the workspace, its objects, refs or reflogs, or all that is in one of these: what no other copy holds is gone. A lock is not. */
function isHistory(word: ShellWord, command: Command, facts: PathFacts): boolean {
  const folder = word.value ?? (/\/[^/]*[^/*][^/]*$/.test(word.text) ? "" : word.prefix.replace(/\/[^/]*$/, ""));
  const path = folder === "" ? undefined : pathOf({ ...word, value: folder }, command.directories, facts);
  return path?.names.some((name) => isInside(facts.root, name) && HISTORY.test(name.slice(facts.root.length))) === true;
}

const HISTORY = /^\/\.git(?:$|\/(?:objects(?:$|\/)|refs$|refs\/heads$|logs$|packed-refs$|modules$))/i;

/** Is what goes, is emptied or changes its rights too large? Rights below the workspace are its own affair, and so is what nobody knows. */
function ruins(effect: Effect, command: Command, facts: PathFacts): boolean {
  if (effect.kind !== "delete" && (effect.kind !== "write" || effect.wipes === undefined)) return false;
  const critical = isCritical(effect.path, command, facts);
  if (!critical || effect.kind === "delete" || effect.wipes === "contents") return critical;
  return placeOf(effect.path, command, facts)?.names.every((name) => name !== facts.root) === true;
}

/** The path, or for one that is not known the folder that it lies in. */
function placeOf(word: ShellWord, command: Command, facts: PathFacts): NamedPath | undefined {
  const text = word.value ?? word.prefix.slice(0, word.prefix.lastIndexOf("/") + 1);
  return pathOf({ ...word, value: text === "" ? "." : text }, command.directories, facts);
}

/** `/`, home, the workspace, anything above them, a folder at the top of the disk, or all that is in one of these. */
function isCritical(word: ShellWord, command: Command, facts: PathFacts): boolean {
  const glob = word.value === undefined;
  const path = placeOf(word, command, facts);
  if (path === undefined) return true;
  if (glob && picksSome(word) && path.names.every((name) => isInside(facts.root, name))) return false;
  return (
    path.names.some(
      (name) => isInside(name, facts.root) || isInside(name, facts.home) || name.lastIndexOf("/") === 0,
    ) ||
    (glob && word.prefix === "")
  );
}

/** `*.log`, `test_*`: by the letters of its last part never all that is there, nor what begins with a dot. */
function picksSome({ kind, text, picked }: ShellWord): boolean {
  return (
    picked === true ||
    (kind === "glob" && /(?:^|\/)(?:[\w-]{2}[^/]*|\*[\w.-]*(?:\.\w|\w{2})[\w.*-]*)$/.test(text) && !/[$`{]/.test(text))
  );
}
