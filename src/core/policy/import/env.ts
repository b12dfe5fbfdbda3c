// Environment settings of other tools → `env.set`. Secrets are not copied into a policy, and what decides which code is loaded is not set by it.
import { choosesCode } from "../loader-names.ts";
import type { Draft } from "./draft.ts";
import { shown, type Tree } from "./tree.ts";
import type { Handler } from "./walk.ts";

const SECRET =
  /(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASS|PWD|CREDENTIALS?|AUTH|COOKIE|DSN|DATABASE_URL)(?:_|$|S$)|APIKEY|_URL$.*@/i;
const PROXY = /^(?:https?|all|no|ftp)_proxy$/i;

/** A map of names and values. Values of secrets never reach the report. */
export function environment(draft: Draft): Handler {
  return (value, key) => {
    if (value.kind !== "map") return draft.say(key, value.at, `is ${shown(value)}, not a map`, "not carried over");
    for (const entry of value.entries) one(entry.key, entry.value, `${key}.${entry.key}`, draft);
  };
}

function one(name: string, value: Tree, key: string, draft: Draft): void {
  const text = value.kind === "plain" && value.value !== null ? String(value.value) : undefined;
  if (text === undefined || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || /[\0-\x08\x0b-\x1f\x7f]/.test(text))
    return draft.say(
      key,
      value.at,
      "sets a variable there",
      "not carried over: it is no name and value that an environment can hold",
    );
  if (SECRET.test(name) || /:\/\/[^/\s]*:[^/\s]*@/.test(text))
    return draft.say(
      key,
      value.at,
      "hands a secret to the agent there",
      "not carried over: a policy holds no secrets; the fence's environment is built from nothing",
    );
  if (choosesCode(name))
    return draft.say(
      key,
      value.at,
      "decides there what is loaded or run",
      "not carried over: set it by `ringfence run --env` for one run if you must",
    );
  if (PROXY.test(name))
    return draft.say(key, value.at, "names a proxy there", "not carried over: the fence has a proxy of its own");
  draft.add({ key: "env.set", value: [name, text], at: value.at });
}
