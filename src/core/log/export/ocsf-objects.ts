// The objects of an OCSF event, made from a record's facts. Each is left out where a required attribute of it is not known.
import { isAddress } from "../../net/index.ts";
import type { LogRecord } from "../leaf.ts";
import type { Json } from "../record.ts";
import type { Stream } from "./exported.ts";
import type { Members } from "./plain.ts";
import type { Control, Facts, Subject } from "./subject.ts";
import { baseName, commandLine, present, textOf } from "./words.ts";

/** What the objects are made of. */
export interface OcsfSource {
  readonly stream: Stream;
  readonly record: LogRecord;
  readonly facts: Facts;
}

/** The attributes of the event that depend on what it is about. */
export function ocsfBody(source: OcsfSource): Members {
  const { subject } = source.facts;
  switch (subject.kind) {
    case "tool":
      return tool(subject, source);
    case "message":
      return message(subject, source);
    case "secret":
      return present({
        ...api("use", "secret-broker", source),
        resources: [secret(subject)],
        dst_endpoint: endpoint(subject),
      });
    case "approval":
      return api(`approval.${subject.act}`, "ringfence", source, { uid: subject.id, data: subject.what });
    case "change":
      return { ...api(`review.${subject.act}`, "ringfence", source), ...resources(subject.paths) };
    case "process":
      return process(subject, source);
    case "file":
      return present({
        file: file(subject.path),
        file_result: subject.act === "rename" && subject.to !== undefined ? file(subject.to) : undefined,
        status_detail: subject.error,
      });
    case "connection":
      return connection(subject);
    case "policy":
      return { entity: present({ name: subject.name, uid: subject.digest, type_id: 5, type: "Policy" }) };
    case "session":
      return { app: product(source.stream) };
    case "alarm":
      return finding(subject, source);
    case "log":
      return { log_name: source.stream.origin, log_type_id: 2, log_type: "Application" };
    case "other":
      return {};
    default:
      return subject satisfies never;
  }
}

/** Ringfence, as the product that reports. */
export function product({ version }: Stream): Members {
  return { name: "Ringfence", vendor_name: "Ringfence", version };
}

/** Who acted: the session always, the process where it is known. */
export function actor({ record, stream, facts }: OcsfSource): Members {
  const { agent, pid, exe } = facts.actor;
  return present({
    session: { uid: record.session },
    app_name: agent ?? stream.agent,
    process: pid === undefined ? undefined : present({ ...processName(exe), pid }),
  });
}

/** The machine, by the name of its log key: nothing of the person's host leaves with an export. */
export function device({ stream }: OcsfSource): Members {
  return { uid: stream.origin.split("/", 1)[0] ?? stream.origin, type_id: 0, type: "Unknown" };
}

/** The agent, where its name is known. */
export function aiAgent({ record, stream, facts }: OcsfSource): Members | undefined {
  const name = facts.actor.agent ?? stream.agent;
  return name === undefined ? undefined : { name, instance_uid: record.session, type_id: 99, type: "Coding Agent" };
}

const ANSWERS: { readonly [answer in Control["answer"]]: readonly [number, string, number, string] } = {
  allowed: [1, "Allowed", 1, "Allowed"],
  blocked: [2, "Denied", 2, "Blocked"],
  approved: [1, "Allowed", 8, "Approved"],
  rejected: [2, "Denied", 25, "Rejected"],
  held: [4, "Modified", 14, "Delayed"],
  seen: [3, "Observed", 17, "Logged"],
  reported: [3, "Observed", 15, "Detected"],
};

/** The `security_control` profile. */
export function control({ control: { answer, rule, reason }, alert }: Facts): Members {
  const [actionId, action, dispositionId, disposition] = ANSWERS[answer];
  return present({
    ...{ action_id: actionId, action, disposition_id: dispositionId, disposition, is_alert: alert },
    firewall_rule: rule === undefined ? undefined : { name: rule },
    status_code: reason,
  });
}

function api(
  operation: string,
  service: string,
  { record: { session, seq }, facts }: OcsfSource,
  request: { readonly uid?: string | undefined; readonly data?: Json | undefined } = {},
): Members {
  const uid = request.uid ?? facts.actor.tool_use_id ?? `${session}/${seq}`;
  return {
    api: { operation, service: { name: service }, request: present({ uid, data: request.data }) },
    // Everything an agent does starts inside its fence; there is no address to name.
    src_endpoint: { name: session },
  };
}

function tool(subject: Extract<Subject, { kind: "tool" }>, source: OcsfSource): Members {
  const made = api(subject.name, subject.server ?? source.facts.actor.agent ?? "agent", source, {
    data: subject.input,
  });
  if (subject.output === undefined) return made;
  return { ...made, api: { ...(made["api"] as Members), response: { data: subject.output } } };
}

function message(subject: Extract<Subject, { kind: "message" }>, source: OcsfSource): Members {
  const { from, model, provider, text, tokensIn, tokensOut } = subject;
  const fromPerson = from === "person";
  const service = aiAgent(source)?.["name"] ?? model ?? "agent";
  const said = text === undefined ? undefined : textOf(text);
  return present({
    ...api(fromPerson ? "prompt" : "model.output", textOf(service), source),
    message_context: present({
      uid: source.record.session,
      ai_role_id: fromPerson ? 1 : 2,
      ai_role: fromPerson ? "User" : "Assistant",
      service: { name: service },
      [fromPerson ? "prompt_text" : "response_text"]: said,
      prompt_tokens: tokensIn,
      completion_tokens: tokensOut,
    }),
    ai_model: model === undefined ? undefined : { name: model, ai_provider: provider ?? "Unknown" },
  });
}

function secret({ name, path, method }: Extract<Subject, { kind: "secret" }>): Members {
  return present({ name, type: "secret", data: path === undefined ? undefined : present({ method, path }) });
}

function process(subject: Extract<Subject, { kind: "process" }>, source: OcsfSource): Members {
  const { act, argv, cwd, parent, code, signal, uid } = subject;
  const { pid, exe } = source.facts.actor;
  const [launchId, launch] = act === "fork" ? FORK : pid === undefined ? SPAWN : EXEC;
  return present({
    process: present({
      ...{ uid, pid, ...processName(exe ?? argv?.[0]), working_directory: cwd },
      cmd_line: argv === undefined ? undefined : commandLine(argv),
      parent_process: parent === undefined || parent === 0 ? undefined : { pid: parent },
      ai_agent: aiAgent(source),
    }),
    ...(act === "end" ? {} : { launch_type_id: launchId, launch_type: launch }),
    exit_code: code,
    status_detail: signal === undefined ? undefined : `signal ${signal}`,
  });
}

const SPAWN = [1, "Spawn"] as const;
const FORK = [2, "Fork"] as const;
const EXEC = [3, "Exec"] as const;

function processName(exe: string | undefined): Members {
  return exe === undefined ? {} : { name: baseName(exe), file: file(exe) };
}

function file(path: string): Members {
  return { name: baseName(path), path, type_id: 0, type: "Unknown" };
}

function connection(subject: Extract<Subject, { kind: "connection" }>): Members {
  const { bytesIn, bytesOut, ms, path, scheme } = subject;
  const traffic = present({ bytes_in: bytesIn, bytes_out: bytesOut });
  return present({
    dst_endpoint: endpoint(subject) ?? { name: path ?? "?" },
    connection_info: present({
      ...{ direction_id: path === undefined ? 2 : 4, direction: path === undefined ? "Outbound" : "Local" },
      protocol_name: path === undefined ? "tcp" : undefined,
    }),
    traffic: Object.keys(traffic).length === 0 ? undefined : traffic,
    duration: ms,
    app_protocol_name: scheme,
  });
}

function endpoint(place: {
  host?: string | undefined;
  address?: string | undefined;
  port?: number | undefined;
}): Members | undefined {
  const { host, address, port } = place;
  if (host === undefined && address === undefined) return undefined;
  const ip =
    address !== undefined && isAddress(address) ? address : host !== undefined && isAddress(host) ? host : undefined;
  return present({ hostname: host ?? address, ip, port });
}

function resources(paths: readonly string[]): Members {
  return paths.length === 0 ? {} : { resources: paths.map((path) => ({ name: path, type: "file" })) };
}

function finding(subject: Extract<Subject, { kind: "alarm" }>, source: OcsfSource): Members {
  const { stream, record, facts } = source;
  const uid = `${stream.origin}/${record.seq}`;
  return {
    finding_info: { uid, title: subject.title, analytic: { name: subject.rule, type_id: 1, type: "Rule" } },
    evidences: [present({ ai_agent: aiAgent(source), data: facts.rest, actor: actor(source) })],
  };
}
