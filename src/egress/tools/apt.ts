// Where apt fetches from: the machine's sources, both formats, and only their hosts.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type ToolConfigPlaces, type ToolSource, toolHost, unique, userFile } from "./user-file.ts";

/** Reads it. */
export function readApt({ written }: ToolConfigPlaces): ToolSource {
  const folder = "/etc/apt/sources.list.d";
  const files = ["/etc/apt/sources.list", ...listed(folder).map((name) => join(folder, name))];
  const hosts = files.flatMap((file) => {
    const lines = (userFile(file, written) ?? "").split("\n").filter((line) => !/^\s*#/.test(line));
    return [...lines.join("\n").matchAll(/\bhttps?:\/\/[^\s\]]+/g)].flatMap(([url]) => toolHost(url));
  });
  return { hosts: unique(hosts) };
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /\.(list|sources)$/.test(name));
  } catch {
    return []; // another kind of machine
  }
}
