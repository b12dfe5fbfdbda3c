import { describe, expect, it } from "vitest";
import type { Json, LogRecord } from "#core/log";
import { type ProcessTree, processTree, treeLines } from "#core/session";

type Part = Parameters<typeof processTree>[0] extends Iterable<infer One> ? One : never;

const seen = (type: string, pid: number, data: { readonly [key: string]: Json } = {}): Part => ({
  ...{ type, origin: "observed" as LogRecord["origin"], data },
  actor: { pid, exe: `/usr/bin/${String((data["argv"] as string[] | undefined)?.[0] ?? "x")}` },
});
const exec = (pid: number, parent: number, ...argv: string[]): Part =>
  seen("exec.start", pid, { argv, cwd: "/w", parent });
const wrote = (pid: number, path: string, operation = "write"): Part => seen("file.write", pid, { path, operation });
const lines = (tree: ProcessTree, most = 100): readonly string[] => treeLines(tree, { root: "/w", most, files: 3 });

describe("the process tree of a record", () => {
  it("names who started whom, and what each touched", () => {
    const tree = processTree([
      exec(2, 1, "sh", "-c", "make && ./hello"),
      exec(3, 2, "make"),
      exec(4, 3, "gcc", "-c", "a.c"),
      wrote(4, "/w/a.o", "create"),
      seen("exec.exit", 4, { code: 0 }),
      seen("exec.exit", 3, { code: 2 }),
      exec(5, 2, "./hello"),
      seen("net.connect", 5, { address: "127.0.0.1", port: 3128, via: "recorder" }),
      seen("net.connect", 5, { path: "/run/nscd", operation: "connect", error: "ENOENT" }),
      wrote(5, "/tmp/x", "delete"),
      seen("file.write", 5, { path: "/w/a", operation: "rename", to: "/w/b" }),
      seen("exec.exit", 5, { signal: 11 }),
    ]);
    expect(lines(tree)).toEqual([
      "└─ sh -c 'make && ./hello'  [2]",
      "   ├─ make  [3]  exit 2",
      "   │  └─ gcc -c a.c  [4]",
      "   │       wrote a.o",
      "   └─ ./hello  [5]  signal 11",
      "        wrote /tmp/x (delete), a (rename), b (rename target)",
      "        reached 127.0.0.1:3128",
    ]);
  });

  it("says where a turned connection came to by the proxy's word, not by the address that stood for the name", () => {
    const asked = (address: string, port: number): Part =>
      seen("net.connect", 2, { address, port, operation: "connect", via: "recorder" });
    const tree = processTree([
      exec(2, 1, "curl"),
      ...[asked("127.0.0.1", 53), asked("198.18.0.2", 443), asked("fd52:696e:6766::2", 443), asked("198.20.0.1", 443)],
      seen("net.connect", 2, { host: "allowed.example", port: 443, address: "1.2.3.4", dialled: "198.18.0.2:443" }),
    ]);
    expect(tree.roots[0]?.reached).toEqual(["198.20.0.1:443", "allowed.example:443"]);
  });

  it("names what the proxy reached, refused and used for a process, and then not the proxy itself", () => {
    const toProxy = seen("net.connect", 2, { address: "127.0.0.1", port: 3128, operation: "connect", via: "recorder" });
    const host = { host: "api.example", port: 443 };
    const tree = processTree([
      exec(2, 1, "curl"),
      ...[toProxy, seen("secret.use", 2, { ...host, credential: "api" }), seen("net.connect", 2, host)],
      seen("net.blocked", 2, { ...host, reason: "path-not-allowed" }),
    ]);
    expect(lines(tree)).toEqual([
      "└─ curl  [2]",
      "     reached api.example:443",
      "     refused api.example:443 (path-not-allowed)",
      "     used api for api.example:443",
    ]);
  });

  it("calls nothing reached that was refused, also when the refusal is heard of after the program's end", () => {
    const place = { address: "10.1.2.3", port: 80 };
    const tree = processTree([
      ...[exec(2, 1, "nc"), seen("net.connect", 2, { ...place, operation: "connect", via: "recorder" })],
      seen("exec.exit", 2, { code: 1 }),
      seen("net.blocked", 2, { host: "10.1.2.3", port: 80, reason: "no-rule" }),
    ]);
    expect(lines(tree)).toEqual(["└─ nc  [2]  exit 1", "     refused 10.1.2.3:80 (no-rule)"]);
  });

  it("gives a number that is used again to a new process", () => {
    const tree = processTree([exec(2, 1, "a"), seen("exec.exit", 2, { code: 0 }), exec(2, 1, "b")]);
    expect(tree.roots.map(({ programs }) => programs[0]?.argv)).toEqual([["a"], ["b"]]);
  });

  it("shows one exec after another in one process, forks as their parents', and like leaves once", () => {
    const tree = processTree([
      exec(2, 1, "env", "make"),
      exec(2, 1, "make"),
      seen("exec.start", 3, { argv: [], parent: 2 }),
      ...[10, 11, 12].flatMap((pid) => [exec(pid, 2, "cc1"), seen("exec.exit", pid, { code: 0 })]),
    ]);
    expect(lines(tree)).toContain("   └─ cc1  ×3");
    expect(lines(tree)[0]).toBe("└─ env make → make  [2]");
  });

  it("takes nobody's word: claims, and refusals that changed nothing, are not in it", () => {
    const claim: Part = { ...exec(2, 1, "rm"), origin: "claimed" };
    const refused = seen("file.write", 3, { path: "/w/.git/hooks/x", operation: "create", verdict: "refused" });
    expect(processTree([claim, exec(3, 1, "sh"), refused]).roots).toMatchObject([{ pid: 3, wrote: new Map() }]);
  });

  it("escapes what an agent called things, and is bounded in depth, lines and names", () => {
    const chain = Array.from({ length: 20_000 }, (_, at) => exec(at + 2, at + 1, "f\u001b[2J"));
    const files = Array.from({ length: 50 }, (_, at) => wrote(2, `/w/${at}`));
    const shown = lines(processTree([...chain, ...files]), 40);
    expect(shown.length).toBe(41);
    expect(shown.join("\n")).not.toContain("\u001b");
    expect(shown[1]).toContain("wrote 0, 1, 2, and 47 more");
    expect(shown.at(-1)).toMatch(/^… and \d+ more lines/);
  });

  it("says what the recorder lost", () => {
    const lost: Part = { type: "recorder.lost", origin: "observed", data: { events: 3 } };
    expect(lines(processTree([lost]))).toEqual(["the recorder lost 3 events"]);
  });
});
