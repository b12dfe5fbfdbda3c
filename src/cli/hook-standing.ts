// Whether installed hooks still stand: read from the files as they are now, not from what was once written.
import { readFileSync } from "node:fs";
import { HOOK_TIMEOUT_SECONDS, hooksAreOff, isTrusted, openCodePlugin, placesOf, switchedOff } from "#hooks";
import { hookClient } from "./hook-client.ts";
import type { HookClient } from "./hook-plan.ts";
import { hookSite } from "./hook-site.ts";
import { allRecords, type InstallRecord } from "./install-record.ts";

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
  return allRecords(stateDir)
    .filter(({ scope }) => (options.project === true ? scope === "project" : options.user !== true || scope === "user"))
    .map((record) => {
      const client = hookClient(record.agent, installation, stateHome);
      return client.ok
        ? standingOf(record, client.value)
        : { agent: record.agent, scope: record.scope, file: "", stands: false, why: client.error.message };
    });
}

/** Looks at one installation. `client`: how this installation would be started now. */
export function standingOf(record: InstallRecord, client: HookClient): Standing {
  const [first] = record.files;
  const about = { agent: record.agent, scope: record.scope, file: first?.path ?? "" };
  const fault = faultOf(record, client);
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

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
