// Merged parts → the policy of MCP servers. What a file says for all of them binds each: a server's own word is never looser than it.
import type { ServerSource } from "../session/leg-policy.ts";
import type { Merged, Part } from "./merge.ts";
import type { McpPolicy, McpServerPolicy } from "./policy.ts";

const SAMPLING = ["deny", "ask", "allow"] as const;
const ELICITATION = ["deny", "ask"] as const;

/** The policy. The default layer must be among the parts: it sets every value for all servers. */
export function mcpOf({ parts, servers }: Merged): McpPolicy {
  const first = (key: string): Part => {
    const [part] = parts.get(key) ?? [];
    if (part === undefined) throw new Error(`no layer sets ${key}`);
    return part;
  };
  const lock = first("mcp.lock");
  const all = {
    sampling: wordOf(SAMPLING, first("mcp.sampling")),
    elicitation: wordOf(ELICITATION, first("mcp.elicitation")),
  };
  const of = (name: string): McpServerPolicy => {
    const own = <W extends string>(key: string, words: readonly W[]): W => {
      const general = first(`mcp.${key}`);
      const [part] = parts.get(`mcp.servers.${name}.${key}`) ?? [];
      if (part === undefined) return wordOf(words, general);
      const rank = words.indexOf(wordOf(words, part));
      const most = general.layer === "default" ? rank : words.indexOf(wordOf(words, general));
      return words[Math.min(rank, most)] as W;
    };
    return { sampling: own("sampling", SAMPLING), elicitation: own("elicitation", ELICITATION) };
  };
  return {
    lock: { text: String(lock.value), at: lock.at },
    mode: first("mcp.mode").value as McpPolicy["mode"],
    results: first("mcp.results").value as McpPolicy["results"],
    ...all,
    servers: Object.fromEntries(servers.map((name) => [name, of(name)])),
  };
}

/** The command that a server's entry speaks of, where an accepted file says one. */
export function serverCommand(
  { parts }: Merged,
  name: string,
): (Pick<Part, "at"> & { readonly argv: readonly string[] }) | undefined {
  const [part] = parts.get(`mcp.servers.${name}.command`) ?? [];
  return part === undefined ? undefined : { argv: part.value as readonly string[], at: part.at };
}

/** What the files say that servers stand for. */
export function serverSources({ parts, servers }: Merged): Readonly<Record<string, readonly ServerSource[]>> {
  return Object.fromEntries(
    servers.flatMap((name) => {
      const [part] = parts.get(`mcp.servers.${name}.sources`) ?? [];
      return part === undefined ? [] : [[name, part.value as readonly ServerSource[]]];
    }),
  );
}

/** The schema lets no other word in; the tightest stands for what cannot be. */
function wordOf<W extends string>(words: readonly W[], { value }: Part): W {
  return words.find((word) => word === value) ?? (words[0] as W);
}

/** What a server may do, also one that no file speaks of. */
export function mcpServer({ servers, sampling, elicitation }: McpPolicy, name: string): McpServerPolicy {
  return (Object.hasOwn(servers, name) ? servers[name] : undefined) ?? { sampling, elicitation };
}
