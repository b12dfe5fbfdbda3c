// The shape of `sandbox.network` in a policy file: hosts, rules on them, and how they are kept.
import ipaddr from "ipaddr.js";
import * as z from "zod";
import type { PolicyFile } from "./file.ts";
import type { NetworkEntry } from "./file-sandbox.ts";
import { parseSize } from "./measure.ts";

type NetworkFile = NonNullable<NonNullable<PolicyFile["sandbox"]>["network"]>;

const word = z.string().min(1).max(4096);
const path = word.refine((text) => !/[\0\n\r]/.test(text), "a path holds no line break and no NUL");

const HOST =
  /^(?:preset:[a-z0-9][a-z0-9-]*(?:\/read)?|(?:\*\.)?[^\s/@:*?#%[\]\\]+(?::\d{1,5})?|\*(?::\d{1,5})?|(?:[0-9a-f]*:){2,}[0-9a-f.:]*|\[[0-9a-f:.]+\](?::\d{1,5})?)$/iu;
/** One destination as rules name it. */
export const host: z.ZodType<string> = word.refine(
  (text) =>
    HOST.test(text) &&
    !/:(?:0|[7-9]\d{4}|6[6-9]\d{3}|65[6-9]\d\d|655[4-9]\d|6553[6-9])$/.test(
      text.replace(/^(?:[0-9a-f]*:){2,}[0-9a-f.:]*$/i, ""),
    ),
  "expected `host`, `*.host`, either with `:port`, or `preset:NAME`; no scheme and no path, which a policy file narrows: `{host: HOST, methods: [GET], paths: [/PATH/**]}`",
);

const exe = path.refine((text) => text.startsWith("/"), "expected the absolute path of a program");
const program = z.union(
  [
    exe,
    z.strictObject({
      exe,
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/, "expected 64 hex digits")
        .optional(),
    }),
  ],
  { error: "expected the absolute path of a program, or `{exe, sha256}`" },
);
const limited = z.strictObject({
  host,
  methods: z
    .array(z.string().regex(/^[A-Z][A-Z-]*$/, "expected a method such as `GET`"))
    .min(1)
    .optional(),
  paths: z.array(word).min(1).optional(),
  protocols: z
    .array(z.enum(["http", "https", "websocket", "tls", "tcp"]))
    .min(1)
    .optional(),
  programs: z.array(program).min(1).optional(),
});
/** One entry of `allow` or `deny`. A list that is there names something. */
export const networkRule: z.ZodType<NetworkEntry> = z.union([host, limited], {
  error:
    "expected `host`, `*.host`, either with `:port`, `preset:NAME`, or `{host, methods, paths, protocols, programs}`",
});
const privateHost = z.strictObject({
  host,
  cidr: word.refine(
    (text) => ipaddr.isValidCIDR(text) || ipaddr.isValid(text),
    "expected an address block such as `10.1.2.3/32`",
  ),
  reason: word,
});

/** `sandbox.network`. */
export const network: z.ZodType<NetworkFile> = z.strictObject({
  allow: z.array(networkRule).optional(),
  deny: z.array(networkRule).optional(),
  allowPrivate: z.array(privateHost).optional(),
  mode: z.enum(["enforce", "report"]).optional(),
  inspect: z.enum(["auto", "all", "rules"]).optional(),
  inspectExcept: z.array(host).optional(),
  tokens: z.enum(["block", "off"]).optional(),
  budget: z
    .strictObject({
      up: z
        .union([z.string(), z.number()], { error: "expected a size such as `100m`" })
        .refine((value) => parseSize(value) !== undefined, "expected a size such as `100m`, or a number of bytes")
        .optional(),
      requests: z
        .string({ error: "expected a rate such as `600/min`" })
        .regex(/^[1-9]\d{0,6}\/min$/, "expected a rate such as `600/min`")
        .optional(),
    })
    .optional(),
  /** The names of Claude Code and srt for `allow` and `deny`, and for `unixSockets`. */
  allowedDomains: z.array(host).optional(),
  deniedDomains: z.array(host).optional(),
  allowUnixSockets: z.array(path).optional(),
});
