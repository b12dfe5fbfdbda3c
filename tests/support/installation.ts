// Where the checkout under test is, and what set-up built in it.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's root. */
export const checkout: string = join(dirname(fileURLToPath(import.meta.url)), "../..");
/** The launcher, as a person would call it. */
export const launcher: string = join(checkout, "ringfence");
/** The native helper that set-up built. */
export const helperPath: string = join(checkout, "build/ringfence-helper");
