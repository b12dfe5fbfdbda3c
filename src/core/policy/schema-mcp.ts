// The shape of `mcp` in a policy file: how servers of the Model Context Protocol are pinned, what they may ask of their client, and each by its name.
import * as z from "zod";
import type { McpFile, McpServerFile } from "./file-mcp.ts";

const path = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => !/[\0\n\r]/.test(text), "a path holds no line break and no NUL");
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
