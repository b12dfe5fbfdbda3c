// The caller's environment as it was before the launcher moved aside what would load code into the supervisor (./ringfence, step 2).
// `--env NAME` and the policy's `env.pass` read from here; the supervisor itself never acts on these values.

const MOVED = "RINGFENCE_CALLER_";

/** What the person's shell had exported: names the launcher moved aside are back under their own name, its own are gone. */
export function callerEnvironment(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !name.startsWith(MOVED)) own[name] = value;
  }
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && name.startsWith(MOVED)) own[name.slice(MOVED.length)] = value;
  }
  return own;
}
