// Everything that a server lists, every page of it, asked by ourselves. Bounded in pages, bytes and definitions; a cursor that comes again is a server
// that would keep us turning, and a page that is no page makes all of the lists unknown.
import { err, ok, type Problem, type Result } from "#core";
import { isList, isObject, type Json, type JsonObject, member, type ServerDescription, writeJson } from "#core/mcp";
import type { Asker } from "./asker.ts";

/** How much is read. */
interface ListLimits {
  readonly pages: number;
  readonly definitions: number;
  readonly characters: number;
  readonly ms: number;
}

/** Of all lists together: as much as one message may hold, for it is all screened and compared each time. The longest of published servers have a
 * few hundred kilobytes. A server that answers each page a moment before it is given up would otherwise be listed for hours. */
const LIMITS: ListLimits = { pages: 1_000, definitions: 20_000, characters: 16 << 20, ms: 180_000 };

/** What has been read of it so far. */
interface Read {
  definitions: number;
  characters: number;
  readonly began: number;
}

/** What the server said first. */
type Opened = Omit<ServerDescription, "tools" | "prompts" | "resources" | "resourceTemplates">;

const LISTS = [
  { list: "tools", method: "tools/list", capability: "tools" },
  { list: "prompts", method: "prompts/list", capability: "prompts" },
  { list: "resources", method: "resources/list", capability: "resources" },
  { list: "resourceTemplates", method: "resources/templates/list", capability: "resources" },
] as const;

/** Asks for every list that the server says it has. Another list than that of tools which the server refuses from its first page on is an empty one. */
export async function listServer(
  asker: Asker,
  opened: Opened,
  limits: ListLimits = LIMITS,
): Promise<Result<ServerDescription, Problem>> {
  const { protocolVersion, serverInfo, instructions, capabilities } = opened;
  const lists = { tools: [], prompts: [], resources: [], resourceTemplates: [] } as Record<
    (typeof LISTS)[number]["list"],
    readonly JsonObject[]
  >;
  const read: Read = { definitions: 0, characters: 0, began: performance.now() };
  for (const { list, method, capability } of LISTS) {
    if (!Object.hasOwn(capabilities, capability)) continue;
    const items = await listAll(asker, { list, method, read }, limits);
    if (!items.ok) return items;
    lists[list] = items.value;
  }
  return ok({
    capabilities,
    ...(protocolVersion === undefined ? {} : { protocolVersion }),
    ...(serverInfo === undefined ? {} : { serverInfo }),
    ...(instructions === undefined ? {} : { instructions }),
    ...lists,
  });
}

async function listAll(
  asker: Asker,
  { list, method, read }: { readonly list: string; readonly method: string; readonly read: Read },
  limits: ListLimits,
): Promise<Result<readonly JsonObject[], Problem>> {
  const all: JsonObject[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < limits.pages; page += 1) {
    const answer = await asker.request(method, cursor === undefined ? {} : { cursor });
    // Servers say `resources` and know no templates. Nothing is served of a list that was refused, and what it says later is new.
    if (!answer.ok) return page === 0 && list !== "tools" ? ok([]) : answer;
    const items = itemsOf(answer.value, list);
    if (items === undefined) return fault(`answered \`${method}\` with something that is no list of \`${list}\``);
    read.characters += writeJson(answer.value).length;
    read.definitions += items.length;
    for (const item of items) all.push(item);
    if (read.definitions > limits.definitions) return fault(`lists more than ${limits.definitions} things`);
    if (read.characters > limits.characters)
      return fault(`says more than ${limits.characters >> 20} MiB of itself, which is more than is read`);
    // An empty text is a cursor like any other.
    const next = member(answer.value, "nextCursor");
    if (next === undefined || next === null) return ok(all);
    if (performance.now() - read.began > limits.ms)
      return fault(`has not said all of its lists within ${limits.ms / 1_000} seconds`);
    if (typeof next !== "string") return fault(`gave a cursor that is no text in \`${method}\``);
    if (seen.has(next)) return fault(`gave the same cursor twice in \`${method}\``);
    seen.add(next);
    cursor = next;
  }
  return fault(`has more than ${limits.pages} pages in \`${method}\``);
}

function itemsOf(page: Json, list: string): readonly JsonObject[] | undefined {
  const items = member(page, list);
  if (!isList(items)) return undefined;
  const objects = items.filter(isObject);
  return objects.length === items.length ? objects : undefined;
}

function fault(what: string): Result<never, Problem> {
  return err({
    code: "mcp-list-fault",
    message: `the server ${what}`,
    hint: "nothing that it lists is served; tell who wrote the server",
  });
}
