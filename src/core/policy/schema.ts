// The shape of one policy file (DESIGN 6), strict at every depth: an unknown key is an error, never ignored.
// The same schema publishes docs/policy.schema.json. It has no transforms: `load.ts` turns values into the Policy's units.
import * as z from "zod";
import { LEG_SOURCES, type LegSource } from "../session/leg-policy.ts";
import type { PolicyFile, TestEntry } from "./file.ts";
import { credential } from "./schema-credentials.ts";
import {
  count,
  duration,
  env,
  envName,
  filesystem,
  limits,
  path,
  paths,
  RUNTIMES,
  size,
  WORKSPACES,
  word,
} from "./schema-fence.ts";
import { mcp } from "./schema-mcp.ts";
import { host, network, networkRule } from "./schema-network.ts";

const witness = z
  .string()
  .regex(
    /^https?:\/\/[^\s?#@]+ [^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}$/,
    "expected `URL VKEY`: where the witness answers, and its key",
  );

const rule = z.union(
  [word, z.strictObject({ rule: word, match: z.array(word).optional(), notMatch: z.array(word).optional() })],
  {
    error: "expected a rule such as `Bash(npm test)`, or `{rule, match, notMatch}`",
  },
);
const rules = z.array(rule);

/** Where the questions and facts of a session may be sent: to a server that proves its name, or to this machine. */
const ENDPOINT =
  /^(?:https:\/\/[^\s/?#@\\]+|http:\/\/(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)(?::\d{1,5})?)(?:[/?][^\s#]*)?$/i;
const endpoint = word.refine((text) => ENDPOINT.test(text), "expected an `https://` URL, or `http://` on loopback");
const channel = z.union(
  [z.enum(["terminal", "desktop", "console"]), z.strictObject({ webhook: endpoint, secretEnv: envName })],
  { error: "expected `terminal`, `desktop`, `console` or `{webhook: URL, secretEnv: NAME}`" },
);

const MODES = ["default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions"] as const;

const permissionKeys = z.strictObject({
  mode: z.enum(MODES).optional(),
  /** Claude Code's name for `mode`; `manual` is its newer word for `default`. */
  defaultMode: z.enum([...MODES, "manual"]).optional(),
  disableBypassPermissionsMode: z.literal("disable", { error: "expected `disable`" }).optional(),
  allow: rules.optional(),
  ask: rules.optional(),
  deny: rules.optional(),
});
/** Two names for one thing that say different things: nobody knows which was meant. */
const permissions = permissionKeys.refine(
  ({ mode, defaultMode }) =>
    mode === undefined || defaultMode === undefined || mode === (defaultMode === "manual" ? "default" : defaultMode),
  { path: ["defaultMode"], error: "says another mode than `mode`, which is the same key" },
);
const sandbox = z.strictObject({
  mode: z.enum(["read-only", "workspace-write", "danger-full-access"]).optional(),
  runtime: z.enum(RUNTIMES).optional(),
  workspace: z.enum(WORKSPACES).optional(),
  apply: z.enum(["end", "live", "ask"]).optional(),
  filesystem: filesystem.optional(),
  network: network.optional(),
  limits: limits.optional(),
  ports: z.array(z.int().min(1).max(65_535)).optional(),
  unixSockets: paths.optional(),
  devices: z.array(word).optional(),
  caches: z.enum(["private", "none"]).optional(),
  canaries: z.enum(["on", "off"]).optional(),
  landlock: z.enum(["auto", "require"]).optional(),
  undo: z.strictObject({ size: size.optional() }).optional(),
  idle: z.strictObject({ pause: duration.optional(), stop: duration.optional() }).optional(),
});
/** Where the lifecycle of sessions is told; both or neither. */
const lifecycle = z.strictObject({ webhook: endpoint, secretEnv: envName });
const sources = z.array(z.enum(Object.keys(LEG_SOURCES) as [LegSource, ...LegSource[]]));
const legs = z.strictObject({
  A: sources.optional(),
  B: sources.optional(),
  C: sources.optional(),
  trustedHosts: z.array(host).optional(),
  privateHosts: z.array(host).optional(),
  privatePaths: paths.optional(),
  foreignPaths: paths.optional(),
  readingTools: z
    .array(z.string().regex(/^mcp__[A-Za-z0-9_.*-]+$/, "expected a tool such as `mcp__github__get_*`"))
    .optional(),
  workspace: z.enum(["auto", "own", "foreign"]).optional(),
});
const threeWay = z.enum(["ask", "deny", "off"]);
const reviewWord = z.enum(["block", "ask", "off"]);

const test = {
  name: word.optional(),
  want: z.enum(["allow", "ask", "deny"]),
  cwd: path.optional(),
  mode: z.enum(MODES).optional(),
};
/** One test of a policy: an act, and the verdict that is wanted. */
export const policyTestSchema: z.ZodType<TestEntry> = z.union(
  [
    z.strictObject({ ...test, command: z.string().max(1_000_000) }),
    z.strictObject({ ...test, tool: word, input: z.unknown() }),
  ],
  { error: "expected `{command, want}` or `{tool, input, want}`" },
);

/** One policy file. Every key is optional; an empty file is the closed default. */
export const policyFileSchema: z.ZodType<PolicyFile> = z.strictObject({
  version: z.literal(1, { error: "expected `version: 1`" }).optional(),
  tier: z.enum(["low", "medium", "high"]).optional(),
  permissions: permissions.optional(),
  sandbox: sandbox.optional(),
  approvals: z
    .strictObject({
      policy: z.enum(["untrusted", "on-request", "on-failure", "never"]).optional(),
      timeout: duration.optional(),
      channels: z.array(channel).optional(),
    })
    .optional(),
  setup: z
    .strictObject({
      run: z.array(word).optional(),
      network: z
        .strictObject({ allow: z.array(networkRule).optional(), deny: z.array(networkRule).optional() })
        .optional(),
      credentials: z.array(word).optional(),
      expose: z.array(envName).optional(),
      cache: z.enum(["auto", "off"]).optional(),
    })
    .optional(),
  credentials: z.array(credential).optional(),
  env: env.optional(),
  ruleOfTwo: threeWay.optional(),
  legs: legs.optional(),
  tests: z.array(policyTestSchema).optional(),
  lifecycle: lifecycle.optional(),
  auto: z.strictObject({ classifier: endpoint.optional(), timeout: duration.optional() }).optional(),
  audit: z
    .strictObject({
      reads: z.enum(["none", "secrets", "all"]).optional(),
      retention: duration.optional(),
      witness: z.array(witness).optional(),
      telemetry: z.enum(["on", "off"]).optional(),
    })
    .optional(),
  mcp: mcp.optional(),
  review: z
    .strictObject({
      secrets: reviewWord.optional(),
      deletions: z.int().min(0).optional(),
      workflows: reviewWord.optional(),
      packages: reviewWord.optional(),
    })
    .optional(),
  budget: z
    .strictObject({
      tokens: count.optional(),
      costUsd: z.number().positive().optional(),
      toolCalls: count.optional(),
      repeats: count.optional(),
    })
    .optional(),
});

/** The published JSON Schema of a policy file. */
export function policyJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(policyFileSchema, { io: "input", target: "draft-2020-12" }),
    title: "Ringfence policy file",
    description: "See docs/policy.md. Durations are `90s`, `30m`, `4h`; sizes are `512m`, `4g`.",
  };
}
