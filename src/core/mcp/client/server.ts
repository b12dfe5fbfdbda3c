// What an entry of a client starts or calls, and whether the gateway can stand in between. What stays as it is stays with words why: nothing is
// half wrapped.
import { packageRunner } from "../../presets/package-runners.ts";
import type { JsonNode } from "../../settings/json-text.ts";
import { pastWrapper } from "../start/words.ts";
import { CLIENTS, type ClientForm, type ClientId } from "./client.ts";
import { type Entry, has, leafAt, leavesBelow, textAt, textsOf } from "./entry.ts";
import { httpServer } from "./http-server.ts";
import { type ClientServer, left } from "./kinds.ts";

/** Reads an entry. `named`: a person asked for this server by its name. */
export function clientServer(client: ClientId, entry: Entry, named: boolean): ClientServer {
  const form = CLIENTS[client];
  const unfit = unfitName(entry.name) ?? entry.unsafe;
  if (unfit !== undefined) return left(unfit);
  const type = textAt(entry, "type");
  if (has(entry, "type") && type === undefined) return left("its `type` is no text");
  if (type === "sse" || type === "ws")
    return left(`it speaks ${type === "sse" ? "the older SSE" : "WebSocket"}, which the gateway does not`);
  const isProgram = has(entry, "command") && (type === undefined || form.programTypes.includes(type));
  const urlKey = form.urls
    .concat(type !== undefined && form.httpTypes.includes(type) ? ["url"] : [])
    .find((key) => has(entry, key));
  if (isProgram && urlKey !== undefined) return left("it has a command and an address");
  if (isProgram) return program(form, entry);
  if (urlKey !== undefined && (type === undefined || form.httpTypes.includes(type)))
    return httpServer(form, entry, urlKey, named);
  if (type === undefined && form.sseUrl !== undefined && has(entry, form.sseUrl))
    return left(`its \`${form.sseUrl}\` is the older SSE, which the gateway does not speak (${streamable(form)})`);
  return left(
    type === undefined
      ? "it has neither a command nor an address that the client would use"
      : `\`${type}\` is no kind of server that is known here`,
  );
}

function streamable({ urls, httpTypes }: ClientForm): string {
  return `${urls[0] === undefined ? `\`"type": "${httpTypes[0]}"\`` : `\`${urls[0]}\``} is Streamable HTTP`;
}

// The client puts values in place of such signs before it starts anything; rules and pins go by the name as it is written.
function unfitName(name: string): string | undefined {
  return /^[^\p{C}$%{}\\"=]{1,128}$/u.test(name) && !name.startsWith("-")
    ? undefined
    : "its name holds signs that cannot be passed on safely";
}

function program(form: ClientForm, entry: Entry): ClientServer {
  const command = leafAt(entry, "command")?.node;
  const list = textsOf(form.command === "joined" ? command : leafAt(entry, "args")?.node);
  const first = form.command === "joined" ? list?.[0] : textAt(entry, "command");
  if (first === undefined || first === "") return left("its command is no text");
  if (list === undefined && has(entry, form.command === "joined" ? "command" : "args"))
    return left("its arguments are no list of texts");
  const words = form.command === "joined" ? (list ?? []) : [first, ...(list ?? [])];
  const started = pastWrappers(words);
  if (/^(?:.*\/)?(?:sudo|doas|su|pkexec)$/.test(started[0] ?? ""))
    return left("it becomes another user, which no fence lets it");
  const runner = packageRunner(started);
  if (runner !== undefined && "refused" in runner) return left(runner.refused);
  if (textAt(entry, "experimental_environment") === "remote") return left("it runs on another machine");
  const env = declaredEnv(form, entry);
  if (env === undefined) return left("the names of its variables cannot be passed on");
  return { kind: "program", words, env };
}

/** What `env`, `timeout` and their kin start, as far as that is certain. */
function pastWrappers(words: readonly string[]): readonly string[] {
  const at = pastWrapper(words, 0);
  return typeof at === "number" ? pastWrappers(words.slice(at)) : words;
}

/** The values that an entry itself gives to variables of its program; a placeholder is the client's to fill in. */
export function entryValues(client: ClientId, entry: Entry): Readonly<Record<string, string>> {
  const { env } = CLIENTS[client];
  return Object.fromEntries(
    leavesBelow(entry, env).flatMap(({ path: [, name = "", ...below] }) => {
      const value = below.length > 0 ? undefined : textAt(entry, env, name);
      return value === undefined || PLACEHOLDER.test(value) ? [] : [[name, value]];
    }),
  );
}

const PLACEHOLDER = /\$[{A-Za-z_(]|%\w+%|\{env:/;

function declaredEnv(form: ClientForm, entry: Entry): readonly string[] | undefined {
  const set = leavesBelow(entry, form.env)
    .map(({ path }) => path[1])
    .filter((name) => name !== undefined);
  const node = leafAt(entry, "env_vars")?.node;
  const passed = node?.kind === "list" && form.text === "toml" ? node.members.map(passedName) : [];
  const names = [...set, ...passed];
  return names.every((name) => name !== undefined && /^[A-Za-z_][\w.-]*$/.test(name))
    ? [...new Set(names as string[])]
    : undefined;
}

// Codex: a name, or a table with one.
function passedName(node: JsonNode): string | undefined {
  const name = node.kind === "object" ? node.members.find(({ key }) => key === "name")?.value : node;
  return name?.kind === "scalar" && typeof name.value === "string" ? name.value : undefined;
}
