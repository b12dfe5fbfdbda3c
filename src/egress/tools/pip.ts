// Where pip and uv fetch from: PIP_*, UV_*, pip.conf of the user and the machine, uv.toml of both; else the index that pip ships with.
// (pip: "Configuration", precedence; uv: "Configuration files".)
import { join } from "node:path";
import { parse } from "smol-toml";
import shipped from "./shipped.json" with { type: "json" };
import {
  configHome,
  type ToolConfigPlaces,
  type ToolSource,
  toolHost,
  unique,
  userFile,
  withoutUser,
} from "./user-file.ts";

/** Reads it. */
export function readPip(places: ToolConfigPlaces): ToolSource {
  const { env } = places;
  const conf = pipConf(places);
  const uv = uvConf(places);
  const pipIndex = env["PIP_INDEX_URL"] ?? conf.get("index-url");
  const pipExtra = words(env["PIP_EXTRA_INDEX_URL"] ?? conf.get("extra-index-url"));
  const uvIndex = env["UV_DEFAULT_INDEX"] ?? env["UV_INDEX_URL"] ?? uv.main;
  const uvExtra = [...words(env["UV_INDEX"]), ...words(env["UV_EXTRA_INDEX_URL"]), ...uv.extra];
  const main = [pipIndex, uvIndex].filter((url) => url !== undefined);
  const urls = [...(pipIndex === undefined ? shipped.pypi : []), ...main.flatMap(files), ...pipExtra, ...uvExtra];
  return {
    hosts: unique(urls.flatMap(toolHost)),
    env: {
      ...handed("PIP_INDEX_URL", pipIndex === undefined ? [] : [pipIndex]),
      ...handed("PIP_EXTRA_INDEX_URL", pipExtra),
      ...handed("UV_DEFAULT_INDEX", uvIndex === undefined ? [] : [uvIndex]),
      ...handed("UV_INDEX", uvExtra),
    },
  };
}

/** The public index serves its files from another host; a mirror serves them itself. */
function files(index: string): readonly string[] {
  const [publicIndex = ""] = shipped.pypi;
  return toolHost(index)[0]?.host === toolHost(publicIndex)[0]?.host ? [index, ...shipped.pypi] : [index];
}

function handed(name: string, urls: readonly string[]): Readonly<Record<string, string>> {
  const kept = urls.flatMap((url) => withoutUser(url) ?? []);
  return kept.length === 0 ? {} : { [name]: kept.join(" ") };
}

function words(text: string | undefined): readonly string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}

/** pip's settings, strongest file first: `PIP_CONFIG_FILE`, the user's two places, the machine's. */
function pipConf(places: ToolConfigPlaces): ReadonlyMap<string, string> {
  const { env, home, written } = places;
  const user = [join(configHome(places), "pip/pip.conf"), join(home, ".pip/pip.conf")];
  const machine = ["/etc/xdg/pip/pip.conf", "/etc/pip.conf"];
  const settings = new Map<string, string>();
  for (const file of [...(env["PIP_CONFIG_FILE"] === undefined ? [] : [env["PIP_CONFIG_FILE"]]), ...user, ...machine])
    for (const [key, value] of readConfigParser(userFile(file, written) ?? ""))
      if (!settings.has(key)) settings.set(key, value);
  return settings;
}

/** Python's ConfigParser as far as pip's `[global]` and `[install]` go: indented lines continue the value above them. */
function readConfigParser(text: string): readonly (readonly [string, string])[] {
  const entries: [string, string][] = [];
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:[#;]|$)/.test(line)) continue;
    const last = entries.at(-1);
    const [, key = "", value = ""] = /^([^\s=:][^=:]*?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    section = /^\[([^\]]+)\]/.exec(line)?.[1]?.trim() ?? section;
    if (line.startsWith("[")) continue;
    if (/^\s/.test(line) && last !== undefined) last[1] = `${last[1]} ${line.trim()}`.trim();
    else if (key !== "") entries.push([`${section} ${key.toLowerCase().replaceAll("_", "-")}`, value.trim()]);
  }
  return [...entries]
    .sort(([a], [b]) => Number(b.startsWith("install ")) - Number(a.startsWith("install ")))
    .filter(([key]) => /^(?:install|global) /.test(key))
    .map(([key, value]) => [key.replace(/^\w+ /, ""), value]);
}

function uvConf(places: ToolConfigPlaces): { readonly main: string | undefined; readonly extra: readonly string[] } {
  for (const file of [join(configHome(places), "uv/uv.toml"), "/etc/xdg/uv/uv.toml", "/etc/uv/uv.toml"]) {
    const text = userFile(file, places.written);
    const found = text === undefined ? undefined : uvIndexes(text);
    if (found !== undefined) return found;
  }
  return { main: undefined, extra: [] };
}

function uvIndexes(text: string): ReturnType<typeof uvConf> | undefined {
  let toml: Readonly<Record<string, unknown>>;
  try {
    toml = parse(text);
  } catch {
    return undefined; // uv refuses it too
  }
  const listed = (Array.isArray(toml["index"]) ? toml["index"] : []) as readonly Readonly<Record<string, unknown>>[];
  const url = (one: Readonly<Record<string, unknown>> | undefined): readonly string[] =>
    typeof one?.["url"] === "string" ? [one["url"]] : [];
  const old = typeof toml["index-url"] === "string" ? toml["index-url"] : undefined;
  const oldExtra = Array.isArray(toml["extra-index-url"]) ? toml["extra-index-url"].map(String) : [];
  const [main = old] = url(listed.find((one) => one["default"] === true));
  return { main, extra: [...listed.filter((one) => one["default"] !== true).flatMap(url), ...oldExtra] };
}
