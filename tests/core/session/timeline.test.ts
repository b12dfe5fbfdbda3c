import { describe, expect, it } from "vitest";
import type { Json, LogRecord } from "#core/log";
import { timeline, timelineLines } from "#core/session";

let seq = 0;
const record = (
  type: string,
  data: { readonly [key: string]: Json },
  more: Partial<Pick<LogRecord, "actor" | "origin">> = {},
): LogRecord => ({
  ...{
    v: 1,
    seq: seq++,
    prev: "",
    ts: "2026-11-26T10:00:00.000Z",
    mono: 0,
    session: "s",
    origin: "observed",
    type,
    data,
  },
  ...more,
});
const by = (pid: number, exe = "/bin/x"): Pick<LogRecord, "actor"> => ({ actor: { pid, exe } });
const exec = (pid: number, parent: number, ...argv: string[]): LogRecord =>
  record("exec.start", { argv, cwd: "/w", parent }, by(pid));
const claim = (id: string): Pick<LogRecord, "actor" | "origin"> => ({
  origin: "claimed",
  actor: { agent: "claude-code", tool_use_id: id },
});
const told = (records: readonly LogRecord[], most = 3): readonly string[] =>
  timelineLines(timeline(records), { root: "/w", most, width: 100, paint: (text) => text });

describe("the timeline of a session", () => {
  it("tells of each program that the agent started, with all that its tree did", () => {
    const lines = told([
      record("session.open", { workspace: "/w", kind: "overlay" }),
      exec(2, 1, "claude"),
      exec(3, 2, "sh", "-c", "make all"),
      exec(4, 3, "gcc"),
      record("file.write", { path: "/w/out", operation: "mkdir" }, by(4)),
      record("file.write", { path: "/w/out/a.o", operation: "create" }, by(4)),
      record("file.write", { path: "/w/no", operation: "create", error: "EACCES" }, by(4)),
      record("net.connect", { address: "198.18.0.1", port: 443, via: "recorder" }, by(4)),
      record("net.connect", { host: "good.example", port: 443, rule: "r" }, by(4)),
      record("exec.exit", { code: 0 }, by(4)),
      record("net.blocked", { host: "evil.example", port: 443, reason: "no-rule" }, by(3)),
      record("exec.exit", { code: 2 }, by(3)),
      record("session.close", { exit: 0 }),
    ]);
    expect(lines).toEqual([
      "10:00:00   session opened in /w (overlay)",
      "10:00:00   claude",
      "10:00:00   sh -c 'make all'  → exit 2",
      "           wrote out/a.o",
      "           reached good.example:443",
      "           refused evil.example:443 (no-rule)",
      "10:00:00   session closed, exit 0",
    ]);
  });

  it("joins a call with its result and a question with its answer, and marks what was only said", () => {
    const input = JSON.stringify({ command: "npm test" });
    const lines = told([
      record("prompt", { text: "fix it" }, claim("")),
      record("approval.ask", { id: "q1", act: { kind: "exec", text: "npm test" } }),
      record("approval.answer", { id: "q1", verdict: "allow", by: "terminal" }),
      record("tool.call", { tool: "Bash", input, verdict: "allow" }, claim("t1")),
      record("tool.result", { tool: "Bash", failed: true, output: "no" }, claim("t1")),
      record("tool.call", { tool: "Read", input: "{}", verdict: "deny" }, claim("t2")),
    ]);
    expect(lines).toEqual([
      "10:00:00 ? prompt: fix it",
      "10:00:00   asked a person: npm test  → allow by terminal",
      "10:00:00 ? claude-code called Bash npm test  → allow, failed",
      "10:00:00 ? claude-code called Read {}  → deny",
    ]);
  });

  it("tells what a call started with the call, and counts the agent's own housework", () => {
    const lines = told([
      exec(2, 1, "claude"),
      exec(3, 2, "git", "status"),
      record("exec.exit", { code: 0 }, by(3)),
      record(
        "tool.call",
        { tool: "Bash", input: JSON.stringify({ command: "make" }), verdict: "allow", call: "t1" },
        claim("t1"),
      ),
      record("exec.start", { argv: ["sh", "-c", "make"], cwd: "/w", parent: 2, call: "t1" }, by(4)),
      record("file.write", { path: "/w/out", operation: "create", call: "t1" }, by(4)),
      record("exec.exit", { code: 2, call: "t1" }, by(4)),
      record("tool.result", { tool: "Bash", failed: true, output: "", call: "t1" }, claim("t1")),
    ]);
    expect(lines).toEqual([
      "10:00:00   claude",
      "10:00:00 ? claude-code called Bash make  → allow, exit 2",
      "           wrote out",
      "10:00:00   1 program of its own that touched nothing (--tree names them)",
    ]);
  });

  it("folds what repeats at once, counts what is too much to name, and escapes an adversary's texts", () => {
    const lines = told(
      [
        exec(2, 1, "agent"),
        exec(3, 2, "true"),
        record("exec.exit", { code: 0 }, by(3)),
        exec(4, 2, "true"),
        record("exec.exit", { code: 0 }, by(4)),
        exec(5, 2, "touch", "\u001b]0;owned\u0007"),
        ...["/w/1", "/w/2", "/tmp/3"].map((path) => record("file.write", { path, operation: "create" }, by(5))),
      ],
      2,
    );
    expect(lines).toEqual([
      "10:00:00   agent",
      "10:00:00   true  → ×2",
      "10:00:00   touch '\\u{1b}]0;owned\\u{7}'",
      "           wrote 1, 2, and 1 more",
    ]);
  });

  it("believes nobody about processes", () => {
    expect(timeline([record("exec.start", { argv: ["rm"], parent: 1 }, { origin: "claimed", ...by(9) })])).toEqual([]);
  });

  it("tells of an MCP server's calls, once where the agent's hook told of one too", () => {
    const call = (request: string, more: { readonly [key: string]: Json } = {}): LogRecord => {
      const data = {
        server: "docs",
        method: "tools/call",
        tool: "get_page",
        input: '{"id":1}',
        verdict: "allow",
        request,
      };
      return record("mcp.call", { ...data, ...more }, { actor: { agent: "cursor" } });
    };
    const answer = (request: string, more: { readonly [key: string]: Json } = {}): LogRecord =>
      record("mcp.result", { server: "docs", method: "tools/call", request, failed: false, verdict: "allow", ...more });
    const lines = told([
      record("mcp.open", { server: "docs", held: [] }, { actor: { agent: "cursor" } }),
      record("mcp.list", { server: "docs", tools: 2, held: [{ kind: "tool", name: "x" }] }),
      call("r1"),
      answer("r1"),
      call("r2", { verdict: "deny" }),
      call("r3", { withheld: "GITHUB_TOKEN" }),
      call("r4"),
      answer("r4", { verdict: "deny" }),
      record(
        "tool.call",
        { tool: "mcp__docs__get_page", input: '{"id":2}', verdict: "allow", call: "t1" },
        claim("t1"),
      ),
      call("r5", { call: "t1" }),
      answer("r5", { failed: true }),
      record("mcp.request", { server: "docs", method: "sampling/createMessage", verdict: "deny" }),
      record("mcp.refused", { server: "docs", from: "server", reason: "duplicate-key", verdict: "deny" }),
      record("mcp.close", { server: "docs" }),
    ]);
    expect(lines.map((line) => line.slice(9))).toEqual([
      "  cursor opened MCP server docs",
      "  MCP server docs serves 2 tools, 1 held",
      '  cursor called docs/get_page {"id":1}  → allow',
      '  cursor called docs/get_page {"id":1}  → deny',
      "  cursor called docs/get_page (arguments not kept: they held GITHUB_TOKEN)  → allow",
      '  cursor called docs/get_page {"id":1}  → allow, answer held',
      '? claude-code called mcp__docs__get_page {"id":2}  → allow, failed',
      "  MCP server docs wants sampling/createMessage  → deny",
      "  refused what the server of MCP server docs sent (duplicate-key)",
      "  MCP server docs closed",
    ]);
  });
});
