// Where go fetches from: GOPROXY and GOSUMDB of the environment, of `go env -w`, of the installed go's go.env; else go's documented defaults.
// `direct` opens no host: it would be every host that a module names.
import { isAbsolute, join } from "node:path";
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

const ROOTS = ["/usr/local/go", "/usr/lib/go"];

/** Reads it. */
export function readGo(places: ToolConfigPlaces): ToolSource {
  const said = (name: string): string | undefined => {
    const value = places.env[name] ?? goEnvironment(places).get(name);
    return value === "" ? undefined : value;
  };
  const proxy = said("GOPROXY");
  const sums = said("GOSUMDB");
  const proxies = entries(proxy ?? shipped.goproxy);
  const [, sumHost = ""] = /^(?:\S+\s+)?(\S+)$/.exec(sums ?? shipped.gosumdb) ?? [];
  const sumUrl = /^https?:/.test(sumHost) ? sumHost : `https://${sumHost.split("+", 1)[0]}/`;
  const urls = [...proxies, ...(sums === "off" ? [] : [sumUrl])];
  const kept = (proxy === undefined ? [] : entries(proxy)).flatMap((one) =>
    /^(?:direct|off)$/.test(one) ? [one] : (withoutUser(one) ?? []),
  );
  return {
    hosts: unique(urls.flatMap(toolHost)),
    env: {
      ...(kept.length === 0 ? {} : { GOPROXY: kept.join(",") }),
      ...(sums === undefined || /[@?]/.test(sums) ? {} : { GOSUMDB: sums }),
    },
  };
}

/** GOPROXY's list; a `|` only differs in when the next one is tried. */
function entries(list: string): readonly string[] {
  return list.split(/[,|]/).flatMap((one) => (one.trim() === "" ? [] : [one.trim()]));
}

function goEnvironment(places: ToolConfigPlaces): ReadonlyMap<string, string> {
  const named = places.env["GOENV"];
  const own =
    named === "off" ? [] : [named !== undefined && isAbsolute(named) ? named : join(configHome(places), "go/env")];
  const settings = new Map<string, string>();
  for (const file of [...own, ...ROOTS.map((root) => join(root, "go.env"))])
    for (const line of (userFile(file, places.written) ?? "").split(/\r?\n/)) {
      const [, key = "", value = ""] = /^([A-Z0-9]+)=(.*)$/.exec(line) ?? [];
      if (key !== "" && !settings.has(key)) settings.set(key, value);
    }
  return settings;
}
