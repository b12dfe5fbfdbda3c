// What a record is about, in words that every format has a place for. Read once from our own types; each format then maps a handful of
// subjects instead of thirty types.
import type { Actor, Json } from "../record.ts";

/** One act, with what is known of it. */
export type Subject =
  | {
      readonly kind: "tool";
      readonly act: "call" | "result" | "other";
      readonly name: string;
      /** The MCP server that offers it. */
      readonly server?: string | undefined;
      readonly id?: string | undefined;
      readonly input?: Json | undefined;
      readonly output?: Json | undefined;
      readonly cwd?: string | undefined;
    }
  | {
      readonly kind: "message";
      readonly from: "person" | "model";
      readonly text?: Json | undefined;
      readonly model?: string | undefined;
      readonly provider?: string | undefined;
      readonly tokensIn?: number | undefined;
      readonly tokensOut?: number | undefined;
    }
  | {
      readonly kind: "process";
      readonly act: "start" | "fork" | "end";
      readonly argv?: readonly string[] | undefined;
      readonly cwd?: string | undefined;
      readonly parent?: number | undefined;
      readonly code?: number | undefined;
      readonly signal?: number | undefined;
      /** Name of a process whose number is not known. */
      readonly uid: string;
    }
  | {
      readonly kind: "file";
      readonly act: FileAct;
      readonly path: string;
      readonly to?: string | undefined;
      readonly error?: string | undefined;
    }
  | {
      readonly kind: "connection";
      readonly act: "open" | "close" | "refuse" | "listen" | "fail";
      readonly host?: string | undefined;
      readonly address?: string | undefined;
      readonly port?: number | undefined;
      /** Of a Unix socket. */
      readonly path?: string | undefined;
      readonly scheme?: string | undefined;
      readonly bytesOut?: number | undefined;
      readonly bytesIn?: number | undefined;
      readonly ms?: number | undefined;
    }
  | {
      readonly kind: "secret";
      readonly name: string;
      readonly act: string;
      readonly host?: string | undefined;
      readonly port?: number | undefined;
      readonly method?: string | undefined;
      readonly path?: string | undefined;
    }
  | {
      readonly kind: "approval";
      readonly act: "ask" | "answer";
      readonly id: string;
      readonly what?: Json | undefined;
      readonly by?: string | undefined;
    }
  | { readonly kind: "policy"; readonly name: string; readonly digest?: string | undefined }
  | {
      readonly kind: "session";
      readonly act: "open" | "close" | "pause" | "resume" | "other";
      readonly policy?: string | undefined;
    }
  | { readonly kind: "change"; readonly act: string; readonly paths: readonly string[] }
  | { readonly kind: "alarm"; readonly title: string; readonly rule: string }
  | { readonly kind: "log"; readonly act: "seal" | "recover" | "prune" | "redact" | "other" }
  | { readonly kind: "other" };

/** What was done to a file. */
export type FileAct = "create" | "read" | "update" | "delete" | "rename" | "attributes" | "other";

/** What a wall or a person said to it. */
export interface Control {
  readonly answer: "allowed" | "blocked" | "approved" | "rejected" | "held" | "seen" | "reported";
  readonly rule?: string | undefined;
  readonly reason?: string | undefined;
}

/** Everything a format needs to know of a record. */
export interface Facts {
  /** Who did it, as far as the record says; texts bounded and well-formed. */
  readonly actor: Actor;
  readonly subject: Subject;
  readonly control: Control;
  readonly outcome?: "success" | "failure";
  /** 1 informational, 2 low, 3 medium, 4 high: OCSF's numbers. */
  readonly severity: 1 | 2 | 3 | 4;
  /** Somebody should look. */
  readonly alert: boolean;
  /** One line for people. */
  readonly message: string;
  /** What the subject does not say, under our own names. */
  readonly rest: { readonly [key: string]: Json };
  /** Characters before anything was cut. */
  readonly cutFrom?: number;
}
