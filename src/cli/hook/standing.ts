// Whether installed hooks still stand: read from the files as they are now, not from what was once written, those of the project that one stands in
// among them: a repository may bring along a switch that keeps the agent from running any hook.
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import type { HookedAgent } from "#core";
import {
  HOOK_TIMEOUT_SECONDS,
  hooksAreOff,
  isTrusted,
  openCodePlugin,
  placesOf,
  switchedOff,
  switchFilesOf,
} from "#hooks";
import { allRecords, type InstallRecord } from "../install-record.ts";
import { hookClient } from "./client.ts";
import type { HookClient } from "./plan.ts";
import { hookSite } from "./site.ts";

/** How one installation stands. */
export interface Standing {
  readonly agent: string;
  readonly scope: string;
  readonly file: string;
  readonly stands: boolean;
  /** One sentence. */
  readonly why: string;
}

/** How every installation on this machine stands. */
export function hookStandings(
  options: { readonly project?: boolean; readonly user?: boolean } = {},
): readonly Standing[] {
  const place = hookSite({ user: options.user === true });
  if (!place.ok) return [];
  const { stateDir, stateHome, installation } = place.value;
  const project = hookSite({ project: true });
  const here = new Set([process.cwd(), ...(project.ok ? [project.value.site.root] : [])]);
  return allRecords(stateDir)
    .filter(({ scope }) => (options.project === true ? scope === "project" : options.user !== true || scope === "user"))
    .map((record) => {
      const client = hookClient(record.agent, installation, stateHome);
      return client.ok
        ? standingOf(record, client.value, record.scope === "project" ? [record.base] : [...here])
        : { agent: record.agent, scope: record.scope, file: "", stands: false, why: client.error.message };
    });
}

/** Looks at one installation. `client`: how this installation would be started now. `roots`: where the agent would be started. */
export function standingOf(record: InstallRecord, client: HookClient, roots: readonly string[]): Standing {
  const [first] = record.files;
  const about = { agent: record.agent, scope: record.scope, file: first?.path ?? "" };
  const fault = faultOf(record, client) ?? switchIn(record.agent, roots);
  return { ...about, stands: fault === undefined, why: fault ?? "every event asks this ringfence" };
}

function faultOf(record: InstallRecord, client: HookClient): string | undefined {
  if (record.client !== client.shell) return `the hooks start another client: ${record.client}`;
  let places: ReadonlyMap<string, number> = new Map();
  for (const { kind, path } of record.files) {
    const text = textOf(path);
    if (text === undefined) return `\`${path}\` is gone`;
    if (kind === "settings" && record.agent !== "opencode") {
      const found = placesOf(record.agent, text, path, client.shell);
      if (found === undefined) return `\`${path}\` no longer has every hook, or is not JSON as the agent reads it`;
      places = found;
      const off = switchedOff(record.agent, text, path);
      if (off !== undefined) return `\`${path}\` switches hooks off (${off})`;
    }
    if (kind === "plugin" && text !== openCodePlugin({ ...client, timeoutMs: HOOK_TIMEOUT_SECONDS * 1_000 }))
      return `\`${path}\` was edited`;
    if (kind === "trust" && hooksAreOff(text)) return `\`${path}\` switches hooks off (features.hooks = false)`;
    if (kind === "trust" && !isTrusted(text, { hooksFiles: record.hooksFiles, places, client: client.shell }))
      return `codex no longer trusts the hooks, and skips them without a word (\`${path}\`)`;
  }
  return undefined;
}

/** A project's switch against the hooks that a fence lays into the agent's own folder. Those of the other agents rank above any project. */
export function insideSwitch(preset: string, root: string): string | undefined {
  return preset === "copilot" || preset === "gemini" ? switchIn(preset, [root]) : undefined;
}

function switchIn(agent: HookedAgent, roots: readonly string[]): string | undefined {
  for (const path of new Set(roots.flatMap((root) => switchFilesOf(agent, root)))) {
    const text = textOf(path);
    if (text === undefined || agent === "opencode") continue;
    const off =
      agent !== "codex" ? switchedOff(agent, text, path) : hooksAreOff(text) ? "features.hooks = false" : undefined;
    if (off !== undefined) return `\`${path}\` switches hooks off (${off}), those of this person too`;
  }
  return undefined;
}

const TEXT_MOST = 4_194_304;

/** Undefined where there is no plain file of reasonable size: a repository may hold anything under these names. */
function textOf(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = fstatSync(file);
    return found.isFile() && found.size <= TEXT_MOST ? readFileSync(file, "utf8") : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
