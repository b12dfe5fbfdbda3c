// Which tool call a record belongs to (AUD-1): the agent claims a call, the walls see programs, files and connections; what joins them is
// that the program was started with the very text of the call, and that everything below it in the tree of processes is its work. The
// join is written into each record as `call`, so that no reader has to guess. It adds a name and decides nothing: a wrong one misleads a
// reader, never a wall. A fold over the records of one session in their order; no effects.
import type { Json, RecordBody } from "../log/index.ts";
import { commandIn, inputFields, nameLetters, pathIn } from "./tool-input.ts";

/** Calls that are remembered; older ones are joined no more. */
const CALLS_MOST = 128;

/** Processes that are remembered; beyond it the oldest is forgotten. */
const PIDS_MOST = 65_536;

interface Call {
  readonly id: string;
  readonly tool: string;
  readonly denied: boolean;
  /** The shell text that it runs. */
  readonly command: string | undefined;
  /** The file that it speaks of. */
  readonly path: string | undefined;
  /** Its input, keys in order: what an MCP server is called with. */
  readonly given: string;
  joined: boolean;
  ended: boolean;
}

/** Gives each record of a session the call that it belongs to. */
export class CallBook {
  readonly #calls: Call[] = [];
  readonly #ofPid = new Map<number, string | undefined>();
  /** Of each call that the gateway saw, by its number there: the agent's own. */
  readonly #ofRequest = new Map<string, string>();
  #unnamed = 0;

  /** The record with `call` in its data where it belongs to one. Called once for each record, in order. */
  take(body: RecordBody): RecordBody {
    const call = this.#callOf(body);
    return call === undefined || body.data["call"] !== undefined ? body : { ...body, data: { ...body.data, call } };
  }

  #callOf(body: RecordBody): string | undefined {
    const { type, actor, data, origin } = body;
    // what is told a second time (telemetry, a transcript) begins and ends nothing
    if (data["via"] === "otel" || data["via"] === "transcript") return actor?.tool_use_id;
    if (type === "tool.call") return this.#opened(body);
    if (type === "tool.result") return this.#ended(body);
    if (type === "mcp.call" || type === "mcp.result") return this.#atGateway(body);
    const pid = actor?.pid;
    if (pid === undefined || origin !== "observed") return undefined;
    if (type === "exec.start" || type === "exec.fork") return this.#started(pid, data);
    const call = this.#ofPid.get(pid);
    if (type === "exec.exit") this.#ofPid.delete(pid);
    return call ?? (type === "file.write" ? this.#writtenByAgent(data) : undefined);
  }

  #opened({ actor, data }: RecordBody): string {
    const id = actor?.tool_use_id ?? `#${++this.#unnamed}`;
    const input = inputFields(data["input"]);
    const cwd = typeof data["cwd"] === "string" ? data["cwd"] : "/";
    this.#calls.push({
      id,
      tool: String(data["tool"] ?? ""),
      denied: data["verdict"] === "deny",
      command: commandIn(input),
      path: absolute(pathIn(input), cwd),
      given: canonical(input),
      joined: false,
      ended: false,
    });
    if (this.#calls.length > CALLS_MOST) this.#calls.shift();
    return id;
  }

  /** Agents that name no call end them in order, one of a tool after the other. */
  #ended({ actor, data }: RecordBody): string | undefined {
    const id = actor?.tool_use_id;
    const call =
      id === undefined
        ? this.#calls.find(({ ended, denied, tool }) => !ended && !denied && tool === data["tool"])
        : this.#calls.find((one) => one.id === id);
    if (call !== undefined) call.ended = true;
    return id ?? call?.id;
  }

  /** The gateway saw what the agent's hook had told: the same tool with the same input, the oldest that has not come yet. */
  #atGateway({ type, data }: RecordBody): string | undefined {
    const key = `${String(data["server"])} ${String(data["request"])}`;
    if (type === "mcp.result") return this.#ofRequest.get(key);
    const name = nameLetters(`${String(data["server"] ?? "")}${String(data["tool"] ?? "")}`);
    const given = canonical(inputFields(data["input"]));
    const fits = (one: Call): boolean => !one.joined && nameLetters(one.tool).endsWith(name) && one.given === given;
    const call = this.#calls.find((one) => fits(one) && !one.denied) ?? this.#calls.find(fits);
    if (call === undefined) return undefined;
    call.joined = true;
    this.#ofRequest.set(key, call.id);
    const oldest = this.#ofRequest.size > CALLS_MOST ? this.#ofRequest.keys().next().value : undefined;
    if (oldest !== undefined) this.#ofRequest.delete(oldest);
    return call.id;
  }

  /** A process belongs where its parent does, a program that is another's next life where the one before did. */
  #started(pid: number, data: RecordBody["data"]): string | undefined {
    const parent = data["parent"];
    const inherited = this.#ofPid.get(pid) ?? (typeof parent === "number" ? this.#ofPid.get(parent) : undefined);
    const call = inherited ?? this.#begunWith(data["argv"]);
    this.#ofPid.delete(pid);
    this.#ofPid.set(pid, call);
    const oldest = this.#ofPid.size > PIDS_MOST ? this.#ofPid.keys().next().value : undefined;
    if (oldest !== undefined) this.#ofPid.delete(oldest);
    return call;
  }

  /** The newest call that was let through, is not over and has not begun; else one that has begun; else one that was refused. */
  #begunWith(argv: Json | undefined): string | undefined {
    const words = Array.isArray(argv) ? argv.filter((word): word is string => typeof word === "string") : [];
    if (words.length === 0) return undefined;
    const rank = ({ denied, ended, joined }: Call): number => (denied ? 3 : ended ? 2 : joined ? 1 : 0);
    const fitting = this.#calls.filter(
      ({ command }) => command !== undefined && command !== "" && words.some((word) => isHanded(word, command)),
    );
    const best = fitting.toReversed().toSorted((a, b) => rank(a) - rank(b))[0];
    if (best === undefined) return undefined;
    best.joined = true;
    return best.id;
  }

  /** A file tool writes from the agent's own process, often aside first and then into its place. */
  #writtenByAgent(data: RecordBody["data"]): string | undefined {
    const names = [data["path"], data["to"]].filter((name) => typeof name === "string");
    const isHere = ({ path, denied }: Call): boolean => !denied && names.some((name) => isAt(name, path));
    return this.#calls.findLast(isHere)?.id;
  }
}

/**
 * A shell is handed the text as one word, or with more around it: in single quotes, in either way of quoting a quote, or bare behind `eval`.
 */
function isHanded(word: string, text: string): boolean {
  if (word === text) return true;
  if (word.length <= text.length) return false;
  const quoted = [text.replaceAll("'", `'\\''`), text.replaceAll("'", `'"'"'`)].map((inner) => `'${inner}'`);
  return [...quoted, `eval ${text} `].some((form) => word.includes(form));
}

function absolute(path: string | undefined, cwd: string): string | undefined {
  if (path === undefined || path.startsWith("/")) return path;
  return `${cwd}/${path.replace(/^(?:\.\/)+/, "")}`;
}

function isAt(name: string, path: string | undefined): boolean {
  return path !== undefined && (name === path || name.startsWith(`${path}.`));
}

function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(",")}}`;
}
