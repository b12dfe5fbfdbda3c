// The credentials of a server that the gateway itself speaks to: the real value goes into the request here, because there is no fence whose placeholder
// could be swapped. Where it may go is the credential's own word, as everywhere (core/credentials).
import { err, ok, type Problem, type Result } from "#core";
import { notCovered, servesHost } from "#core/credentials";
import type { Append } from "#core/log";
import type { Broker } from "#credentials";

/** The header fields for a request to `to`, by lower-case name. Each use is on record before the value is handed out. */
export async function fieldsFor(
  broker: Broker | undefined,
  to: URL,
  append: Append,
): Promise<Result<Readonly<Record<string, string>>, Problem>> {
  const [scheme, host] = [to.protocol === "https:" ? "https" : "http", to.hostname.replace(/^\[|\]$/g, "")] as const;
  const port = Number(to.port) || (scheme === "https" ? 443 : 80);
  const request = { method: "POST", scheme, host, port, target: to.pathname, fields: [] } as const;
  const fields: Record<string, string> = {};
  for (const { credential } of broker?.issued ?? []) {
    const { inject, name } = credential;
    const field = inject.headers[0];
    if (!servesHost(inject, host, port) || field === undefined) continue;
    const bad = (message: string, hint: string): Result<never, Problem> =>
      err({ code: "credential-unfit", message: `\`${name}\` ${message}`, at: credential.at, hint });
    if (inject.sign !== undefined)
      return bad("signs requests, and an MCP server is sent a header", "name a credential with `inject.header`");
    const against = notCovered(inject, request);
    if (against !== undefined)
      return bad(`may not go to this address (${against})`, "see `inject` in docs/credentials.md");
    if (fields[field] !== undefined)
      return bad(`and another one both go into \`${field}\``, "give this server one of them");
    const secret = await broker?.current(name);
    if (secret?.ok !== true) return secret ?? bad("is not there any more", "start again");
    const value = secret.value.reveal();
    await append({
      type: "secret.use",
      origin: "observed",
      data: { credential: name, host, port, method: "POST", path: to.pathname.slice(0, 2048) },
    });
    fields[field] =
      field !== "authorization"
        ? value
        : inject.user === undefined
          ? `Bearer ${value}`
          : `Basic ${Buffer.from(`${inject.user}:${value}`).toString("base64")}`;
  }
  return ok(fields);
}
