// Build tools and compilers: variables, definitions and option files that name programs.
import type { Effect } from "../facts.ts";
import { isLoadedName } from "../names.ts";
import { gadget, type Special } from "./special.ts";
import { tasks } from "./tasks.ts";

/** `V=1`, `DEBUG=yes`, `VERSION=1.2`: no program, no file and no text of make's own. */
const SWITCH = /^([A-Za-z_]\w*)=(?:v?\d+(?:\.\d+)*|true|false|yes|no|on|off)$/;

/** `make VAR=value`: a value can be a command, or a `$(shell …)`. A target may be called `deploy`. */
export const make: Special = (read, use) => [
  ...read.operands
    .filter(({ word }) => {
      const name = SWITCH.exec(word.value ?? "")?.[1];
      return /^[^/]*=/.test(word.value ?? "=") && (name === undefined || isLoadedName(name));
    })
    .map((o) => gadget("sets-variable", o.index)),
  ...tasks(read, use),
];

/** Operands that a tool takes as more options: `@file`, and MSBuild's `/p:A=b`. */
export const atFiles: Special = (read) =>
  read.operands.filter((o) => /^@|^\/[A-Za-z]+:/.test(o.word.value ?? "@")).map((o) => gadget("config", o.index));

/** MSBuild's own options, one dash and a colon: `-rp:A=b` sets what the build runs, however like `-r` it begins. Run settings load adapters. */
export const dotnet: Special = (read, use) => [
  ...atFiles(read, use),
  ...use.words.flatMap((w, index): readonly Effect[] =>
    /^--?[A-Za-z]+:|^RunConfiguration\./i.test(w.value ?? "") &&
    !/^--?(?:v|verbosity|m|maxCpuCount):\w+$/i.test(w.value ?? "")
      ? [gadget("config", index)]
      : [],
  ),
];

/** Goals of Maven's own plugins that only tell. */
const MAVEN_READS =
  /^(?:dependency:(?:tree|list|analyze|resolve)|help:(?:effective-pom|active-profiles|describe)|versions:display-[a-z-]+)$/;

/** Maven and Gradle: a plugin's goal by its address, and what publishes. */
export const maven: Special = (read) =>
  read.operands.flatMap(({ word, index }): readonly Effect[] => {
    const value = word.value ?? "";
    if (/(?:^|:)(?:deploy|publish\w*|upload\w*|release\w*)$|^release:(?!help)/i.test(value))
      return [{ kind: "irreversible", code: "publish", index }];
    return value === "" || (/^[^:]+:/.test(value) && !MAVEN_READS.test(value)) ? [gadget("runs-program", index)] : [];
  });

const CMAKE_PLAIN =
  /^(?:CMAKE_BUILD_TYPE|BUILD_[A-Z_]+|CMAKE_EXPORT_COMPILE_COMMANDS|CMAKE_POSITION_INDEPENDENT_CODE|CMAKE_C(?:XX)?_STANDARD)(?::\w+)?=\w*$/;

/** cmake: definitions can name programs, and words after `--` are another tool's. */
export const cmake: Special = (_, use) => {
  const effects: Effect[] = [];
  const end = use.words.findIndex((w) => w.value === "--");
  use.words.forEach((word, index) => {
    const value = word.value ?? "";
    const defined = value === "-D" ? (use.words[index + 1]?.value ?? "") : /^-D([\s\S]+)$/.exec(value)?.[1];
    if (defined !== undefined && !CMAKE_PLAIN.test(defined)) effects.push(gadget("sets-variable", index));
    if (end > 0 && index > end && !/^-[jk]\d*$|^\d+$/.test(value)) effects.push(gadget("unknown-option", index));
  });
  return effects;
};

/** Compilers read more options from `@file`, and `-wrapper sh,-c` names a program. */
export const gcc: Special = (read, use) => [
  ...read.operands.filter((o) => o.word.prefix.startsWith("@")).map((o) => gadget("config", o.index)),
  ...use.words.flatMap((w, i): readonly Effect[] => {
    const wrapper = w.value === "-wrapper" ? use.words[i + 1]?.value : undefined;
    return wrapper === undefined
      ? []
      : [{ kind: "run", index: i + 1, inner: use.shellText(wrapper.replaceAll(",", " ")) }];
  }),
];

/** `cargo test -- --logfile x`: behind the dashes stand the test program's own options, and this one writes. */
export const testBinary: Special = (read, { words }) => {
  const dashes = words.findIndex((w) => w.value === "--");
  return read.operands
    .filter(
      (o) => dashes > 0 && o.index > dashes && (o.word.value === undefined || o.word.value.startsWith("--logfile")),
    )
    .map((o) => gadget("write", o.index));
};

/** `go run`: the project's own packages and files are named by the rule; what has a version comes from elsewhere. */
export const goRun: Special = (read) =>
  read.operands
    .slice(0, 1)
    .filter((o) => /@|^[^./]*\.[^./]+\//.test(o.word.value ?? "@"))
    .map((o) => gadget("network", o.index));

/** A build's context from another place than the disk: an address, or standard input. */
export const buildContext: Special = (read) =>
  read.operands
    .filter((o) => /^-$|^[\w+.-]+:\/\/|^[\w.-]+@|^github\.com\//.test(o.word.value ?? "-"))
    .map((o) => gadget(o.word.value === "-" ? "standard-input" : "network", o.index));
