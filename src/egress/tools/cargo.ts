// Where cargo fetches from: the user's config.toml (The Cargo Book, "Source Replacement" and "Registries"), else crates.io.
import { isAbsolute, join } from "node:path";
import { parse } from "smol-toml";
import shipped from "./shipped.json" with { type: "json" };
import { type ToolConfigPlaces, type ToolSource, toolHost, unique, userFile, withoutUser } from "./user-file.ts";

type Table = Readonly<Record<string, unknown>>;

/** Reads it. A source that is a folder has no host. */
export function readCargo(places: ToolConfigPlaces): ToolSource {
  const named = places.env["CARGO_HOME"];
  const folder = named !== undefined && isAbsolute(named) ? named : join(places.home, ".cargo");
  const text =
    userFile(join(folder, "config.toml"), places.written) ?? userFile(join(folder, "config"), places.written);
  const toml = text === undefined ? {} : parsed(text);
  const sources = tablesOf(toml["source"]);
  const registries = [...tablesOf(toml["registries"]), ...registriesOf(places.env)];
  const urls = [...crates(new Map(sources)), ...registries.flatMap(([, table]) => addressOf(table["index"]))];
  const content = configText(sources, registries);
  return {
    hosts: unique(urls.flatMap(toolHost)),
    ...(content === "" ? {} : { files: [{ target: join(places.home, ".cargo/config.toml"), content }] }),
  };
}

function parsed(text: string): Table {
  try {
    return parse(text);
  } catch {
    return {}; // cargo refuses it too
  }
}

function tablesOf(value: unknown): readonly (readonly [string, Table])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).filter((entry): entry is [string, Table] => typeof entry[1] === "object");
}

function registriesOf(env: ToolConfigPlaces["env"]): readonly (readonly [string, Table])[] {
  return Object.entries(env).flatMap(([name, index]) => {
    const registry = /^CARGO_REGISTRIES_(\w+)_INDEX$/.exec(name)?.[1];
    return registry === undefined ? [] : [[registry.toLowerCase().replaceAll("_", "-"), { index }] as const];
  });
}

/** What stands for crates.io, following replacements a few steps. */
function crates(sources: ReadonlyMap<string, Table>): readonly string[] {
  let source = sources.get("crates-io");
  for (let step = 0; step < 8 && typeof source?.["replace-with"] === "string"; step += 1) {
    const next = source["replace-with"];
    if (next === "crates-io") break;
    source = sources.get(next);
    if (source === undefined) return [];
    if (source["replace-with"] === undefined) return [...addressOf(source["registry"]), ...addressOf(source["git"])];
  }
  const own = addressOf(source?.["registry"]);
  return own.length > 0 ? own : shipped.crates;
}

/** `sparse+https://…` is fetched from that address. */
function addressOf(value: unknown): readonly string[] {
  return typeof value === "string" ? [value.replace(/^(?:sparse|registry)\+/, "")] : [];
}

/** The sources and registries for the fence: names, addresses without users, replacements; no token. */
function configText(
  sources: readonly (readonly [string, Table])[],
  registries: readonly (readonly [string, Table])[],
): string {
  const line = (key: string, value: unknown): readonly string[] => {
    if (typeof value !== "string") return [];
    const [, kind = "", address = value] = /^((?:sparse|registry)\+)?(.*)$/s.exec(value) ?? [];
    const kept = key === "replace-with" ? value : withoutUser(address);
    return kept === undefined ? [] : [`${key} = ${JSON.stringify(key === "replace-with" ? kept : `${kind}${kept}`)}`];
  };
  const table = (heading: string, name: string, keys: readonly string[], values: Table): readonly string[] => {
    const lines = keys.flatMap((key) => line(key, values[key]));
    return lines.length === 0 || !/^[\w-]+$/.test(name) ? [] : [`[${heading}.${name}]`, ...lines, ""];
  };
  return [
    ...sources.flatMap(([name, values]) => table("source", name, ["registry", "git", "replace-with"], values)),
    ...registries.flatMap(([name, values]) => table("registries", name, ["index"], values)),
  ].join("\n");
}
