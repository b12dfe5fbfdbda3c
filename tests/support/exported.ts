// Records for the tests of the export: one of every type of the closed list, with the data that the rooms write, and hostile ones.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { encodeBody, encodeLine, type Json, type RecordBody, readLeaf } from "#core/log";
import type { ExportedRecord, Stream } from "#core/log/export";

/** A stream of a session. */
export const STREAM: Stream = { origin: "ringfence-machine-0123456789abcdef/s1", agent: "claude", version: "0.1.0" };

/** The types of src/core/log/record.ts as they stand there, and one member of each family. */
export function recordTypes(): readonly string[] {
  const text = readFileSync(new URL("../../src/core/log/record.ts", import.meta.url), "utf8");
  const list = /export type RecordType =([^;]+);/.exec(text)?.[1] ?? "";
  return [...list.matchAll(/["`]([a-z][a-z0-9_.]*)(\$\{string\})?["`]/g)].map(([, name = "", family]) =>
    family === undefined ? name : `${name}${MEMBER[name] ?? "something"}`,
  );
}

const MEMBER: Readonly<Record<string, string>> = {
  "mcp.": "call",
  "review.": "apply",
  "lifecycle.": "pause",
  "setup.": "start",
};

/** Data as the rooms write it, by type. */
export const SAMPLES: Readonly<Record<string, readonly Partial<RecordBody>[]>> = {
  "session.open": [
    {
      data: { agent: "claude", policy: "ab12", workspace: "/w", version: "0.1.0", layers: [], network: ["preset:npm"] },
    },
  ],
  "session.close": [
    { data: { exit: 0, applied: 2, held: 0 } },
    { data: { exit: 1, applied: 0, held: 0, limit: "timeout" } },
  ],
  "tool.call": [
    {
      data: {
        tool: "Bash",
        input: '{"command":"npm test"}',
        cwd: "/w",
        verdict: "allow",
        reasons: [{ code: "rule-matched" }],
      },
    },
    { data: { tool: "Write", input: { path: "a" }, cwd: "/w", verdict: "deny", reasons: [] } },
    {
      data: { tool: "Bash", input: "x", cwd: "/w", verdict: "ask", reasons: [] },
      actor: { agent: "codex", tool_use_id: "t1" },
    },
  ],
  "tool.result": [
    { data: { tool: "Bash", failed: false, output: "ok" } },
    { data: { tool: "Bash", failed: true, output: { stderr: "no" } } },
  ],
  "exec.start": [
    { data: { argv: ["npm", "test", "it's"], cwd: "/w" } },
    { data: { argv: ["sh", "-c", "x"], cwd: "/w", parent: 2, via: "recorder" }, actor: { pid: 7, exe: "/bin/sh" } },
    { data: { argv: ["a"], cwd: "/w", further: "ab12cd34" } },
  ],
  "exec.fork": [{ data: { parent: 2, via: "recorder" }, actor: { pid: 5, exe: "/usr/bin/bash" } }],
  "exec.exit": [{ data: { code: 0 } }, { data: { code: 137, signal: 9 }, actor: { pid: 5, exe: "/usr/bin/bash" } }],
  "file.write": [
    { data: { path: "/w/a", operation: "create", via: "recorder" }, actor: { pid: 5, exe: "/bin/sh" } },
    { data: { path: "/w/a", operation: "rename", to: "/w/b", via: "recorder" } },
    {
      data: {
        path: "/w/.git/hooks/x",
        operation: "write",
        error: "EROFS",
        verdict: "refused",
        reason: "protected-path",
      },
    },
    { data: { path: "/w/x", operation: "chmod" } },
  ],
  "file.read": [
    { data: { path: "/w/.env", operation: "read", via: "recorder" } },
    { data: { path: ".env", verdict: "refused", reason: "secret-appeared" } },
  ],
  "net.connect": [
    {
      data: {
        host: "registry.npmjs.org",
        port: 443,
        address: "203.0.113.80",
        rule: "preset:npm (command line:1)",
        scheme: "tls",
      },
    },
    { data: { address: "::1", port: 443, operation: "connect", via: "recorder", error: "ECONNREFUSED" } },
    { data: { path: "/run/x.sock", operation: "connect", via: "recorder" } },
    { data: { address: "127.0.0.1", port: 8080, operation: "bind", via: "recorder" } },
  ],
  "net.close": [{ data: { host: "registry.npmjs.org", port: 443, bytesUp: 4289, bytesDown: 36_272_391, ms: 61 } }],
  "net.blocked": [
    { data: { host: "paste.example", port: 443, reason: "no-rule" }, actor: { pid: 9, exe: "/usr/bin/curl" } },
    { data: { host: "a.test", port: 443, reason: "no-rule", reported: true } },
    { data: { host: "203.0.113.9", port: 99_999, reason: "no-rule", repeats: 40 } },
  ],
  "secret.use": [
    {
      data: { credential: "github", host: "api.github.com", port: 443, method: "GET", path: "/user" },
      actor: { pid: 3 },
    },
    { data: { credential: "ssh", act: "refused", reason: "ssh-forwarded" } },
    { data: { credential: "ssh", act: "ssh-login", host: "git.test", user: "git", key: "SHA256:x" } },
  ],
  prompt: [
    { data: { text: "do it", model: "m-1" }, origin: "claimed" },
    { data: { text: { $c: "0".repeat(64), n: 5 } } as unknown as RecordBody["data"] },
  ],
  "model.output": [
    {
      data: { text: "done", model: "m-1", provider: "anthropic", inputTokens: 12, outputTokens: 3 },
      origin: "claimed",
    },
  ],
  "approval.ask": [
    {
      data: {
        id: "yqmset",
        digest: "d",
        contained: true,
        act: { kind: "exec", text: "rm -rf /" },
        why: ["x"],
        legs: [],
        waits: 120_000,
      },
    },
  ],
  "approval.answer": [
    { data: { id: "yqmset", digest: "d", verdict: "deny", by: "nobody", scope: "once" } },
    { data: { id: "yqmset", digest: "d", verdict: "allow", by: "terminal", scope: "once" } },
  ],
  "leg.set": [{ data: { leg: "B", cause: "read /root/.npmrc", source: "secret-file" } }],
  "limit.hit": [{ data: { limit: "pids", most: 64, value: 64 } }],
  diff: [
    { data: { clean: 1, held: 1, changes: [{ path: "a.txt" }, { path: "b.txt" }], waiting: [] } },
    { data: { path: ".git/config", merged: 1, settings: [] } },
  ],
  "policy.change": [
    { data: { file: "/w/.ringfence/policy.yaml", rule: "Bash(x)", digest: "abc", question: "q" } },
    { data: { part: "network", added: ["a.test"] } },
  ],
  recovery: [{ data: { cut_bytes: 12, cut_sha256: "ab", last_good: 3 } }],
  redaction: [{ data: { session: "s0", seq: 3, path: "text", reason: "a person asked for it" } }],
  prune: [{ data: { session: "s0", from: 0, to: 9, root: "ab", reason: "age" } }],
  "recorder.lost": [{ data: { events: 17 } }],
  "epoch.close": [{ data: { epoch: 0, next: "k", reason: "time" } }],
  "mcp.call": [
    { data: { server: "github", tool: "get_issue", input: { n: 1 } }, actor: { agent: "claude", tool_use_id: "t9" } },
    {
      data: {
        server: "docs",
        method: "resources/read",
        uri: "docs://a",
        request: "r3",
        verdict: "deny",
        era: "modern",
      },
    },
  ],
  "mcp.result": [
    {
      data: { server: "github", tool: "get_issue", request: "r1", failed: true, output: "{}", verdict: "allow", ms: 3 },
    },
  ],
  "mcp.request": [{ data: { server: "github", method: "sampling/createMessage", input: "{}", verdict: "deny" } }],
  "mcp.refused": [{ data: { server: "github", from: "server", reason: "duplicate-key", count: 2, verdict: "deny" } }],
  "review.apply": [
    { data: { count: 1, paths: [".github/workflows/ci.yml"] } },
    { data: { count: 1, hunks: [{ path: "a", numbers: [1] }] } },
  ],
  "lifecycle.pause": [{ data: { by: "person" } }],
  "setup.start": [{ data: { commands: ["npm ci"], network: [], exposed: [], credentials: [] } }],
  other: [{ data: { command: "ls", ratio: { number: "0.5" } }, origin: "claimed" }],
  "other.thing": [{ data: { any: [1, null, { deep: true }] }, origin: "claimed" }],
};

/** A record as the exporter reads it from a log: through the writer's encoder and the strict reader. */
export function exported(
  type: string,
  body: Partial<RecordBody> = {},
  more: { readonly seq?: number; readonly beside?: ReadonlyMap<string, Json> } = {},
): ExportedRecord {
  const beside = new Map(more.beside);
  const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  const encoded = encodeBody({ origin: "observed", data: {}, ...body, type: type as RecordBody["type"] }, (bytes) =>
    digest(bytes),
  );
  if (!encoded.ok) throw new Error(encoded.error.message);
  for (const blob of encoded.value.blobs)
    beside.set(blob.digest, JSON.parse(new TextDecoder().decode(blob.bytes)) as Json);
  const envelope = { seq: more.seq ?? 3, prev: "0".repeat(64), ts: "2026-11-25T14:51:18.553Z", mono: 5, session: "s1" };
  const line = encodeLine(envelope, encoded.value);
  const bytes = new TextEncoder().encode(line);
  const record = readLeaf(bytes);
  if (record === undefined) throw new Error(`not a leaf: ${line.slice(0, 300)}`);
  const leaf = createHash("sha256").update(Uint8Array.of(0)).update(bytes).digest("hex");
  return { kind: "record", record, line, leaf, beside };
}

/** Every sample, and an empty record of every type. */
export function everything(): readonly ExportedRecord[] {
  return [...recordTypes(), "other.thing"].flatMap((type) =>
    [{}, ...(SAMPLES[type] ?? [])].map((body, at) => exported(type, body, { seq: at })),
  );
}
