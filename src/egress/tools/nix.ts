// Where nix fetches built packages from: the substituters of nix.conf (user, machine), else the public cache.
import { join } from "node:path";
import shipped from "./shipped.json" with { type: "json" };
import { configHome, type ToolConfigPlaces, type ToolSource, toolHost, unique, userFile } from "./user-file.ts";

/** Reads it. */
export function readNix(places: ToolConfigPlaces): ToolSource {
  const files = [join(configHome(places), "nix/nix.conf"), "/etc/nix/nix.conf"];
  const lines = files.flatMap((file) => (userFile(file, places.written) ?? "").split(/\r?\n/));
  const values = (key: string): readonly (readonly string[])[] =>
    lines.flatMap((line) => {
      const [, name = "", value = ""] = /^\s*([\w-]+)\s*=\s*([^#]*)/.exec(line) ?? [];
      return name === key ? [value.split(/\s+/).filter((one) => one !== "")] : [];
    });
  const [main = shipped.nix] = values("substituters");
  return { hosts: unique([...main, ...values("extra-substituters").flat()].flatMap(toolHost)) };
}
