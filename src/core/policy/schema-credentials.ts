// The shape of the policy's `credentials` (CRED-2, CRED-3): strict like everything else, and exactly one source each.
import * as z from "zod";
import type { CredentialEntry } from "../credentials/index.ts";
import { parseDuration } from "./measure.ts";
import { host } from "./schema-network.ts";

const word = z.string().min(1).max(4096);
const line = word.refine((text) => !/[\0\n\r]/.test(text), "holds no line break and no NUL");
const path = line.refine((text) => /^(?:\/|~\/)/.test(text), "expected an absolute path, or one from `~/`");
const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable");
const header = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, "expected the name of a header");
const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, "expected a duration such as `90s`, `30m` or `4h`");
const address = word.refine(
  (text) =>
    /^(?:https:\/\/[^\s/?#@\\]+|http:\/\/(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)(?::\d{1,5})?)(?:\/[^\s?#]*)?$/i.test(
      text,
    ),
  "expected an `https://` URL, or `http://` on loopback",
);
const place = z.union([z.strictObject({ env: envName }), z.strictObject({ file: path, field: line.optional() })], {
  error: "expected `{env: NAME}` or `{file: PATH}`",
});

// No shell reads it: what one would take for more than a word is refused instead of being passed on as it is.
const plainCommand = line.refine(
  (text) => /^[\w./~:@%+=,-]+(?: [\w./~:@%+=,-]+)*$/.test(text),
  "no shell runs it: write a command with quotes or other marks as a list of words",
);

const KINDS = ["env", "file", "command", "keyring", "vault", "aws", "githubApp"] as const;

const source = z
  .strictObject({
    env: envName.optional(),
    file: path.optional(),
    field: line.optional(),
    command: z.union([plainCommand, z.array(line).min(1)]).optional(),
    timeout: duration.optional(),
    pass: z.array(envName).optional(),
    keyring: z.union([line, z.record(line, line)]).optional(),
    vault: z
      .strictObject({
        address,
        path: z.string().regex(/^[\w.~-]+(?:\/[\w.~-]+)*$/, "expected a path such as `secret/data/ci`"),
        field: line,
        namespace: line.optional(),
        caFile: path.optional(),
        auth: z.union(
          [
            z.strictObject({ token: place }),
            z.strictObject({
              appRole: z.strictObject({
                roleId: line,
                secretId: place,
                mount: z
                  .string()
                  .regex(/^[\w.~-]+(?:\/[\w.~-]+)*$/)
                  .optional(),
              }),
            }),
          ],
          { error: "expected `{token: …}` or `{appRole: …}`" },
        ),
      })
      .optional(),
    aws: z
      .strictObject({
        region: z.string().regex(/^[a-z0-9-]{1,64}$/, "expected a region such as `eu-central-1`"),
        profile: line.optional(),
        role: z
          .string()
          .regex(/^arn:[\w-]+:iam::\d{12}:role\/\S+$/, "expected the ARN of a role")
          .optional(),
        externalId: line.optional(),
        sessionPolicy: word.optional(),
        duration: duration
          .refine((text) => (parseDuration(text) ?? 0) >= 900_000, "AWS gives keys for 15 minutes or more")
          .optional(),
        endpoint: address.optional(),
      })
      .optional(),
    githubApp: z
      .strictObject({
        appId: z.union([line, z.int()]),
        installationId: z.union([line, z.int()]),
        key: place,
        repositories: z.array(line).optional(),
        permissions: z.record(line, z.enum(["read", "write", "admin"])).optional(),
        api: address.optional(),
      })
      .optional(),
  })
  .refine((value) => KINDS.filter((kind) => value[kind] !== undefined).length === 1, {
    error: `expected exactly one of ${KINDS.map((kind) => `\`${kind}\``).join(", ")}`,
  });

const inject = z.strictObject({
  hosts: z.array(host).min(1),
  header: z.union([header, z.array(header).min(1)]).optional(),
  // an empty list would read as none and mean every
  methods: z
    .array(z.string().regex(/^[A-Z]+$/, "expected a method such as `GET`"))
    .min(1)
    .optional(),
  paths: z.array(line).min(1).optional(),
  query: z.union([line, z.array(line)]).optional(),
  body: z.boolean().optional(),
  always: z.boolean().optional(),
  plainHttp: z.boolean().optional(),
  user: z
    .string()
    .regex(/^[\x21-\x39\x3b-\x7e]{1,200}$/, "expected a user name without `:`")
    .optional(),
  sign: z
    .strictObject({ services: z.array(line).min(1).optional(), regions: z.array(line).min(1).optional() })
    .optional(),
});

const file = z
  .strictObject({
    shape: z.enum(["npm", "netrc", "docker", "aws"]).optional(),
    path: path.refine((text) => /^~\/(?!(?:.*\/)?\.\.?(?:\/|$))/.test(text), "expected a path from `~/`").optional(),
    template: z.string().max(65_536).optional(),
  })
  .refine(
    ({ path: at, shape, template }) =>
      template === undefined ? shape !== undefined : shape === undefined && at !== undefined,
    {
      error: "expected `shape`, or `path` with `template`",
    },
  );

/** An SSH host by its name, as known_hosts has it. */
const sshHost = host.refine(
  (text) => !text.includes("*") && !text.startsWith("preset:"),
  "expected one host, `host` or `host:port`",
);

/** One credential. */
export const credential: z.ZodType<CredentialEntry> = z
  .strictObject({
    name: z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "expected a name of letters, digits, `-`, `_` and `.`"),
    source: source.optional(),
    inject: inject.optional(),
    env: z.union([envName, z.array(envName)]).optional(),
    files: z.array(file).optional(),
    git: z.boolean().optional(),
    ssh: z.strictObject({ keys: z.array(line).min(1), hosts: z.array(sshHost).min(1) }).optional(),
  })
  .refine((entry) => entry.ssh === undefined || Object.keys(entry).length === 2, {
    error: "a login by SSH has `name` and `ssh`, and nothing else",
  });
