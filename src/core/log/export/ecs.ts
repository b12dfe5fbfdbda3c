// Elastic Common Schema 9.3, one document a line, fields nested. What ECS has no field for stands below `ringfence`, and the rest of a
// record's data there as one JSON text: a mapping of a field for every key that an agent thinks of would burst an index.
import { isAddress } from "../../net/index.ts";
import type { Actor } from "../record.ts";
import { ECS_VERSION, ecsClass } from "./ecs-table.ts";
import { EVENT_TEXT, type Exported, type ExportedDamage, type ExportedRecord, type Stream } from "./exported.ts";
import { factsOf } from "./facts.ts";
import { isMembers, type Members } from "./plain.ts";
import type { Facts, Subject } from "./subject.ts";
import { baseName, commandLine, damageText, present, textOf } from "./words.ts";

/** The document of a line. */
export function ecsDocument(exported: Exported, stream: Stream, most: number = EVENT_TEXT): Members {
  return exported.kind === "record" ? recordOf(exported, stream, most) : damageOf(exported, stream);
}

function recordOf(exported: ExportedRecord, stream: Stream, most: number): Members {
  const { record, leaf } = exported;
  const facts = factsOf(exported, most);
  const { subject, control, rest } = facts;
  const agent = facts.actor.agent ?? stream.agent;
  const more = about(subject);
  return {
    "@timestamp": record.ts,
    ecs: { version: ECS_VERSION },
    message: facts.message,
    event: {
      ...event(facts, { action: record.type, id: `${stream.origin}/${record.seq}`, hash: leaf }),
      ...present({ sequence: record.seq, reason: control.reason, duration: durationOf(subject) }),
    },
    ...observer(stream),
    ...more,
    ...present({
      process: processOf(facts.actor, more),
      rule: control.rule === undefined ? undefined : { name: control.rule },
      gen_ai: genAi(subject, agent),
    }),
    ringfence: present({
      ...{ session: record.session, origin: record.origin, log: stream.origin, verdict: control.answer },
      ...own(subject),
      truncated_from: facts.cutFrom,
      data: Object.keys(rest).length === 0 ? undefined : JSON.stringify(rest),
    }),
  };
}

function damageOf(found: ExportedDamage, stream: Stream): Members {
  const { damage, seq, file, offset, bytes, text } = found;
  return {
    "@timestamp": found.ts,
    ecs: { version: ECS_VERSION },
    message: damageText(found),
    event: {
      ...{ kind: "alert", category: ["intrusion_detection"], type: ["info"], outcome: "unknown", severity: 4 },
      ...{ action: `log.${damage}`, sequence: seq, hash: found.hash, id: `${stream.origin}/damage/${file}/${offset}` },
      ...{ module: "ringfence", dataset: "ringfence.log", provider: "ringfence" },
    },
    ...observer(stream),
    ringfence: { log: stream.origin, damage: { kind: damage, seq, file, offset, bytes, text } },
  };
}

function event(facts: Facts, names: { readonly action: string; readonly id: string; readonly hash: string }): Members {
  const { category, type } = ecsClass(facts.subject);
  return {
    kind: facts.alert ? "alert" : "event",
    ...{ category: [category], type: [type], outcome: facts.outcome ?? "unknown", severity: facts.severity },
    ...{ module: "ringfence", dataset: "ringfence.log", provider: "ringfence", ...names },
  };
}

function observer({ version, origin }: Stream): Members {
  const machine = origin.split("/", 1)[0] ?? origin;
  return { observer: { product: "Ringfence", vendor: "Ringfence", type: "sandbox", version }, host: { id: machine } };
}

function processOf(actor: Actor, { process }: Members): Members | undefined {
  const named = present({
    pid: actor.pid,
    executable: actor.exe,
    name: actor.exe === undefined ? undefined : baseName(actor.exe),
  });
  const all = { ...(isMembers(process) ? process : {}), ...named };
  return Object.keys(all).length === 0 ? undefined : all;
}

function genAi(subject: Subject, agent: string | undefined): Members | undefined {
  const tool = subject.kind === "tool" ? present({ name: subject.name, call: callOf(subject.id) }) : undefined;
  const message = subject.kind === "message" ? subject : undefined;
  const usage = present({ input_tokens: message?.tokensIn, output_tokens: message?.tokensOut });
  const all = present({
    agent: agent === undefined ? undefined : { name: agent },
    operation: tool === undefined ? (message === undefined ? undefined : { name: "chat" }) : { name: "execute_tool" },
    tool,
    system: message?.provider,
    request: message?.model === undefined ? undefined : { model: message.model },
    usage: Object.keys(usage).length === 0 ? undefined : usage,
  });
  return Object.keys(all).length === 0 ? undefined : all;
}

function callOf(id: string | undefined): Members | undefined {
  return id === undefined ? undefined : { id };
}

/** Nanoseconds. */
function durationOf(subject: Subject): number | undefined {
  return subject.kind === "connection" && subject.ms !== undefined ? subject.ms * 1_000_000 : undefined;
}

/** Field sets of ECS. */
function about(subject: Subject): Members {
  switch (subject.kind) {
    case "process": {
      const { argv, cwd, parent, code, uid } = subject;
      return {
        process: present({
          ...{ entity_id: uid, args: argv, working_directory: cwd, exit_code: code },
          command_line: argv === undefined ? undefined : commandLine(argv),
          args_count: argv?.length,
          name: argv?.[0] === undefined ? undefined : baseName(argv[0]),
          parent: parent === undefined || parent === 0 ? undefined : { pid: parent },
        }),
      };
    }
    case "file":
      return present({
        file: present({ path: subject.path, name: baseName(subject.path), target_path: subject.to }),
        error: subject.error === undefined ? undefined : { code: subject.error },
      });
    case "connection":
      return subject.path === undefined ? network(subject) : {};
    case "secret":
      return present({
        destination: destination(subject),
        http: subject.method === undefined ? undefined : { request: { method: subject.method } },
        url: subject.path === undefined ? undefined : { path: subject.path },
      });
    default:
      return {};
  }
}

/** What ECS has no field for. */
function own(subject: Subject): Members {
  switch (subject.kind) {
    case "tool":
      return present({ server: subject.server, input: jsonText(subject.input), output: jsonText(subject.output) });
    case "message":
      return present({ text: jsonText(subject.text) });
    case "approval":
      return present({ approval: subject.id, act: jsonText(subject.what), by: subject.by });
    case "secret":
      return { credential: subject.name, act: subject.act };
    case "policy":
      return present({ policy: subject.name, digest: subject.digest });
    case "session":
      return present({ digest: subject.policy });
    case "change":
      return { act: subject.act, paths: subject.paths };
    case "alarm":
      return { alarm: subject.rule };
    case "connection":
      return present({ socket: subject.path });
    case "process":
      return present({ signal: subject.signal });
    default:
      return {};
  }
}

function jsonText(value: Members[string] | undefined): string | undefined {
  return value === undefined ? undefined : textOf(value);
}

function network(subject: Extract<Subject, { kind: "connection" }>): Members {
  const { bytesIn, bytesOut, scheme } = subject;
  return present({
    destination: present({ ...destination(subject), bytes: bytesIn }),
    source: bytesOut === undefined ? undefined : { bytes: bytesOut },
    network: present({ direction: "egress", transport: "tcp", protocol: scheme }),
  });
}

function destination(place: {
  readonly host?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}): Members {
  const { host, address, port } = place;
  const ip = [address, host].find((name) => name !== undefined && isAddress(name));
  const domain = host !== undefined && !isAddress(host) ? host : undefined;
  return present({ address: host ?? address, domain, ip, port });
}
