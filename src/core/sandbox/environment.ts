// The environment inside, built up from nothing (CRED-1): a short list, what the policy names, the proxy's variables. Pure.
import { isSecretValue, tokenFor } from "../leak/index.ts";

/** What the environment is made of; `caller` is only read for names that this file or the policy lists. */
export interface EnvironmentParts {
  readonly caller: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly userName: string;
  readonly path: string;
  readonly session: string;
  readonly terminal: boolean;
  /** `env.pass` of the policy: names whose value the person lets in. */
  readonly pass: readonly string[];
  /** `env.set` of the policy. */
  readonly set: Readonly<Record<string, string>>;
  /** A known agent's quiet-down switches. */
  readonly agent: Readonly<Record<string, string>>;
  /** The proxy's variables; empty when the network is closed. */
  readonly proxy: Readonly<Record<string, string>>;
}

/**
 * The result: the variables, and which of them are shown as `exposed` (I7): those that carry a value from outside that the person named, and those whose
 * value the person wrote out and which looks like a secret.
 */
export interface Environment {
  readonly variables: Readonly<Record<string, string>>;
  readonly exposed: readonly string[];
}

// Locale, terminal and time zone carry no secret and change what programs print.
const INHERITED = [
  "LANG",
  "LANGUAGE",
  "LC_ALL",
  "LC_CTYPE",
  "LC_MESSAGES",
  "LC_COLLATE",
  "LC_NUMERIC",
  "LC_TIME",
  "TZ",
];
const TERMINAL = ["TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "FORCE_COLOR"];

/** Builds it. Later sources win: inherited, agent, policy `set`, policy `pass`, proxy, Ringfence's own. */
export function buildEnvironment(parts: EnvironmentParts): Environment {
  const taken = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = parts.caller[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
  const harmless = new Set([...INHERITED, ...TERMINAL]);
  const passed = taken(parts.pass);
  const variables: Readonly<Record<string, string>> = {
    PATH: parts.path,
    HOME: parts.home,
    USER: parts.userName,
    LOGNAME: parts.userName,
    SHELL: "/bin/bash",
    TMPDIR: "/tmp",
    LANG: "C.UTF-8",
    ...taken(INHERITED),
    ...(parts.terminal ? { TERM: "xterm-256color", ...taken(TERMINAL) } : taken(["NO_COLOR", "FORCE_COLOR"])),
    ...parts.agent,
    ...parts.set,
    ...passed,
    ...parts.proxy,
    RINGFENCE: "1",
    RINGFENCE_SESSION: parts.session,
  };
  const isWritten = ([name, value]: readonly [string, string]): boolean =>
    variables[name] === value && !Object.hasOwn(passed, name) && looksSecret(name, value);
  return {
    variables,
    exposed: [
      ...Object.keys(passed).filter((name) => !harmless.has(name)),
      ...Object.entries(parts.set)
        .filter(isWritten)
        .map(([name]) => name),
    ],
  };
}

/** Whoever wrote it: a value that nobody would pick for a setting, or one with somebody's token in it. */
function looksSecret(name: string, value: string): boolean {
  return isSecretValue(name, value) || tokenFor("", value).length > 0;
}
