// Where gem and bundler fetch from: the sources of .gemrc (user, machine) and the mirrors of bundler's user configuration; else rubygems.org.
import { join } from "node:path";
import { parse } from "yaml";
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
export function readGem(places: ToolConfigPlaces): ToolSource {
  const gemrc = [join(places.home, ".gemrc"), join(configHome(places), "gem/gemrc"), "/etc/gemrc"].map((file) =>
    sourcesOf(userFile(file, places.written)),
  );
  const sources = gemrc.find((list) => list.length > 0) ?? [];
  const mirrors = mirrorsOf(userFile(join(places.home, ".bundle/config"), places.written));
  const urls = [...(sources.length > 0 ? sources.flatMap(whole) : shipped.rubygems), ...mirrors.map(([, url]) => url)];
  const kept = sources.flatMap((url) => withoutUser(url) ?? []);
  const mirrored = mirrors.flatMap(([key, url]) => {
    const address = withoutUser(url);
    return address === undefined ? [] : [`${key}: ${JSON.stringify(address)}`];
  });
  const file = (name: string, lines: readonly string[]): NonNullable<ToolSource["files"]> =>
    lines.length === 0 ? [] : [{ target: join(places.home, name), content: `---\n${lines.join("\n")}\n` }];
  return {
    hosts: unique(urls.flatMap(toolHost)),
    files: [
      ...file(".gemrc", kept.length === 0 ? [] : [":sources:", ...kept.map((url) => `- ${JSON.stringify(url)}`)]),
      ...file(".bundle/config", mirrored),
    ],
  };
}

/** The public source's index has a host of its own. */
function whole(url: string): readonly string[] {
  const [publicSource = ""] = shipped.rubygems;
  return toolHost(url)[0]?.host === toolHost(publicSource)[0]?.host ? [url, ...shipped.rubygems] : [url];
}

function sourcesOf(text: string | undefined): readonly string[] {
  const settings = mapping(text);
  const listed = settings[":sources"] ?? settings["sources"];
  return Array.isArray(listed) ? listed.filter((url) => typeof url === "string") : [];
}

function mirrorsOf(text: string | undefined): readonly (readonly [string, string])[] {
  return Object.entries(mapping(text)).flatMap(([key, value]) =>
    /^BUNDLE_MIRROR__[A-Za-z0-9_:/.-]+$/.test(key) && typeof value === "string" ? [[key, value] as const] : [],
  );
}

function mapping(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = text === undefined ? undefined : parse(text, { maxAliasCount: 0 });
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {}; // gem says so too
  }
}
