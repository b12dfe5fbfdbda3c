// From a record's type and data to its subject. A test goes over the closed list of record.ts: a type that says nothing here is found there.
import type { LogRecord } from "../leaf.ts";
import type { RecordType } from "../record.ts";
import type { Fields } from "./fields.ts";
import { isList } from "./plain.ts";
import type { FileAct, Subject } from "./subject.ts";
import { textOf } from "./words.ts";

type Reader = (fields: Fields, record: LogRecord) => Subject;

/** What a record of this type is about. */
export function readSubject(fields: Fields, record: LogRecord): Subject {
  const reader = BY_TYPE.get(record.type) ?? FAMILIES[record.type.split(".", 1)[0] ?? ""];
  return reader?.(fields, record) ?? { kind: "other" };
}

/** The single types, one reader each. */
const READERS: { readonly [T in RecordType]?: Reader } = {
  "session.open": (fields) => ({ kind: "session", act: "open", policy: fields.text("policy") }),
  "session.close": () => ({ kind: "session", act: "close" }),
  "tool.call": (fields, { actor }) => ({
    ...{ kind: "tool", act: "call", name: fields.text("tool") ?? "?", server: fields.text("server") },
    ...{ id: actor?.tool_use_id, input: fields.value("input"), cwd: fields.text("cwd") },
  }),
  "tool.result": (fields, { actor }) => ({
    ...{ kind: "tool", act: "result", name: fields.text("tool") ?? "?", server: fields.text("server") },
    ...{ id: actor?.tool_use_id, output: fields.value("output") },
  }),
  "exec.start": (fields, record) => process(fields, record, "start"),
  "exec.fork": (fields, record) => process(fields, record, "fork"),
  "exec.exit": (fields, record) => process(fields, record, "end"),
  "file.write": file,
  "file.read": file,
  "net.connect": (fields) => connection(fields, "open"),
  "net.close": (fields) => connection(fields, "close"),
  "net.blocked": (fields) => connection(fields, "refuse"),
  "secret.use": (fields) => ({
    ...{ kind: "secret", name: fields.text("credential") ?? "?", act: fields.text("act") ?? "use" },
    ...{ host: fields.text("host"), port: port(fields), method: fields.text("method"), path: fields.text("path") },
  }),
  prompt: (fields) => message(fields, "person"),
  "model.output": (fields) => message(fields, "model"),
  "approval.ask": (fields) => ({
    kind: "approval",
    act: "ask",
    id: fields.text("id") ?? "?",
    what: fields.value("act"),
  }),
  "approval.answer": (fields) => ({
    ...{ kind: "approval", act: "answer", id: fields.text("id") ?? "?", by: fields.text("by") },
  }),
  "leg.set": (fields) => ({
    ...{ kind: "alarm", rule: "leg.set", title: `leg ${fields.text("leg") ?? "?"}: ${fields.text("cause") ?? "?"}` },
  }),
  "limit.hit": (fields) => ({
    kind: "alarm",
    rule: "limit.hit",
    title: `limit ${fields.text("limit") ?? "?"} was hit`,
  }),
  "recorder.lost": (fields) => ({
    ...{
      kind: "alarm",
      rule: "recorder.lost",
      title: `${fields.number("events") ?? "some"} observed events were lost`,
    },
  }),
  diff: (fields) => ({ kind: "change", act: "diff", paths: paths(fields) }),
  "policy.change": (fields) => ({
    ...{ kind: "policy", name: fields.text("file") ?? fields.text("part") ?? "policy", digest: fields.text("digest") },
  }),
  recovery: () => ({ kind: "log", act: "recover" }),
  "epoch.close": () => ({ kind: "log", act: "seal" }),
};

const BY_TYPE: ReadonlyMap<string, Reader | undefined> = new Map(Object.entries(READERS));

/** Families, by the word before the first dot; so a new member of one is not lost on the way. */
const FAMILIES: { readonly [family: string]: Reader | undefined } = {
  mcp: (fields, { type, actor }) => ({
    ...{ kind: "tool", act: mcpAct(type), name: mcpName(fields) ?? type, server: fields.text("server") },
    ...{
      id: actor?.tool_use_id ?? fields.text("request"),
      input: fields.value("input"),
      output: fields.value("output"),
    },
  }),
  review: (fields, { type }) => ({ kind: "change", act: type.slice("review.".length), paths: paths(fields) }),
  lifecycle: (_, { type }) => ({
    ...{ kind: "session", act: type.endsWith(".pause") ? "pause" : type.endsWith(".resume") ? "resume" : "other" },
  }),
  setup: () => ({ kind: "session", act: "other" }),
  epoch: () => ({ kind: "log", act: "seal" }),
  prune: () => ({ kind: "log", act: "prune" }),
  prompt: (fields) => message(fields, "person"),
  model: (fields) => message(fields, "model"),
  redaction: () => ({ kind: "log", act: "redact" }),
};

/** A call, its answer, or what else passes between a client and a server. */
function mcpAct(type: string): "call" | "result" | "other" {
  return type === "mcp.call" ? "call" : type === "mcp.result" ? "result" : "other";
}

function mcpName(fields: Fields): string | undefined {
  return fields.text("tool") ?? fields.text("prompt") ?? fields.text("uri") ?? fields.text("method");
}

function process(fields: Fields, { session, seq, actor }: LogRecord, act: "start" | "fork" | "end"): Subject {
  const further = fields.peek("further");
  const pid = actor?.pid;
  const part = pid === undefined ? (typeof further === "string" ? further : "command") : `${pid}`;
  // A number is used again; a start has a name of its own only together with its record.
  const uid = `${session}/${part}${act === "start" && pid !== undefined ? `@${seq}` : ""}`;
  return {
    ...{
      kind: "process",
      act,
      uid,
      argv: fields.words("argv"),
      cwd: fields.text("cwd"),
      parent: fields.number("parent"),
    },
    ...{ code: fields.number("code"), signal: fields.number("signal") },
  };
}

const FILE_ACTS: { readonly [operation: string]: FileAct | undefined } = {
  ...{ create: "create", mkdir: "create", link: "create", symlink: "create", mknod: "create" },
  ...{ write: "update", truncate: "update", rename: "rename", exchange: "rename" },
  ...{ delete: "delete", rmdir: "delete", chmod: "attributes", setxattr: "attributes", read: "read" },
};

function file(fields: Fields, { type }: LogRecord): Subject {
  const operation = fields.peek("operation");
  const act = typeof operation === "string" ? FILE_ACTS[operation] : type === "file.read" ? "read" : "update";
  return {
    ...{ kind: "file", act: act ?? "other", path: fields.text("path") ?? "?", to: fields.text("to") },
    error: fields.text("error"),
  };
}

function connection(fields: Fields, act: "open" | "close" | "refuse"): Subject {
  const failed = act === "open" && fields.peek("error") !== undefined;
  const listens = act === "open" && fields.peek("operation") === "bind";
  return {
    ...{ kind: "connection", act: failed ? "fail" : listens ? "listen" : act },
    ...{ host: fields.text("host"), address: fields.text("address"), port: port(fields), path: fields.text("path") },
    ...{ scheme: fields.text("scheme"), bytesOut: fields.number("bytesUp"), bytesIn: fields.number("bytesDown") },
    ms: fields.number("ms"),
  };
}

/** A port that can be one: others stay among the rest. */
function port(fields: Fields): number | undefined {
  const value = fields.peek("port");
  return typeof value === "number" && value >= 0 && value <= 65_535 ? fields.number("port") : undefined;
}

function message(fields: Fields, from: "person" | "model"): Subject {
  return {
    ...{
      kind: "message",
      from,
      text: fields.value("text"),
      model: fields.text("model"),
      provider: fields.text("provider"),
    },
    ...{ tokensIn: fields.number("inputTokens"), tokensOut: fields.number("outputTokens") },
  };
}

/** The paths of a change, from whichever of its lists there is. */
function paths(fields: Fields): readonly string[] {
  const listed = fields.words("paths");
  if (listed !== undefined) return listed;
  const one = fields.peek("path");
  if (typeof one === "string") return [one];
  const changes = fields.peek("changes") ?? fields.peek("hunks");
  if (changes === undefined || !isList(changes)) return [];
  return changes.flatMap((change) => {
    if (typeof change !== "object" || change === null || isList(change)) return [];
    const path = change["path"];
    return path === undefined ? [] : [textOf(path)];
  });
}
