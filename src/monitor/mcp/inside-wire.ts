// How a client inside a fence asks for its server (native/mcp.h): one line of JSON up, then its input as it is; frames down. Everything in the line is a
// claim of what runs inside.
import { err, ok, type Problem, type Result } from "#core";
import { joinPath } from "#core/shell";

/** What a wrapped entry asks for. */
export interface InsideWish {
  readonly server: string;
  readonly client?: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Variables of the entry, with the values that they have inside. */
  readonly env: Readonly<Record<string, string>>;
}

/** Longest first line. */
export const WISH_MOST = 262_144;

/** Bytes for one of the client's streams, or the exit code. */
export function frame(kind: "1" | "2" | "x", bytes: Uint8Array | string): Buffer {
  const body = Buffer.from(bytes);
  const head = Buffer.alloc(5);
  head.write(kind, "latin1");
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** Parses the first line, its end not included. */
export function parseWish(line: Uint8Array): Result<InsideWish, Problem> {
  const bad = (message: string, hint = "`ringfence mcp run --server NAME -- COMMAND`"): Result<never, Problem> =>
    err({ code: "mcp-inside", message, hint });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch {
    return bad("what asks for an MCP server here is not understood");
  }
  const { v, words, cwd, env } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (v !== 1 || !isWords(words) || !isWords([cwd]) || !isPairs(env))
    return bad("what asks for an MCP server here is not understood");
  if (words[0] === "proxy") return err(notInside(words));
  if (words[0] !== "run")
    return bad(`\`mcp ${words[0] ?? ""}\` works outside of a fence`, "type it in a terminal of your own");
  const end = words.indexOf("--");
  const argv = end < 0 ? [] : words.slice(end + 1);
  if (argv.length === 0) return bad("no server to run");
  const options = words.slice(1, end);
  const named = new Map<string, string>();
  for (let at = 0; at < options.length; at += 2) {
    const [option = "", text] = [options[at], options[at + 1]];
    if (!["--server", "--client", "--env"].includes(option) || text === undefined)
      return bad(
        `\`${option}\` is not for the inside of a fence`,
        "the policy is the one that the fence was made with",
      );
    if (option !== "--env") named.set(option, text);
  }
  const server = named.get("--server") ?? "";
  if (server === "" || server.length > 128) return bad("the server has no name");
  const client = named.get("--client");
  return ok({
    server,
    ...(client === undefined ? {} : { client }),
    argv,
    cwd: joinPath("/", String(cwd)),
    env: Object.fromEntries(env),
  });
}

/**
 * A server over HTTP has no gateway in here: its credentials and the way to it are the person's, and who asks from inside names any address. What remains is
 * the fence's own way out, for a client that has the server's own address.
 */
function notInside(words: readonly string[]): Problem {
  const after = (option: string): string => words[words.indexOf(option) + 1] ?? "";
  const [name, address] = [words.includes("--server") ? after("--server") : "NAME", after("--url")];
  const host = words.includes("--url") && URL.canParse(address) ? new URL(address).host : "HOST";
  const server = /^[\w.-]{1,128}$/.test(name) ? name : JSON.stringify(name);
  return {
    code: "mcp-inside-http",
    message: `MCP server \`${server}\` is reached over HTTP, and its gateway (\`mcp proxy\`) works outside of a fence only`,
    hint: `outside, \`ringfence mcp unwrap --server ${server}\` gives the client its own address back, and \`ringfence run --allow-domain ${host} -- ...\` lets it go there by the fence's own rules`,
  };
}

/** Words as a program gets them: behind a zero byte nothing would, and what is judged is what runs. */
function isWords(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length < 4096 &&
    value.every((word) => typeof word === "string" && !word.includes("\0"))
  );
}

/** Names and values; none that would be no variable. */
function isPairs(value: unknown): value is readonly (readonly [string, string])[] {
  return (
    Array.isArray(value) &&
    value.every((pair) => isWords(pair) && pair.length === 2 && /^[A-Za-z_][A-Za-z0-9_]*$/.test(pair[0] ?? ""))
  );
}
