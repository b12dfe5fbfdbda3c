// The table of the Elastic Common Schema export: each subject's categories and types (ECS 9.3.0), of which each type must be one that its
// category expects; tests compare them with the schema.
import type { FileAct, Subject } from "./subject.ts";

/** ECS's version that the documents are written for. */
export const ECS_VERSION = "9.3.0";

/** `event.category` and `event.type`. */
export interface EcsClass {
  readonly category: string;
  readonly type: string;
}

/** Category and type of a subject. */
export function ecsClass(subject: Subject): EcsClass {
  switch (subject.kind) {
    case "tool":
      return { category: "api", type: subject.act === "result" ? "end" : "start" };
    case "message":
      return { category: "api", type: "info" };
    case "process":
      return { category: "process", type: subject.act === "end" ? "end" : "start" };
    case "file":
      return { category: "file", type: FILE[subject.act] };
    case "connection":
      return { category: "network", type: CONNECTION[subject.act] };
    case "secret":
      return { category: "api", type: "access" };
    case "approval":
      return { category: "api", type: "user" };
    case "policy":
      return { category: "configuration", type: "change" };
    case "session":
      return { category: "session", type: SESSION[subject.act] };
    case "change":
      return { category: "file", type: subject.act === "apply" || subject.act === "undo" ? "change" : "info" };
    case "alarm":
      return { category: "intrusion_detection", type: "info" };
    case "log":
      return { category: "host", type: "info" };
    case "other":
      return { category: "api", type: "info" };
    default:
      return subject satisfies never;
  }
}

const FILE: { readonly [act in FileAct]: string } = {
  ...{ create: "creation", read: "access", update: "change", delete: "deletion" },
  ...{ rename: "change", attributes: "change", other: "info" },
};

const CONNECTION: { readonly [act in "open" | "close" | "fail" | "refuse" | "listen"]: string } = {
  ...{ open: "start", close: "end", fail: "info", refuse: "denied", listen: "info" },
};

const SESSION: { readonly [act in "open" | "close" | "pause" | "resume" | "other"]: string } = {
  ...{ open: "start", close: "end", pause: "info", resume: "info", other: "info" },
};
