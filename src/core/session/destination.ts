// Where a record of the network points, as its views show it.
import type { Json } from "../log/index.ts";

/** `host:port`, `[v6 address]:port`, the path of a socket; a port that is none is left out. */
export function destination(data: { readonly [key: string]: Json }): string {
  const host = text(data["host"]) || text(data["address"]);
  if (host === "") return text(data["path"]);
  const shown = host.includes(":") ? `[${host}]` : host;
  return typeof data["port"] === "number" && data["port"] > 0 ? `${shown}:${data["port"]}` : shown;
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
