// Words of a policy file that speak of a fence, whether the agent's or an MCP server's: measures, paths, limits, what is shown and handed in.
import * as z from "zod";
import type { PolicyFile } from "./file.ts";
import { parseDuration, parseSize } from "./measure.ts";

type Sandbox = NonNullable<PolicyFile["sandbox"]>;

/** A duration such as `30m`. */
export const duration: z.ZodString = z
  .string({ error: "expected a duration such as `30m`" })
  .refine((text) => parseDuration(text) !== undefined, "expected a duration such as `90s`, `30m` or `4h`");
/** A size such as `4g`, or bytes. */
export const size: z.ZodUnion<readonly [z.ZodString, z.ZodNumber]> = z
  .union([z.string(), z.number()], { error: "expected a size such as `4g`" })
  .refine((value) => parseSize(value) !== undefined, "expected a size such as `512m` or `4g`, or a number of bytes");
/** Least of a fence's memory, in bytes: with less bubblewrap is ended before there is a fence. */
const MEMORY_LEAST = 4 * 2 ** 20;
const memory = size.refine((value) => {
  const bytes = parseSize(value);
  return bytes === undefined || bytes >= MEMORY_LEAST;
}, "too small for a fence to start: expected `4m` or more, such as `512m` or `4g`; a number alone is bytes");
/** How many of something. */
export const count: z.ZodInt = z.int().min(1).max(10_000_000);
/** Any short text. */
export const word: z.ZodString = z.string().min(1).max(4096);
/** A path, or a pattern of paths. */
export const path: z.ZodString = word.refine((text) => !/[\0\n\r]/.test(text), "a path holds no line break and no NUL");
/** Several. */
export const paths: z.ZodArray<z.ZodString> = z.array(path);
/** The name of an environment variable. */
export const envName: z.ZodString = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable");

/** Where a fence runs. */
export const RUNTIMES = ["auto", "process", "container", "gvisor", "kata", "microvm", "kubernetes", "remote"] as const;
/** How a workspace is shown. */
export const WORKSPACES = ["overlay", "direct", "worktree", "clone", "read-only"] as const;

/** `filesystem`. */
export const filesystem: z.ZodType<NonNullable<Sandbox["filesystem"]>> = z.strictObject({
  allowRead: paths.optional(),
  denyRead: paths.optional(),
  allowWrite: paths.optional(),
  denyWrite: paths.optional(),
  showSecrets: paths.optional(),
});
/** `limits`. */
export const limits: z.ZodType<NonNullable<Sandbox["limits"]>> = z.strictObject({
  timeout: duration.optional(),
  memory: memory.optional(),
  pids: count.optional(),
  cpus: z.number().positive().max(4096).optional(),
  fileSize: size.optional(),
  disk: size.optional(),
  files: count.optional(),
  openFiles: z.int().min(16).max(1_048_576).optional(),
  connections: count.optional(),
  logBytes: size.optional(),
  eventRate: count.optional(),
});
/** `env`. */
export const env: z.ZodType<NonNullable<PolicyFile["env"]>> = z.strictObject({
  pass: z.array(envName).optional(),
  set: z.record(envName, z.string()).optional(),
});
