// The table of the OCSF export: each subject's class and activity (OCSF 1.9.0), and the profiles that the class takes. Captions are the
// schema's own; tests compare them with it.
import type { FileAct, Subject } from "./subject.ts";

/** OCSF's version that the events are written for. */
export const OCSF_VERSION = "1.9.0";

/** A class of events with the attributes that we may use in it. */
export interface OcsfClass {
  readonly uid: number;
  readonly category: number;
  readonly name: string;
  /** It takes `ai_agent` and `message_context`. */
  readonly ai: boolean;
  /** `actor` and `device` belong to the `host` profile there, not to the class. */
  readonly host: "own" | "profile" | "device";
}

/** The classes in use. */
export const OCSF: {
  readonly [name in
    | "file"
    | "process"
    | "eventLog"
    | "finding"
    | "entity"
    | "network"
    | "lifecycle"
    | "api"
    | "base"]: OcsfClass;
} = {
  file: { uid: 1001, category: 1, name: "File System Activity", ai: true, host: "own" },
  process: { uid: 1007, category: 1, name: "Process Activity", ai: true, host: "own" },
  eventLog: { uid: 1008, category: 1, name: "Event Log Activity", ai: true, host: "own" },
  finding: { uid: 2004, category: 2, name: "Detection Finding", ai: false, host: "profile" },
  entity: { uid: 3004, category: 3, name: "Entity Management", ai: true, host: "device" },
  network: { uid: 4001, category: 4, name: "Network Activity", ai: true, host: "profile" },
  lifecycle: { uid: 6002, category: 6, name: "Application Lifecycle", ai: true, host: "profile" },
  api: { uid: 6003, category: 6, name: "API Activity", ai: true, host: "device" },
  base: { uid: 0, category: 0, name: "Base Event", ai: false, host: "profile" },
};

/** A class, and what was done in it. Activity 99 is `Other`, with a name of ours. */
export interface OcsfAct {
  readonly class: OcsfClass;
  readonly activity: number;
  readonly name: string;
}

/** Class and activity of a subject. */
export function ocsfAct(subject: Subject): OcsfAct {
  switch (subject.kind) {
    case "tool":
      return act(OCSF.api, 99, subject.act === "result" ? "Return" : "Invoke");
    case "message":
      return act(OCSF.api, 99, subject.from === "person" ? "Prompt" : "Answer");
    case "secret":
      return act(OCSF.api, 99, "Use Secret");
    case "approval":
      return act(OCSF.api, 99, subject.act === "ask" ? "Ask" : "Answer");
    case "change":
      return subject.act === "diff" ? act(OCSF.api, 99, "Propose Change") : act(OCSF.api, 3, "Update");
    case "process":
      return subject.act === "end" ? act(OCSF.process, 2, "Terminate") : act(OCSF.process, 1, "Launch");
    case "file":
      return act(OCSF.file, ...FILE[subject.act]);
    case "connection":
      return act(OCSF.network, ...CONNECTION[subject.act]);
    case "policy":
      return act(OCSF.entity, 3, "Update");
    case "session":
      return act(OCSF.lifecycle, ...SESSION[subject.act]);
    case "alarm":
      return act(OCSF.finding, 1, "Create");
    case "log":
      return act(OCSF.eventLog, ...LOG[subject.act]);
    case "other":
      return act(OCSF.base, 99, "Other");
    default:
      return subject satisfies never;
  }
}

type Row = readonly [activity: number, name: string];

const FILE: { readonly [act in FileAct]: Row } = {
  create: [1, "Create"],
  read: [2, "Read"],
  update: [3, "Update"],
  delete: [4, "Delete"],
  rename: [5, "Rename"],
  attributes: [6, "Set Attributes"],
  other: [99, "Other"],
};

const CONNECTION: { readonly [act in "open" | "close" | "fail" | "refuse" | "listen"]: Row } = {
  open: [1, "Open"],
  close: [2, "Close"],
  fail: [4, "Fail"],
  refuse: [5, "Refuse"],
  listen: [7, "Listen"],
};

const SESSION: { readonly [act in "open" | "close" | "pause" | "resume" | "other"]: Row } = {
  open: [3, "Start"],
  close: [4, "Stop"],
  pause: [99, "Pause"],
  resume: [99, "Resume"],
  other: [99, "Other"],
};

const LOG: { readonly [act in "seal" | "recover" | "prune" | "redact" | "other"]: Row } = {
  seal: [99, "Seal"],
  recover: [99, "Recover"],
  prune: [2, "Delete"],
  redact: [99, "Redact"],
  other: [99, "Other"],
};

function act(of: OcsfClass, activity: number, name: string): OcsfAct {
  return { class: of, activity, name };
}
