// Short-lived keys from AWS STS: AssumeRole where a role is named, GetSessionToken otherwise. The person's own keys sign this one call and stay outside.
// STS revokes nothing: the keys end by themselves, which is why they are short.
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { type AwsSource, signatureOf, writeAuthorization } from "#core/credentials";
import { forTerminal } from "#core/text";
import { AWS_HASH } from "../aws-hash.ts";
import { Secret } from "../secret.ts";
import { type Ask, ask } from "./ask.ts";
import { readSecretFile } from "./file.ts";
import type { Source, SourceDeps } from "./source.ts";

interface Keys {
  readonly id: string;
  readonly secret: string;
  readonly token?: string;
}

/** Asks STS, with a signed form of its query API (version 2011-06-15). */
export function openAws(source: AwsSource, deps: SourceDeps): Source {
  const endpoint = source.endpoint ?? `https://sts.${source.region}.amazonaws.com/`;
  const who = `AWS STS at \`${forTerminal(endpoint, { max: 120 })}\``;
  return {
    fetch: async () => {
      const keys = await baseKeys(source.profile, deps);
      if (!keys.ok) return keys;
      const by = { keys: keys.value, region: source.region, now: deps.now() };
      const call = signedCall(endpoint, form(source, deps.session), by);
      const answer = await ask({ ...call, roots: [deps.env["NODE_EXTRA_CA_CERTS"]], reach: deps.reach }, who);
      if (!answer.ok) return answer;
      const { status, text } = answer.value;
      const [id, secret, token, end] = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"].map((name) =>
        element(text, name),
      );
      const expires = Date.parse(end ?? "");
      if (status === 200 && id !== undefined && secret !== undefined && token !== undefined && !Number.isNaN(expires))
        return ok(new Secret({ accessKeyId: id, secretAccessKey: secret, sessionToken: token }, expires));
      const said = [element(text, "Code"), element(text, "Message")].filter((word) => word !== undefined).join(": ");
      return err({
        code: "credential-aws",
        message: `${who} answers ${status}${said === "" ? "" : ` (${forTerminal(said, { max: 200 })})`}`,
        hint:
          source.role === undefined
            ? "GetSessionToken needs the long-lived keys of an IAM user; name a `role` for anything else"
            : "may these keys assume the role?",
      });
    },
  };
}

function form(source: AwsSource, session: string): string {
  const fields: Record<string, string> = {
    Action: source.role === undefined ? "GetSessionToken" : "AssumeRole",
    Version: "2011-06-15",
    DurationSeconds: String(source.durationSeconds),
  };
  if (source.role !== undefined) {
    fields["RoleArn"] = source.role;
    fields["RoleSessionName"] = `ringfence-${session}`.replace(/[^\w+=,.@-]/g, "-").slice(0, 64);
    if (source.externalId !== undefined) fields["ExternalId"] = source.externalId;
    if (source.sessionPolicy !== undefined) fields["Policy"] = source.sessionPolicy;
  }
  return new URLSearchParams(fields).toString();
}

function signedCall(
  endpoint: string,
  body: string,
  by: { readonly keys: Keys; readonly region: string; readonly now: number },
): Omit<Ask, "reach"> {
  const url = new URL(endpoint);
  const time = new Date(by.now).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const headers: Record<string, string> = {
    host: url.host,
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    "x-amz-date": time,
    ...(by.keys.token === undefined ? {} : { "x-amz-security-token": by.keys.token }),
  };
  const signed = Object.keys(headers).sort();
  const scope = { date: time.slice(0, 8), region: by.region, service: "sts" };
  const signature = signatureOf(
    {
      ...{ method: "POST", path: url.pathname, query: "", headers: Object.entries(headers), signed },
      ...{ payload: AWS_HASH.sha256(body), time, scope, once: false },
    },
    by.keys.secret,
    AWS_HASH,
  );
  const authorization = writeAuthorization({ keyId: by.keys.id, scope, signed, signature });
  return { method: "POST", url: url.href, headers: { ...headers, authorization }, body };
}

/** The caller's: the environment first, as every AWS tool does it, then a profile of the credentials file. */
async function baseKeys(profile: string | undefined, deps: SourceDeps): Promise<Result<Keys, Problem>> {
  const { env } = deps;
  const [id, secret, token] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map(
    (name) => env[name],
  );
  if (profile === undefined && id !== undefined && secret !== undefined)
    return ok({ id, secret, ...(token === undefined || token === "" ? {} : { token }) });
  const name = profile ?? env["AWS_PROFILE"] ?? "default";
  const file = env["AWS_SHARED_CREDENTIALS_FILE"] ?? join(deps.home, ".aws/credentials");
  const text = await readSecretFile({ file }, deps);
  if (!text.ok) return text;
  const found = section(text.value, name);
  const [ownId, ownSecret, ownToken] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"].map((key) =>
    found.get(key),
  );
  if (ownId !== undefined && ownSecret !== undefined)
    return ok({ id: ownId, secret: ownSecret, ...(ownToken === undefined ? {} : { token: ownToken }) });
  return err({
    code: "credential-aws",
    message: `the profile \`${forTerminal(name, { max: 80 })}\` has no keys in \`${forTerminal(file, { max: 200 })}\``,
    hint: "name another `profile`, or export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  });
}

function section(text: string, name: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let inside = false;
  for (const line of text.split(/\r?\n/)) {
    const head = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    if (head !== undefined) inside = head === name;
    const [, key, value] = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (inside && key !== undefined && value !== undefined) values.set(key, value);
  }
  return values;
}

/** The text of the first such element; these answers nest no element inside one of that name. */
function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>\\s*([^<]+?)\\s*</${name}>`).exec(xml)?.[1];
}
