// Where npm fetches from: environment, user, global and builtin npmrc by npm's precedence, else the default that the installed npm states. Only what is
// no secret goes into the fence: an allow-list of keys, and URLs without userinfo. A cloned `.npmrc` is an attacker's word and is never opened.
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  isBelow,
  type ToolConfigPlaces,
  type ToolSource,
  toolHost,
  unique,
  userFile,
  withoutUser,
} from "./user-file.ts";

// npm keys that say where and how to fetch, and nothing of who one is.
const NPM_KEYS =
  /^(registry|@[^:]+:registry|cafile|ca|ca\[\]|strict-ssl|fund|audit|update-notifier|omit-lockfile-registry-resolved|replace-registry-host|fetch-retries|fetch-timeout|prefer-offline|save-exact|engine-strict|legacy-peer-deps|nodedir|ignore-scripts)$/;

/** One setting of npm. `raw` may go into the fence; `expanded` holds the caller's variables, so possibly a secret, and never does. */
interface Setting {
  readonly raw: string;
  readonly expanded: string;
}
type Entry = readonly [key: string, setting: Setting];

/** Reads it, with the bundle of certificate authorities it is set to. */
export function readNpm(places: ToolConfigPlaces): ToolSource & { readonly caFile: string | undefined } {
  const npm = settingsOf(places);
  const registries = [...npm]
    .filter(([key]) => key === "registry" || key.endsWith(":registry"))
    .flatMap(([, { expanded }]) => toolHost(expanded));
  return {
    hosts: unique(registries),
    files: npm.size === 0 ? [] : [{ target: join(places.home, ".npmrc"), content: npmrc(npm) }],
    caFile: npm.get("cafile")?.raw,
  };
}

/** npm's settings by precedence: caller's environment, user, global, builtin, the default that npm itself ships. */
function settingsOf({ home, env, written }: ToolConfigPlaces): ReadonlyMap<string, Setting> {
  const program = npmFolder(env["PATH"] ?? "", written);
  const prefix = program === undefined ? "/usr" : dirname(dirname(dirname(program)));
  const settings = new Map<string, Setting>();
  const read = (file: string): Iterable<Entry> => readIni(file, env, written);
  const merge = (entries: Iterable<Entry>): void => {
    for (const [key, value] of entries) if (NPM_KEYS.test(key) && !settings.has(key)) settings.set(key, value);
  };
  merge(npmEnvironment(env));
  merge(read(env["npm_config_userconfig"] ?? env["NPM_CONFIG_USERCONFIG"] ?? join(home, ".npmrc")));
  merge(read(env["npm_config_globalconfig"] ?? env["NPM_CONFIG_GLOBALCONFIG"] ?? join(prefix, "etc/npmrc")));
  for (const system of ["/usr/etc/npmrc", "/usr/local/etc/npmrc", "/etc/npmrc"]) merge(read(system));
  if (program !== undefined) merge(read(join(program, "npmrc")));
  const shipped = program === undefined ? undefined : shippedRegistry(program, written);
  if (shipped !== undefined) merge([["registry", { raw: shipped, expanded: shipped }]]);
  return settings;
}

function npmEnvironment(env: ToolConfigPlaces["env"]): readonly Entry[] {
  return Object.entries(env).flatMap(([name, value]) => {
    const key = /^npm_config_(.+)$/i.exec(name)?.[1];
    if (key === undefined || value === undefined || value === "") return [];
    const setting = key.startsWith("@") ? key : key.toLowerCase().replaceAll("_", "-");
    return [[setting, { raw: value, expanded: expand(value, env) }] as const];
  });
}

/** The folder of the npm that the caller's PATH finds. Entries of projects do not count. */
function npmFolder(path: string, written: readonly string[]): string | undefined {
  for (const folder of [...path.split(":"), "/usr/bin", "/usr/local/bin"]) {
    if (!folder.startsWith("/") || folder.includes("/node_modules/") || isBelow(folder, written)) continue;
    const program = join(folder, "npm");
    if (!existsSync(program)) continue;
    const home = dirname(dirname(realpathSync(program))); // …/npm/bin/npm-cli.js
    if (isBelow(home, written)) continue;
    if (existsSync(join(home, "node_modules/@npmcli/config"))) return home;
    const debian = "/usr/share/nodejs/npm";
    if (existsSync(debian)) return debian;
  }
  return undefined;
}

/** npm's documented default, as the installed npm states it: no registry is written down here. */
function shippedRegistry(program: string, written: readonly string[]): string | undefined {
  for (const file of [
    "node_modules/@npmcli/config/lib/definitions/definitions.js",
    "lib/utils/config/definitions.js",
  ]) {
    const text = userFile(join(program, file), written);
    const found =
      text === undefined
        ? undefined
        : /registry: new Definition\('registry', \{\s*default: [`'"]([^`'"]+)[`'"]/.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `key = value` lines as npm's ini reader takes them, the last of a key counting; other sections left out. Nothing of the workspace. */
function readIni(file: string, env: ToolConfigPlaces["env"], written: readonly string[]): ReadonlyMap<string, Setting> {
  const entries = new Map<string, Setting>();
  for (const line of (userFile(file, written) ?? "").split(/\r?\n/)) {
    if (/^\s*\[/.test(line)) break;
    const [, key = "", value = ""] = /^\s*([^;#=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === "") continue;
    const quoted = /^(["'])(.*)\1$/.exec(value)?.[2];
    const raw = quoted ?? value.replace(/\s*(?<!\\)[;#].*$/, "");
    entries.set(key, { raw, expanded: expand(raw, env) });
  }
  return entries;
}

/** `${NAME}` from the caller's environment, as npm does it; `${NAME?}` is empty where there is none. */
function expand(text: string, env: ToolConfigPlaces["env"]): string {
  return text.replace(
    /\$\{([^{}?]+)(\?)?\}/g,
    (whole, name: string, optional?: string) => env[name] ?? (optional === undefined ? whole : ""),
  );
}

/** What the tools inside may know. A setting that names a variable is left out whole: its value may be a secret, its name is no use. */
function npmrc(settings: ReadonlyMap<string, Setting>): string {
  const lines = [...settings].flatMap(([key, { raw }]) => {
    const kept = key.endsWith("registry") ? withoutUser(raw) : raw;
    const line = `${key}=${kept}`;
    return kept === undefined || /[\n\r]|\$\{/.test(`${line}${raw}`) ? [] : [line];
  });
  return `${lines.join("\n")}\n`;
}
