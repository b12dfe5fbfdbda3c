// Reads where the person's own tools fetch packages from (NET-1): user and system files only. A cloned `.npmrc` is an attacker's word
// and is never opened. Only what is no secret goes into the fence: an allow-list of keys, and URLs without userinfo.
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { parseHost, type ToolConfig, type ToolHost } from "#core/net";

/** The caller, as far as their tools' configuration goes. */
export interface ToolConfigPlaces {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The workspace: no program and no file of it has a say (NET-1). */
  readonly root: string;
}

// npm keys that say where and how to fetch, and nothing of who one is.
const NPM_KEYS =
  /^(registry|@[^:]+:registry|cafile|ca|ca\[\]|strict-ssl|fund|audit|update-notifier|omit-lockfile-registry-resolved|replace-registry-host|fetch-retries|fetch-timeout|prefer-offline|save-exact|engine-strict|legacy-peer-deps|nodedir|ignore-scripts)$/;

/** One setting of npm. `raw` may go into the fence; `expanded` holds the caller's variables, so possibly a secret, and never does. */
interface Setting {
  readonly raw: string;
  readonly expanded: string;
}
type Entry = readonly [key: string, setting: Setting];

/** Reads it. Nothing configured is no error here: a preset that needs it says so. */
export async function readToolConfig(places: ToolConfigPlaces): Promise<ToolConfig> {
  const npm = readNpm({ ...places, root: realPath(places.root) ?? places.root });
  const registries = [...npm]
    .filter(([key]) => key === "registry" || key.endsWith(":registry"))
    .flatMap(([, { expanded }]) => toolHost(expanded));
  const cafile = npm.get("cafile")?.raw ?? caFileOf(places.env);
  return {
    registries: { npm: unique(registries), debian: unique(readApt()) },
    files: npm.size === 0 ? [] : [{ target: join(places.home, ".npmrc"), content: npmrc(npm) }],
    caFile: cafile !== undefined && isSeenInside(cafile) ? cafile : undefined,
  };
}

/** npm's settings by precedence: caller's environment, user, global, builtin, the default that npm itself ships. */
function readNpm({ home, env, root }: ToolConfigPlaces): ReadonlyMap<string, Setting> {
  const program = npmFolder(env["PATH"] ?? "", root);
  const prefix = program === undefined ? "/usr" : dirname(dirname(dirname(program)));
  const settings = new Map<string, Setting>();
  const read = (file: string): Iterable<Entry> => readIni(file, env, root);
  const merge = (entries: Iterable<Entry>): void => {
    for (const [key, value] of entries) if (NPM_KEYS.test(key) && !settings.has(key)) settings.set(key, value);
  };
  merge(npmEnvironment(env));
  merge(read(env["npm_config_userconfig"] ?? env["NPM_CONFIG_USERCONFIG"] ?? join(home, ".npmrc")));
  merge(read(env["npm_config_globalconfig"] ?? env["NPM_CONFIG_GLOBALCONFIG"] ?? join(prefix, "etc/npmrc")));
  for (const system of ["/usr/etc/npmrc", "/usr/local/etc/npmrc", "/etc/npmrc"]) merge(read(system));
  if (program !== undefined) merge(read(join(program, "npmrc")));
  const shipped = program === undefined ? undefined : shippedRegistry(program);
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
function npmFolder(path: string, root: string): string | undefined {
  for (const folder of [...path.split(":"), "/usr/bin", "/usr/local/bin"]) {
    if (!folder.startsWith("/") || folder.includes("/node_modules/") || isBelow(folder, root)) continue;
    const program = join(folder, "npm");
    if (!existsSync(program)) continue;
    const home = dirname(dirname(realpathSync(program))); // …/npm/bin/npm-cli.js
    if (isBelow(home, root)) continue;
    if (existsSync(join(home, "node_modules/@npmcli/config"))) return home;
    const debian = "/usr/share/nodejs/npm";
    if (existsSync(debian)) return debian;
  }
  return undefined;
}

/** npm's documented default, as the installed npm states it: no registry is written down here. */
function shippedRegistry(program: string): string | undefined {
  for (const file of [
    "node_modules/@npmcli/config/lib/definitions/definitions.js",
    "lib/utils/config/definitions.js",
  ]) {
    const text = readText(join(program, file));
    const found =
      text === undefined
        ? undefined
        : /registry: new Definition\('registry', \{\s*default: [`'"]([^`'"]+)[`'"]/.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `key = value` lines as npm's ini reader takes them, the last of a key counting; other sections left out. Nothing of the workspace. */
function readIni(file: string, env: ToolConfigPlaces["env"], root: string): ReadonlyMap<string, Setting> {
  const entries = new Map<string, Setting>();
  const real = isAbsolute(file) ? realPath(file) : undefined;
  if (real === undefined || isBelow(real, root)) return entries;
  for (const line of (readText(real) ?? "").split(/\r?\n/)) {
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

/** apt's sources, both formats, and only their hosts. */
function readApt(): readonly ToolHost[] {
  const folder = "/etc/apt/sources.list.d";
  const files = ["/etc/apt/sources.list", ...list(folder).map((name) => join(folder, name))];
  return files.flatMap((file) => {
    const text = readText(file) ?? "";
    const uncommented = text
      .split("\n")
      .filter((line) => !/^\s*#/.test(line))
      .join("\n");
    return [...uncommented.matchAll(/\bhttps?:\/\/[^\s\]]+/g)].flatMap(([url]) => toolHost(url));
  });
}

function toolHost(text: string): readonly ToolHost[] {
  if (!URL.canParse(text)) return [];
  const url = new URL(text);
  const host = parseHost(url.hostname);
  if (host === undefined || !/^https?:$/.test(url.protocol)) return [];
  return [{ host, port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port) }];
}

/** The address alone: no user, no query, and nothing at all of what does not parse. */
function withoutUser(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) ? `${url.protocol}//${url.host}${url.pathname}` : undefined;
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

function caFileOf(env: ToolConfigPlaces["env"]): string | undefined {
  return env["NODE_EXTRA_CA_CERTS"] ?? env["SSL_CERT_FILE"];
}

/** Bundles in the system's own folders are part of every fence; any other would have to be named with --allow-read. */
function isSeenInside(file: string): boolean {
  return normalize(file) === file && /^\/(?:etc\/ssl\/certs|etc\/pki|usr)\//.test(file) && existsSync(file);
}

function unique(hosts: readonly ToolHost[]): readonly ToolHost[] {
  return [...new Map(hosts.map((host) => [`${host.host}:${host.port}`, host])).values()];
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // absent or unreadable: not the person's setting
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /\.(list|sources)$/.test(name));
  } catch {
    return [];
  }
}
