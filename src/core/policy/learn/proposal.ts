// What `policy learn` says of a session: rules that would have let pass what was refused, each with its evidence and its risk. Nothing here is a
// policy: a person picks.
import type { LogRecord } from "../../log/index.ts";
import type { NetworkEntry } from "../file-sandbox.ts";

/** The keys it proposes for. */
export type LearnedKey =
  | "sandbox.network.allow"
  | "sandbox.filesystem.allowRead"
  | "sandbox.filesystem.allowWrite"
  | "permissions.allow";

/** What in the record speaks for it. */
export interface Evidence {
  /** The first records, by number. */
  readonly records: readonly number[];
  /** How often in all, folded repeats included. */
  readonly count: number;
  /** Files of the programs that asked, as far as known. */
  readonly programs: readonly string[];
  /** The word of the refusals. */
  readonly why: string;
}

/** One rule to add. */
export interface Proposal {
  readonly key: LearnedKey;
  readonly value: NetworkEntry;
  readonly evidence: Evidence;
  /** In the words of `policy lint`, and what the evidence itself gives to think about. */
  readonly risks: readonly string[];
}

/** Something refused that no rule is proposed for. */
export interface LeftOut {
  readonly what: string;
  readonly because: string;
  readonly evidence: Evidence;
}

/** A rule that was used for less than it opens. */
export interface Unneeded {
  readonly rule: string;
  /** Hosts that were reached by it; none: it was never used. */
  readonly used: readonly string[];
}

/** All of it. */
export interface Learned {
  readonly proposals: readonly Proposal[];
  readonly left: readonly LeftOut[];
  readonly unneeded: readonly Unneeded[];
}

/** Where the session ran. */
export interface LearnPlaces {
  readonly root: string;
  readonly home: string;
}

const RECORDS_SHOWN = 8;
const PROGRAMS_SHOWN = 8;

/** Evidence as it grows. */
export class Gathering {
  private readonly records: number[] = [];
  private readonly programs = new Set<string>();
  private count = 0;
  private readonly why: string;

  constructor(why: string) {
    this.why = why;
  }

  add({ seq, actor, data }: LogRecord): void {
    if (this.records.length < RECORDS_SHOWN) this.records.push(seq);
    if (actor?.exe !== undefined && this.programs.size < PROGRAMS_SHOWN) this.programs.add(actor.exe);
    const { repeats } = data;
    this.count += typeof repeats === "number" && repeats > 0 ? repeats : 1;
  }

  get evidence(): Evidence {
    return { records: [...this.records], count: this.count, programs: [...this.programs].sort(), why: this.why };
  }
}

/** What is to think about in who asked. */
export function risksOfPrograms({ programs }: Evidence, { root, home }: LearnPlaces): readonly string[] {
  if (programs.length === 0) return ["nobody saw which program asked"];
  const own = programs.filter((exe) => [root, home, "/tmp", "/var/tmp"].some((folder) => exe.startsWith(`${folder}/`)));
  return own.length === 0 ? [] : [`asked by a program that the agent could have made: ${own.join(", ")}`];
}
