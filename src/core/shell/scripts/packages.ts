// Package managers and clusters: addresses and templates among harmless operands.
import type { Operand } from "../options.ts";
import { gadget, type Special } from "./special.ts";

/** pip and npm fetch from wherever an address points. */
export const packages: Special = (read) =>
  read.operands.filter((o) => /:\/\/|^git[+@]/.test(o.word.value ?? "")).map((o) => gadget("network", o.index));

/** `kubectl get -o go-template-file=x` reads a file. */
export const kubectl: Special = (read) =>
  ["o", "output"]
    .map((n) => read.values.get(n))
    .filter((o): o is Operand => /-file\b/.test(o?.word.value ?? ""))
    .map((o) => gadget("config", o.index));
