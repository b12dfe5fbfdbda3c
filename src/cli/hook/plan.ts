// What installing and uninstalling would do, as data that can be shown and applied (STYLE 8): each file with its bytes before and after.
import { err, type HookedAgent, ok, type Problem, type Result } from "#core";
import {
  codexConfigOf,
  HOOK_TIMEOUT_SECONDS,
  hookFileOf,
  type InstallSite,
  madePaths,
  openCodePlugin,
  placesOf,
  type SettingsAgent,
  withHooks,
  withoutHooks,
  withoutTrust,
  withTrust,
} from "#hooks";
import { type InstallRecord, sha256, type WrittenFile } from "../install-record.ts";
import { readSettingsFile, type SettingsFile, settingsText } from "../settings-file.ts";

/** One file's change; `after` is undefined where the file goes. */
export interface FileChange {
  readonly kind: WrittenFile["kind"];
  readonly file: SettingsFile;
  /** The file as it would be without us; undefined for none. */
  readonly without: Buffer | undefined;
  readonly after: Buffer | undefined;
}

/** How the client is started: as words, and as shell text. */
export interface HookClient {
  readonly program: string;
  readonly args: readonly string[];
  readonly shell: string;
}

/** Everything an installation would write. */
export interface InstallPlan {
  readonly changes: readonly FileChange[];
  readonly made: readonly (readonly string[])[];
  readonly hooksFiles: readonly string[];
}

/** Longer than the client's own 150 s, so that its words are the ones that are read. */
const PLUGIN_TIMEOUT_MS = HOOK_TIMEOUT_SECONDS * 1_000;

/** The plan of an installation, on top of whatever an earlier one left. */
export function planInstall(
  agent: HookedAgent,
  site: InstallSite,
  client: HookClient,
  record: InstallRecord | undefined,
): Result<InstallPlan, Problem> {
  const file = readSettingsFile(hookFileOf(agent, site));
  if (!file.ok) return file;
  if (agent === "opencode") return planPlugin(file.value, client, record);
  const { path } = file.value;
  const without = withoutOurs(agent, file.value, record);
  if (!without.ok) return without;
  const text = settingsText(without.value, path);
  if (!text.ok) return text;
  const after = withHooks(agent, text.value, path, client.shell);
  if (!after.ok) return after;
  const change: FileChange = {
    kind: "settings",
    file: file.value,
    without: without.value,
    after: Buffer.from(after.value),
  };
  const made = madePaths(agent, text.value, path);
  if (agent !== "codex") return ok({ changes: [change], made, hooksFiles: [] });
  const hooksFiles = [...new Set([hookFileOf(agent, site).path, path])];
  const trust = planTrust(site, client, {
    record,
    hooksFiles,
    places: placesOf(agent, after.value, path, client.shell) ?? new Map(),
  });
  return trust.ok ? ok({ changes: [change, trust.value], made, hooksFiles }) : trust;
}

/** The plan of taking everything out again. Files that were edited since keep every byte that is not ours. */
export function planUninstall(
  agent: HookedAgent,
  site: InstallSite,
  record: InstallRecord | undefined,
): Result<readonly FileChange[], Problem> {
  const file = readSettingsFile(hookFileOf(agent, site));
  if (!file.ok) return file;
  if (agent === "opencode") return unplug(file.value, record);
  const without = withoutOurs(agent, file.value, record);
  if (!without.ok) return without;
  const change: FileChange = { kind: "settings", file: file.value, without: without.value, after: without.value };
  if (agent !== "codex" || record === undefined) return ok([change]);
  const config = readSettingsFile(codexConfigOf(site));
  if (!config.ok) return config;
  const plain = withoutOurTrust(config.value, record, record.hooksFiles);
  return plain.ok
    ? ok([change, { kind: "trust", file: config.value, without: plain.value, after: plain.value }])
    : plain;
}

/** True when the change changes nothing. */
export function isIdle({ file, after }: FileChange): boolean {
  return file.bytes === undefined ? after === undefined : after !== undefined && file.bytes.equals(after);
}

function planTrust(
  site: InstallSite,
  client: HookClient,
  about: {
    readonly record: InstallRecord | undefined;
    readonly hooksFiles: readonly string[];
    readonly places: ReadonlyMap<string, number>;
  },
): Result<FileChange, Problem> {
  const file = readSettingsFile(codexConfigOf(site));
  if (!file.ok) return file;
  const without = withoutOurTrust(file.value, about.record, about.hooksFiles);
  if (!without.ok) return without;
  const text = settingsText(without.value, file.value.path);
  if (!text.ok) return text;
  const { hooksFiles, places } = about;
  const after = withTrust(text.value, file.value.path, { hooksFiles, places, client: client.shell });
  return after.ok
    ? ok({ kind: "trust", file: file.value, without: without.value, after: Buffer.from(after.value) })
    : after;
}

function planPlugin(
  file: SettingsFile,
  client: HookClient,
  record: InstallRecord | undefined,
): Result<InstallPlan, Problem> {
  const gone = unplug(file, record);
  if (!gone.ok) return gone;
  const after = Buffer.from(openCodePlugin({ ...client, timeoutMs: PLUGIN_TIMEOUT_MS }));
  return ok({ changes: [{ kind: "plugin", file, without: undefined, after }], made: [], hooksFiles: [] });
}

// The plugin is ours as a whole: what somebody wrote into it cannot be told from it.
function unplug(file: SettingsFile, record: InstallRecord | undefined): Result<readonly FileChange[], Problem> {
  const ours = file.bytes === undefined || writtenBy(record, file) !== undefined;
  return ours
    ? ok([{ kind: "plugin", file, without: undefined, after: undefined }])
    : err({
        code: "plugin-edited",
        message: `\`${file.path}\` is not as ringfence wrote it`,
        hint: "look at it, and remove it by hand if nobody needs it",
      });
}

/** What the record says of a file that still is what was written. */
function writtenBy(record: InstallRecord | undefined, file: SettingsFile): WrittenFile | undefined {
  const { bytes, path } = file;
  return bytes === undefined
    ? undefined
    : record?.files.find((written) => written.path === path && written.written === sha256(bytes));
}

function withoutOurs(
  agent: SettingsAgent,
  file: SettingsFile,
  record: InstallRecord | undefined,
): Result<Buffer | undefined, Problem> {
  return unwritten(
    file,
    record,
    (text) => withoutHooks(agent, text, file.path, record?.made ?? []),
    /^\ufeff?\s*(?:\{\s*\})?\s*$/,
  );
}

function withoutOurTrust(
  file: SettingsFile,
  record: InstallRecord | undefined,
  hooksFiles: readonly string[],
): Result<Buffer | undefined, Problem> {
  return unwritten(
    file,
    record,
    (text) => ok(record === undefined ? text : withoutTrust(text, hooksFiles, record.client)),
    /^\s*$/,
  );
}

// The original where nothing happened since; else the text without what is ours, and no file where there was none and nothing is left.
function unwritten(
  file: SettingsFile,
  record: InstallRecord | undefined,
  cut: (text: string) => Result<string, Problem>,
  nothing: RegExp,
): Result<Buffer | undefined, Problem> {
  if (file.bytes === undefined) return ok(undefined);
  const untouched = writtenBy(record, file);
  if (untouched !== undefined)
    return ok(untouched.original === null ? undefined : Buffer.from(untouched.original, "base64"));
  const text = settingsText(file.bytes, file.path);
  const left = text.ok ? cut(text.value) : text;
  if (!left.ok) return left;
  const wasMade = record?.files.find(({ path }) => path === file.path)?.original === null;
  return ok(wasMade && nothing.test(left.value) ? undefined : Buffer.from(left.value));
}
