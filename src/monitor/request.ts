// What `run` asks the monitor for, and what it answers: plain data, so that a demo, a hook host or a test can ask the same way.
import type { Problem } from "#core";
import type { Outcome } from "#core/session";
import type { QuestionChannel } from "./approvals/question-channel.ts";
import type { DialectOf } from "./guard/hook-answer.ts";
import type { ServerSession } from "./mcp/running-server.ts";

/** The person who runs it, as the password database and their shell say. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly userName: string;
  /** The home of the passwd entry. */
  readonly home: string;
  /** Their environment: read by name only, never inherited. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One run. */
export interface RunRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly caller: Caller;
  readonly stateDir: string;
  readonly installation: {
    readonly root: string;
    readonly helper: string;
    readonly version: string;
    readonly build?: string;
  };
  readonly policyFile?: string;
  /** The snapshot that the session starts from, `SESSION/NAME`. */
  readonly from?: string;
  /** The options of the command line as a policy document. */
  readonly commandLine: object;
  readonly stdio: { readonly stdin: number; readonly stdout: number; readonly stderr: number };
  /** Which of them are terminals. */
  readonly terminals: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** The person's terminal, where questions may be asked. */
  readonly terminal?: QuestionChannel;
  /** Nobody wants to see what the setup says. */
  readonly quiet?: boolean;
  /** One line for the person while things are prepared. */
  readonly progress: (line: string) => void;
  /** How agents' hooks are spoken, and the files that make a known agent use them. Without it the fence serves none. */
  readonly hooks?: {
    readonly dialectOf: DialectOf;
    /** By the name of a preset; `client` is the helper's place inside. */
    readonly files: (
      preset: string,
      client: string,
    ) => readonly { readonly target: string; readonly content: string }[];
    /** What in the project at `root` keeps that agent from running them, in words. */
    readonly offBy: (preset: string, root: string) => string | undefined;
  };
  /**
   * For a session that a program keeps, not a person at a terminal: it is told when further commands are taken, and ends the session by the
   * signal; its own process's signals are its own.
   */
  readonly keeper?: { readonly started: (id: string) => void; readonly stop: AbortSignal };
  /** For a session whose command is an MCP server: who speaks with it, and who takes its streams once it runs. A keeper ends it. */
  readonly gateway?: ServerSession;
  /** Stop before anything starts and answer the plan. */
  readonly dryRun: boolean;
}

/** How it came out. `refused`: nothing ran. */
export type RunAnswer =
  | { readonly kind: "ended"; readonly outcome: Outcome }
  | { readonly kind: "planned"; readonly plan: object }
  | ({ readonly kind: "refused" } & Refusal);

/** Why the command was not run. */
export interface Refusal {
  /** 64 the command line is wrong, 65 a policy file is, 125 it cannot be done here, 126 the policy says no; or as a failed setup ended. */
  readonly exitCode: number;
  readonly problems: readonly Problem[];
}
