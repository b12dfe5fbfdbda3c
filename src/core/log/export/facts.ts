// What a record says, for every format alike: subject, what a wall or a person said to it, how it ended, how much it matters, one line for people.
import type { LogRecord } from "../leaf.ts";
import type { Actor, Json } from "../record.ts";
import { Budget } from "./budget.ts";
import { EVENT_TEXT, type ExportedRecord } from "./exported.ts";
import { Fields } from "./fields.ts";
import { plainData, wellFormed } from "./plain.ts";
import { readSubject } from "./read-subject.ts";
import type { Control, Facts, Subject } from "./subject.ts";
import { commandLine, endpointText, textOf } from "./words.ts";

/** Reads a record. At most `most` characters of text come out; the verdict and the names are read before anything is cut. */
export function factsOf({ record, beside }: ExportedRecord, most: number = EVENT_TEXT): Facts {
  const budget = new Budget();
  const actor = actorOf(record, budget, Math.floor(most / 32));
  const fields = new Fields(plainData(record.data, beside));
  const subject = readSubject(fields, { ...record, actor });
  const control = controlOf(fields, record);
  const outcome = outcomeOf(fields, subject, control);
  const weight = weightOf(record, subject, control);
  const bounded = boundSubject(subject, budget, Math.floor(most / 4));
  const message = budget.text(
    `${record.type} ${headline(subject, control)}`.trim(),
    Math.min(1024, Math.floor(most / 8)),
  );
  return {
    ...{ actor, subject: bounded, control: boundControl(control, budget, most), ...weight, message },
    ...(outcome === undefined ? {} : { outcome }),
    rest: budget.members(fields.rest(), Math.floor(most / 4)),
    ...(budget.cutFrom === undefined ? {} : { cutFrom: budget.cutFrom }),
  };
}

const VERDICTS: { readonly [verdict: string]: Control["answer"] | undefined } = {
  ...{ allow: "allowed", ask: "held", deny: "blocked", refused: "blocked" },
};

function controlOf(fields: Fields, { type }: LogRecord): Control {
  const said = fields.peek("verdict");
  const verdict = typeof said === "string" ? VERDICTS[said] : undefined;
  const rule = fields.text("rule");
  const reason = fields.text("reason");
  const with_ = (answer: Control["answer"]): Control => ({ answer, rule, reason });
  if (type === "net.blocked") return with_(fields.peek("reported") === true ? "reported" : "blocked");
  if (type === "net.connect" && rule !== undefined) return with_("allowed");
  if (type === "approval.ask") return with_("held");
  if (type === "approval.answer") return with_(verdict === "allowed" ? "approved" : "rejected");
  if (type === "secret.use")
    return with_(fields.peek("act") === "refused" || reason !== undefined ? "blocked" : "allowed");
  return with_(verdict ?? "seen");
}

function outcomeOf(fields: Fields, subject: Subject, control: Control): "success" | "failure" | undefined {
  if (control.answer === "blocked" || control.answer === "rejected") return "failure";
  const failed = fields.flag("failed");
  if (failed !== undefined) return failed ? "failure" : "success";
  if (subject.kind === "process" && subject.act === "end") {
    if (subject.signal !== undefined) return "failure";
    return subject.code === undefined ? undefined : subject.code === 0 ? "success" : "failure";
  }
  if (fields.peek("error") !== undefined) return "failure";
  if (subject.kind === "session" && subject.act === "close" && typeof fields.peek("exit") === "number")
    return fields.peek("exit") === 0 ? "success" : "failure";
  return undefined;
}

function weightOf({ type }: LogRecord, subject: Subject, control: Control): Pick<Facts, "severity" | "alert"> {
  if (type === "recorder.lost") return { severity: 4, alert: true };
  if (type === "limit.hit" || type === "recovery") return { severity: 3, alert: true };
  if (control.answer === "blocked") return { severity: 3, alert: true };
  if (control.answer === "reported") return { severity: 2, alert: true };
  if (control.answer === "rejected" || control.answer === "held") return { severity: 2, alert: false };
  if (subject.kind === "alarm" || subject.kind === "policy") return { severity: 2, alert: false };
  return { severity: 1, alert: false };
}

function headline(subject: Subject, control: Control): string {
  const why = control.reason === undefined ? "" : ` (${control.reason})`;
  switch (subject.kind) {
    case "tool":
      return `${subject.server === undefined ? "" : `${subject.server}/`}${subject.name}${why}`;
    case "message":
      return subject.text === undefined ? "" : textOf(subject.text);
    case "process":
      return subject.argv === undefined ? ended(subject) : commandLine(subject.argv);
    case "file":
      return `${subject.path}${subject.to === undefined ? "" : ` -> ${subject.to}`}${why}`;
    case "connection":
      return `${endpointText(subject)}${why}`;
    case "secret":
      return `${subject.name} ${subject.act}${subject.host === undefined ? "" : ` ${endpointText({ ...subject, path: undefined })}`}${why}`;
    case "approval":
      return `${subject.id} ${control.answer}${subject.by === undefined ? "" : ` by ${subject.by}`}`;
    case "policy":
      return subject.name;
    case "change":
      return subject.paths.join(" ");
    case "alarm":
      return subject.title;
    case "session":
    case "log":
    case "other":
      return "";
    default:
      return subject satisfies never;
  }
}

function ended({ code, signal }: { readonly code?: number | undefined; readonly signal?: number | undefined }): string {
  if (signal !== undefined) return `signal ${signal}`;
  return code === undefined ? "" : `code ${code}`;
}

/** Values may be as long as somebody inside made them; each gets a share, so that none takes another's place. */
function boundSubject(subject: Subject, budget: Budget, most: number): Subject {
  const bounded: [string, Json | undefined][] = Object.entries(subject).map(([name, value]) => [
    name,
    value === undefined || name === "kind" || name === "act" ? value : budget.value(value, shareOf(name, most)),
  ]);
  // The shape is the subject's own: a text stays a text, a list a list.
  return Object.fromEntries(bounded) as unknown as Subject;
}

const LONG: ReadonlySet<string> = new Set(["input", "output", "text", "what", "argv", "paths"]);

function shareOf(name: string, most: number): number {
  return LONG.has(name) ? most : Math.floor(most / 8);
}

function boundControl(control: Control, budget: Budget, most: number): Control {
  const share = Math.floor(most / 32);
  return {
    answer: control.answer,
    rule: control.rule === undefined ? undefined : budget.text(control.rule, share),
    reason: control.reason === undefined ? undefined : budget.text(control.reason, share),
  };
}

function actorOf({ actor = {} }: LogRecord, budget: Budget, most: number): Actor {
  const short = (text: string): string => budget.text(wellFormed(text), most);
  return {
    ...(actor.agent === undefined ? {} : { agent: short(actor.agent) }),
    ...(actor.tool_use_id === undefined ? {} : { tool_use_id: short(actor.tool_use_id) }),
    ...(actor.pid === undefined ? {} : { pid: actor.pid }),
    ...(actor.exe === undefined ? {} : { exe: short(actor.exe) }),
  };
}
