// `mcp__server`, `mcp__server__*`, `mcp__server__tool`, each with conditions on the arguments if it likes. Two underscores may also stand inside of a
// server's or a tool's own name: then a rule that could mean either limits both, and allows neither.
import { err, ok, type Result } from "../result.ts";
import { wildcardSource } from "../text/wildcard.ts";
import { couldMeet, type Met, proves } from "./argument.ts";
import { type Condition, parseConditions } from "./condition.ts";

/** Such a rule in parts. */
export interface McpRule {
  readonly tool: "mcp";
  /** As the first two underscores divide it. */
  readonly server: string;
  /** Absent for every tool of the server. */
  readonly name?: string;
  /** Everything behind `mcp__`. */
  readonly word: string;
  /** All of them must hold; absent where the rule speaks of every call. */
  readonly when?: readonly Condition[];
}

/** A call as rules see it. */
export interface McpAct {
  readonly server: string;
  readonly tool: string;
  readonly input: unknown;
  /** The server is known by itself; otherwise both were read out of one word of an agent's. */
  readonly apart?: true;
}

// `prompts/get` and `resources/read` stand where a tool would
const WORD = /^mcp__([A-Za-z0-9_.*/-]+)$/;

/** Parses one; the fault is a half sentence that follows "the rule …". */
export function parseMcpRule(text: string): Result<McpRule, string> {
  const open = text.indexOf("(");
  const named = open < 0 ? text : text.slice(0, open);
  const [, word = ""] = WORD.exec(named) ?? [];
  const [, server, name] = /^(.+?)(?:__(.+))?$/.exec(word) ?? [];
  if (server === undefined || /^_*$/.test(server))
    return err("is not of the form `mcp__server` or `mcp__server__tool`");
  const rule = { tool: "mcp" as const, server, word, ...(name === undefined || name === "*" ? {} : { name }) };
  if (open < 0) return ok(rule);
  if (!text.endsWith(")")) return err("has a parenthesis that does not close at its end");
  const inner = text.slice(open + 1, -1).trim();
  if (inner === "") return err("has empty parentheses: leave them out for every call of the tool");
  if (inner === "*") return ok(rule);
  const when = parseConditions(inner);
  return when.ok ? ok({ ...rule, when: when.value }) : when;
}

/** A rule ready to compare. */
export interface McpMatcher {
  /** As an allow: only what it can mean in no other way. */
  allows(act: McpAct): boolean;
  /** As an ask or a deny. */
  limits(act: McpAct): Met;
}

/** Prepares a rule. */
export function compileMcp({ server, name, word, when }: McpRule): McpMatcher {
  const [isServer, isTool] = [glob(server), name === undefined ? () => true : glob(name)];
  const whole = word.replace(/__\*$/, "");
  const [likeWord, likeServer] = [glob(spelled(word)), glob(spelled(whole))];
  const namesServer = name === undefined || whole.includes("__");
  return {
    allows: (act) => {
      if (name?.includes("__") === true || !isServer(act.server) || !isTool(act.tool)) return false;
      const isClear =
        divisions(`${act.server}__${act.tool}`).length === 1 || (act.apart === true && name === undefined);
      return isClear && (when === undefined || proves(when, act.input));
    },
    limits: (act) => {
      const { called, servers } = spellings(act);
      if (!likeWord(called) && !(namesServer && servers.some(likeServer))) return "no";
      return when === undefined ? "yes" : couldMeet(when, act.input);
    },
  };
}

interface Spellings {
  readonly called: string;
  /** Whatever could be the server's name in it. */
  readonly servers: readonly string[];
}

const known = new WeakMap<McpAct, Spellings>();

/** Found once for each call, however many rules there are. */
function spellings(act: McpAct): Spellings {
  const before = known.get(act);
  if (before !== undefined) return before;
  const called = spelled(`${act.server}__${act.tool}`);
  const servers = [spelled(act.server), ...divisions(called).map((at) => called.slice(0, at))];
  known.set(act, { called, servers });
  return { called, servers };
}

/** Every place where two underscores may divide the server from the tool. */
function divisions(word: string): readonly number[] {
  const found: number[] = [];
  for (let at = word.indexOf("__", 1); at > 0 && at < word.length - 2; at = word.indexOf("__", at + 1)) found.push(at);
  return found;
}

/** A name with `*` for any text. */
function glob(pattern: string): (name: string) => boolean {
  if (!pattern.includes("*")) return (name) => name === pattern;
  const parts = pattern.split(/\*+/).map((part) => part.replace(/[.\\^$+?()[\]{}|-]/g, "\\$&"));
  const shape = new RegExp(`^${wildcardSource(parts, ".")}$`, "s");
  return (name) => shape.test(name);
}

/** Clients write an underscore for what a tool's name may not hold; case and what nobody sees say nothing. */
function spelled(name: string): string {
  const seen = name.normalize("NFKC").replace(/\p{Cf}/gu, "");
  return seen.toLowerCase().replace(/[^a-z0-9_*-]/gu, "_");
}
