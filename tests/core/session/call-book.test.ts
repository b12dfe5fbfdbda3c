import { describe, expect, it } from "vitest";
import type { Json, LogRecord, RecordBody, RecordType } from "#core/log";
import { CallBook, disagreements } from "#core/session";

type Data = { readonly [key: string]: Json };

const seen = (type: RecordType, pid: number, data: Data = {}): RecordBody => ({
  ...{ type, origin: "observed", actor: { pid, exe: "/bin/x" } },
  data: { via: "recorder", ...data },
});
const exec = (pid: number, parent: number, ...argv: string[]): RecordBody =>
  seen("exec.start", pid, { argv, parent, cwd: "/w" });
const exit = (pid: number, code = 0): RecordBody => seen("exec.exit", pid, { code });
const wrote = (pid: number, path: string, more: Data = {}): RecordBody =>
  seen("file.write", pid, { path, operation: "create", ...more });
const call = (id: string | undefined, tool: string, input: Data, verdict = "allow"): RecordBody => ({
  ...{ type: "tool.call", origin: "claimed" },
  actor: { agent: "claude-code", ...(id === undefined ? {} : { tool_use_id: id }) },
  data: { tool, input: JSON.stringify(input), cwd: "/w", verdict },
});
const result = (id: string | undefined, tool: string, output = "", failed = false): RecordBody => ({
  ...{ type: "tool.result", origin: "claimed" },
  actor: { agent: "claude-code", ...(id === undefined ? {} : { tool_use_id: id }) },
  data: { tool, failed, output },
});

function joined(...bodies: readonly RecordBody[]): readonly LogRecord[] {
  const book = new CallBook();
  const frame = { v: 1, prev: "", ts: "2026-11-26T10:00:00.000Z", mono: 0, session: "s" } as const;
  return bodies.map((body, seq) => ({ ...frame, seq, ...book.take(body) }));
}
const callsOf = (...bodies: readonly RecordBody[]): readonly (Json | undefined)[] =>
  joined(...bodies).map(({ data }) => data["call"]);
const kinds = (...bodies: readonly RecordBody[]): readonly string[] =>
  disagreements(joined(...bodies), "/w").disagreements.map(({ kind }) => kind);

describe("the call that a record belongs to", () => {
  it("is that of the program that was started with its very text, and of everything below", () => {
    const calls = callsOf(
      exec(2, 1, "claude"),
      call("t1", "Bash", { command: "make 'all' && ./x" }),
      exec(9, 2, "git", "status"),
      exec(3, 2, "/bin/bash", "-c", `source s && eval 'make '\\''all'\\'' && ./x' < /dev/null`),
      seen("exec.fork", 4, { parent: 3 }),
      exec(5, 4, "gcc"),
      wrote(5, "/w/a.o"),
      { ...seen("net.connect", 5, { host: "h.test", port: 443 }) },
      exit(3),
      result("t1", "Bash"),
      exec(3, 2, "later"),
    );
    expect(calls).toEqual([undefined, "t1", undefined, "t1", "t1", "t1", "t1", "t1", "t1", "t1", undefined]);
  });

  it("is told for agents that give a call no name, one after the other", () => {
    const calls = callsOf(
      call(undefined, "Bash", { command: "true one" }),
      call(undefined, "Bash", { command: "true two" }),
      exec(3, 2, "bash", "-c", "true two"),
      result(undefined, "Bash"),
      result(undefined, "Bash"),
    );
    expect(calls).toEqual(["#1", "#2", "#2", "#1", "#2"]);
  });

  it("is the newest that may run and has not begun, of several with the same text", () => {
    const run = (pid: number): RecordBody => exec(pid, 2, "sh", "-c", "npm test");
    const calls = callsOf(
      call("no", "Bash", { command: "npm test" }, "deny"),
      call("a", "Bash", { command: "npm test" }),
      run(3),
      call("b", "Bash", { command: "npm test" }),
      run(4),
    );
    expect(calls).toEqual(["no", "a", "a", "b", "b"]);
  });

  it("is that of a file tool for the file it names, also where it writes aside first", () => {
    const calls = callsOf(
      call("w", "Write", { file_path: "notes.txt" }),
      wrote(2, "/w/notes.txt.tmp.1"),
      wrote(2, "/w/notes.txt.tmp.1", { operation: "rename", to: "/w/notes.txt" }),
      wrote(2, "/w/other"),
    );
    expect(calls).toEqual(["w", "w", "w", undefined]);
  });
});

describe("what was said and what was seen", () => {
  const agent = exec(2, 1, "claude");
  const run = call("t", "Bash", { command: "npm test" });

  it("agree where the program ran and ended as told", () => {
    expect(
      kinds(agent, run, exec(3, 2, "sh", "-c", "npm test"), exit(3, 2), result("t", "Bash", "Exit code 2", true)),
    ).toEqual([]);
    expect(kinds(agent, call("w", "Write", { file_path: "/w/a" }), wrote(2, "/w/a"), result("w", "Write"))).toEqual([]);
  });

  it("differ where nothing ran, where a file was not written, where the exit is another", () => {
    expect(kinds(agent, run, result("t", "Bash", "all tests passed"))).toEqual(["never-ran"]);
    expect(kinds(agent, call("w", "Write", { file_path: "/w/a" }), result("w", "Write"))).toEqual(["never-wrote"]);
    const told = result("t", "Bash", "tests passed, exit code 0");
    expect(kinds(agent, run, exec(3, 2, "sh", "-c", "npm test"), exit(3, 1), told)).toEqual(["exit-differs"]);
  });

  it("differ where a refused command ran", () => {
    const refused = call("t", "Bash", { command: "rm -rf x" }, "deny");
    expect(kinds(agent, refused, exec(3, 2, "sh", "-c", "rm -rf x"))).toEqual(["ran-after-refusal"]);
    expect(kinds(agent, refused)).toEqual([]);
  });

  it("differ where nobody speaks of a change of the workspace, or of a connection", () => {
    expect(kinds(agent, run, wrote(2, "/w/src/x.ts"), wrote(2, "/w/src/x.ts"), wrote(2, "/tmp/y"))).toEqual([
      "write-not-claimed",
    ]);
    const connect = (rule: string): RecordBody => ({
      ...{ type: "net.connect", origin: "observed", actor: { pid: 2, exe: "/bin/claude" } },
      data: { host: "h.test", port: 443, rule },
    });
    expect(kinds(agent, run, connect("preset:anthropic (preset claude:1)"), connect("h.test (policy.yaml:3)"))).toEqual(
      ["connection-not-claimed"],
    );
    // The agent's own process, which starts what its calls ask for, speaks to its model.
    expect(kinds(agent, run, connect("h.test (policy.yaml:3)"), exec(3, 2, "sh", "-c", "npm test"))).toEqual([]);
  });

  it("cannot be compared where one side is silent", () => {
    expect(disagreements(joined(run, result("t", "Bash")), "/w")).toEqual({
      disagreements: [],
      observed: false,
      claimed: true,
    });
    expect(disagreements(joined(agent), "/w")).toEqual({ disagreements: [], observed: true, claimed: false });
  });
});

describe("a call of an MCP tool", () => {
  const hook = (id: string, tool: string, input: Data, verdict = "allow"): RecordBody => call(id, tool, input, verdict);
  const gateway = (request: string, tool: string, input: Data, more: Data = {}): RecordBody => ({
    ...{ type: "mcp.call", origin: "observed" },
    data: {
      server: "my-docs",
      method: "tools/call",
      tool,
      request,
      input: JSON.stringify(input),
      verdict: "allow",
      ...more,
    },
  });
  const answer = (request: string): RecordBody => ({
    ...{ type: "mcp.result", origin: "observed" },
    data: { server: "my-docs", method: "tools/call", request, failed: false, verdict: "allow" },
  });

  it("is joined with what the agent's hook told, whatever the agent calls it and however its keys stand", () => {
    const calls = callsOf(
      hook("t1", "mcp__my-docs__get_page", { a: 1, b: [{ d: 1, c: 2 }] }),
      hook("t2", "mcp_my_docs_get_page", { a: 2 }),
      hook("t3", "my-docs-get_page", { a: 2 }),
      gateway("r1", "get_page", { b: [{ c: 2, d: 1 }], a: 1 }),
      gateway("r2", "get_page", { a: 2 }),
      gateway("r3", "get_page", { a: 2 }),
      gateway("r4", "get_page", { a: 2 }),
      answer("r3"),
      answer("r1"),
    );
    expect(calls).toEqual(["t1", "t2", "t3", "t1", "t2", "t3", undefined, "t3", "t1"]);
  });

  it("that differs from what was said is told", () => {
    const tool = "mcp__my-docs__get_page";
    const said = (id: string, input: Data, verdict?: string): readonly RecordBody[] => [hook(id, tool, input, verdict)];
    const opened = gateway("r0", "list", {});
    expect(
      kinds(...said("t1", { a: 1 }), gateway("r1", "get_page", { a: 1 }), answer("r1"), result("t1", tool)),
    ).toEqual([]);
    expect(kinds(...said("t1", { a: 1 }), gateway("r1", "get_page", { a: 2 }), result("t1", tool))).toEqual([
      "call-not-claimed",
      "never-called",
    ]);
    expect(kinds(...said("t1", { a: 1 }, "deny"), gateway("r1", "get_page", { a: 1 }))).toEqual([
      "called-after-refusal",
    ]);
    expect(kinds(opened, ...said("t1", { a: 1 }), result("t1", "mcp__other__x"))).toEqual([
      "call-not-claimed",
      "never-called",
    ]);
    expect(kinds(hook("t1", "mcp__elsewhere__x", {}), result("t1", "mcp__elsewhere__x"))).toEqual([]);
  });
});
