// The shape of code for programs whose words hold more than the table can say.
import type { Effect } from "../facts.ts";
import type { ReadOptions } from "../read-options.ts";
import type { ProgramUse } from "../use.ts";

/** Effects that one use has beside those of its options and operands. */
export type Special = (read: ReadOptions, use: ProgramUse) => readonly Effect[];

/** An effect of DESIGN 7 rule 5, caused by the word at `index`. */
export const gadget = (code: string, index: number): Effect => ({ kind: "gadget", code, index });
