// The shape of `mcp` in a policy file: how servers of the Model Context Protocol are pinned, what they may ask of their client, and each by its name.
import * as z from "zod";
import type { McpFile, McpServerFile } from "./file-mcp.ts";
import { env, filesystem, limits, path, RUNTIMES, WORKSPACES, word } from "./schema-fence.ts";
import { network } from "./schema-network.ts";

/** As clients' configurations name servers. */
const serverName = z
  .string()
  .min(1)
  .max(128)
  .refine((text) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text), "a server's name holds no control character");

const sampling = z.enum(["deny", "ask", "allow"]);
const elicitation = z.enum(["deny", "ask"]);

const server: z.ZodType<McpServerFile> = z.strictObject({
  sampling: sampling.optional(),
  elicitation: elicitation.optional(),
  sources: z.array(z.enum(["untrusted", "private", "outside"])).optional(),
  command: z.array(word).min(1).optional(),
  workspace: z.enum(WORKSPACES).optional(),
  runtime: z.enum(RUNTIMES).optional(),
  filesystem: filesystem.optional(),
  network: network.optional(),
  limits: limits.optional(),
  env: env.optional(),
  /** Names that `credentials` describes, or known ones. */
  credentials: z.array(word).optional(),
});

/** `mcp` as a whole. */
export const mcp: z.ZodType<McpFile> = z.strictObject({
  lock: path.optional(),
  mode: z.enum(["frozen", "ask", "off"]).optional(),
  sampling: sampling.optional(),
  elicitation: elicitation.optional(),
  results: z.enum(["hold", "mark"]).optional(),
  servers: z.record(serverName, server).optional(),
});
