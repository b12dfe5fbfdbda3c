// Package managers and clusters: addresses and templates among harmless operands.
import { valuesOf } from "../options.ts";
import { gadget, type Special } from "./special.ts";
import { firstTask } from "./tasks.ts";

/** pip and npm fetch from wherever an address points. */
export const packages: Special = (read) =>
  read.operands.filter((o) => /:\/\/|^git[+@]/.test(o.word.value ?? "")).map((o) => gadget("network", o.index));

/** `kubectl get -o go-template-file=x` reads a file; in every format but its own table and names a secret is shown. */
export const kubectl: Special = (read) => {
  const formats = valuesOf(read, "o", "output");
  const secret = read.operands.some((o) => /(?:^|,)secrets?(?:$|[/,.])/i.test(o.word.value ?? ""));
  return [
    ...formats.filter((o) => /-file\b/.test(o.word.value ?? "-file")).map((o) => gadget("config", o.index)),
    ...formats
      .filter((o) => secret && !/^(?:wide|name)$/.test(o.word.value ?? ""))
      .map((o) => gadget("credentials", o.index)),
  ];
};

/** `npm run NAME`: a script of the project. */
export const projectScript: Special = (read, use) => [...packages(read, use), ...firstTask(read, use)];
