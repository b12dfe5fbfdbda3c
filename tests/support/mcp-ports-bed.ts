// The gateway's ports with a real policy, a real record in a folder of its own, real questions and a person who is a list of answers.
import { onTestFinished } from "vitest";
import { openSessionLog, readLog, withPrivate } from "#audit";
import { err, ok, type Question } from "#core";
import { type LogRecord, PRIVATE_FIELDS } from "#core/log";
import type { JsonObject } from "#core/mcp";
import { loadPolicy } from "#core/policy";
import type { McpCall, McpOutcome, McpPorts, McpServerRequest } from "#mcp";
import { openApprovals } from "#monitor";
import { compileGuard } from "../../src/monitor/guard/guard.ts";
import { LegBook } from "../../src/monitor/guard/leg-book.ts";
import { collectSecrets } from "../../src/monitor/leaks/session-secrets.ts";
import type { McpSession } from "../../src/monitor/mcp/mcp-session.ts";
import { openMcpPorts } from "../../src/monitor/mcp/ports.ts";
import { tmp } from "./tmp.ts";

/** What a connection is like. */
export interface PortsOptions {
  readonly policy?: string;
  readonly server?: string;
  /** The server's fence has no way out. */
  readonly confined?: boolean;
  /** What the person says to each question in turn; nobody is there when it is absent. */
  readonly answers?: readonly ("allow" | "deny")[];
  /** Values that the server must not be told. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** One connection. */
export interface PortsBed {
  readonly ports: McpPorts;
  readonly session: McpSession;
  /** What the person was shown. */
  readonly asked: Question[];
  readonly told: string[];
  call(tool: string, args?: JsonObject, more?: Partial<McpCall>): McpCall;
  judge(call: McpCall): Promise<string>;
  answer(call: McpCall, result: McpOutcome["result"], more?: Partial<McpOutcome>): Promise<string>;
  wish(method: McpServerRequest["method"], params?: JsonObject, more?: Partial<McpServerRequest>): Promise<unknown>;
  /** What is on record, private values opened. */
  records(): readonly LogRecord[];
}

const NEVER = new AbortController().signal;

/** Opens it; closed with the test. */
export async function portsBed(options: PortsOptions = {}): Promise<PortsBed> {
  const stateDir = tmp();
  const text = `version: 1\n${options.policy ?? ""}`;
  const loaded = loadPolicy([{ name: "user", file: "policy.yaml", text, trusted: true, digest: "00" }]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { policy } = loaded.value;
  const places = { root: "/work", home: "/home/me", contained: true, reachable: [] };
  const guard = compileGuard(policy, places);
  if (!guard.ok) throw new Error(JSON.stringify(guard.error));
  const secrets = collectSecrets({
    files: [],
    values: () =>
      Object.entries(options.secrets ?? {}).map(([name, value]) => ({ name, value: new TextEncoder().encode(value) })),
    ...{ shown: [], placeholders: () => [], notice: () => undefined },
  });
  const log = await openSessionLog({
    ...{ stateDir, session: "s1", policy: "00", workspace: "/work", maxBytes: 1 << 30 },
    ...{ redact: (body) => secrets.redactor().record(body), privateFields: PRIVATE_FIELDS },
  });
  if (!log.ok) throw new Error(log.error.message);
  const { append, dir } = log.value;
  onTestFinished(() => log.value.close({}).then(() => undefined));
  const asked: Question[] = [];
  const told: string[] = [];
  const answers = [...(options.answers ?? [])];
  const approvals = openApprovals({
    ...{ session: "s1", contained: true, append, timeoutMs: () => 5_000, tell: (line) => void told.push(line) },
    places: { workspaceRoot: stateDir, stateDir, home: stateDir },
    channels: [
      {
        by: "terminal",
        present: () => answers.length > 0,
        ask: async (question) => {
          asked.push(question);
          return { verdict: answers.shift() ?? "deny", scope: "once" };
        },
      },
    ],
  });
  onTestFinished(() => approvals.close());
  const server = options.server ?? "things";
  const session: McpSession = {
    ...{ server, client: "claude", policy, confined: options.confined ?? false, stateDir },
    ...{ root: "/work", home: "/home/me", leaks: secrets, tell: (line) => void told.push(line) },
    redact: (value) => secrets.redactor().text(value),
    guarded: {
      ...{ id: "s1", contained: true, append, legs: new LegBook(append) },
      guard: async () => ok(guard.value()),
      ask: (...question) => approvals.ask(...question),
    },
  };
  const ports = openMcpPorts(session);
  let id = 0;
  const said = (verdict: { readonly verdict: string; readonly text?: string }): string =>
    verdict.text === undefined ? verdict.verdict : `${verdict.verdict}: ${verdict.text}`;
  return {
    ...{ ports, session, asked, told },
    call: (tool, args = {}, more = {}) => ({
      ...{ server, method: "tools/call", tool, arguments: args, id: ++id, era: "legacy", digest: "d".repeat(64) },
      ...more,
    }),
    judge: async (call) => said(await ports.call(call, NEVER)),
    answer: async (call, result, more = {}) =>
      said(
        await ports.result(
          {
            ...{ server, method: call.method, call, findings: [], cleaned: false, bytes: 10, ms: 1.5 },
            ...(result === undefined ? {} : { result }),
            ...more,
          },
          NEVER,
        ),
      ),
    wish: (method, params, more = {}) =>
      ports.ask({ server, method, params, era: "legacy", findings: [], ...more }, NEVER),
    records: () => [...withPrivate(dir, readLog(dir))].flatMap(({ record }) => record ?? []),
  };
}

/** A session whose policy cannot be read any more. */
export function unreadable(bed: PortsBed): McpPorts {
  const guard: McpSession["guarded"]["guard"] = async () => err([{ code: "policy-syntax", message: "it broke" }]);
  return openMcpPorts({ ...bed.session, guarded: { ...bed.session.guarded, guard } });
}
