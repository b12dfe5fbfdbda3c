// What an entry of a client starts or calls, and whether the gateway can stand in between. What stays as it is stays with words why: nothing is
// half wrapped.

import type { JsonNode } from "../../settings/json-text.ts";
import { CLIENTS, type ClientForm, type ClientId } from "./client.ts";
import { type Entry, has, leafAt, leavesBelow, textAt, textsOf } from "./entry.ts";

/** What an entry is to the gateway. */
export type ClientServer = ProgramServer | HttpServer | LeftServer;

/** A program that the client starts. */
export interface ProgramServer {
  readonly kind: "program";
  /** The command and its arguments, placeholders as written. */
  readonly words: readonly string[];
  /** Names of the variables that the entry declares. */
  readonly env: readonly string[];
}

/** A Streamable HTTP server whose only credentials are fixed headers. */
export interface HttpServer {
  readonly kind: "http";
  readonly url: string;
  /** The key that the address stands at. */
  readonly urlKey: string;
  readonly headers: readonly string[];
  /** Codex: the variable with the bearer token. */
  readonly bearer?: string;
}

/** An entry that is not changed. `byName`: it is when a person names the server. */
export interface LeftServer {
  readonly kind: "left";
  readonly why: string;
  readonly byName?: true;
}

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
    return http(form, entry, urlKey, named);
  if (client === "gemini" && has(entry, "url"))
    return left("its `url` is the older SSE, which the gateway does not speak (`httpUrl` is Streamable HTTP)");
  return left(
    type === undefined
      ? "it has neither a command nor an address that the client would use"
      : `\`${type}\` is no kind of server that is known here`,
  );
}

function left(why: string): LeftServer {
  return { kind: "left", why };
}

// The client puts values in place of such signs before it starts anything; rules and pins go by the name as it is written.
function unfitName(name: string): string | undefined {
  return /^[^\p{C}$%{}\\"=]{1,128}$/u.test(name) && !name.startsWith("-")
    ? undefined
    : "its name holds signs that cannot be passed on safely";
}

const ENGINES: ReadonlySet<string> = new Set(["docker", "podman", "nerdctl"]);

function program(form: ClientForm, entry: Entry): ClientServer {
  const command = leafAt(entry, "command")?.node;
  const list = textsOf(form.command === "joined" ? command : leafAt(entry, "args")?.node);
  const first = form.command === "joined" ? list?.[0] : textAt(entry, "command");
  if (first === undefined || first === "") return left("its command is no text");
  if (list === undefined && has(entry, form.command === "joined" ? "command" : "args"))
    return left("its arguments are no list of texts");
  const words = form.command === "joined" ? (list ?? []) : [first, ...(list ?? [])];
  if (startsEngine(words)) return left("a container engine starts it, so its processes are in no fence of ringfence");
  if (textAt(entry, "experimental_environment") === "remote") return left("it runs on another machine");
  const env = declaredEnv(form, entry);
  if (env === undefined) return left("the names of its variables cannot be passed on");
  return { kind: "program", words, env };
}

function startsEngine(words: readonly string[]): boolean {
  const at = words.findIndex((word) => !/^(?:.*\/)?(?:sudo|env|exec|command)$|^-|^\w+=/.test(word));
  return ENGINES.has((words[at] ?? "").split("/").at(-1) ?? "");
}

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

function http(form: ClientForm, entry: Entry, urlKey: string, named: boolean): ClientServer {
  const url = textAt(entry, urlKey);
  if (url === undefined) return left("its address is no text");
  const signIn = form.signIn.find((key) => has(entry, key) && !isValue(entry, key, false));
  if (signIn !== undefined)
    return left(`the client signs in by itself (\`${signIn}\`), and its token is for the server's address alone`);
  if (/[$%{}]/.test(url))
    return left("its address has a placeholder, whose value would stand among the arguments of a process");
  const address = /^https?:\/\/([^/?#]*)([^?#]*)([?#].*)?$/i.exec(url);
  if (address === null) return left("its address is not http or https");
  if (/@/.test(address[1] ?? "") || address[3] !== undefined)
    return left("its address may hold a secret, which would stand among the arguments of a process");
  if (/\/sse\/?$/.test(address[2] ?? ""))
    return left("its address is that of the older SSE, which the gateway does not speak");
  if (has(entry, "command") || has(entry, "args") || has(entry, form.env) || has(entry, "env_vars"))
    return left("it has an address and what belongs to a program");
  const headers = leavesBelow(entry, form.headers);
  const fit = headers.every(
    ({ path, node }) =>
      path.length === 1 ||
      (path.length === 2 &&
        /^[\w!#$&'*+.^`|~-]+$/.test(path[1] ?? "") &&
        node.kind === "scalar" &&
        typeof node.value === "string"),
  );
  if (!fit) return left("its headers are not names with texts");
  const names = headers.map(({ path }) => path[1]).filter((name) => name !== undefined);
  const bearer = form.text === "toml" ? textAt(entry, "bearer_token_env_var") : undefined;
  if (names.length === 0 && bearer === undefined && !named)
    return { kind: "left", why: "it has no fixed header, so the client may sign in by itself", byName: true };
  return { kind: "http", url, urlKey, headers: names, ...(bearer === undefined ? {} : { bearer }) };
}

/** What else a person should know of an entry that is wrapped. */
export function entryNotes(entry: Entry): readonly string[] {
  const listed = ["alwaysAllow", "autoApprove", "autoApproved"].find((key) => {
    const node = leafAt(entry, key)?.node;
    return node?.kind === "list" && node.members.length > 0;
  });
  const mode = textAt(entry, "default_tools_approval_mode");
  return [
    ...(isValue(entry, "trust", true)
      ? ["`trust: true` stays: the client asks nobody before a call; ringfence's rules still hold"]
      : []),
    ...(isValue(entry, "sandboxEnabled", true)
      ? ["`sandboxEnabled` stays: VS Code asks nobody before a call; ringfence's rules still hold"]
      : []),
    ...(listed === undefined
      ? []
      : [`\`${listed}\` stays: the client asks nobody before those calls; ringfence's rules still hold`]),
    ...(mode === "approve" || mode === "auto"
      ? [`\`default_tools_approval_mode = "${mode}"\` stays; ringfence's rules still hold`]
      : []),
    ...(has(entry, "envFile")
      ? [
          "`envFile` is read by the client; the server gets those of its names that the policy lists under `mcp.servers.*.env`",
        ]
      : []),
  ];
}

function isValue(entry: Entry, key: string, value: boolean): boolean {
  const node = leafAt(entry, key)?.node;
  return node?.kind === "scalar" && node.value === value;
}
