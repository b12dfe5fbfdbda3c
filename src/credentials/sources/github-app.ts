// An installation token of a GitHub App: an hour long, for named repositories and permissions, and revoked at the end of the session.
import { createPrivateKey, createSign } from "node:crypto";
import { err, ok, type Problem, type Result } from "#core";
import type { GithubAppSource } from "#core/credentials";
import { forTerminal } from "#core/text";
import { Secret } from "../secret.ts";
import { ask, objectOf } from "./ask.ts";
import { readPlace } from "./file.ts";
import type { Source, SourceDeps } from "./source.ts";

/** Asks for it with a token that the App's own key signs (RS256, ten minutes at most). */
export function openGithubApp(source: GithubAppSource, deps: SourceDeps): Source {
  const api = (source.api ?? "https://api.github.com").replace(/\/+$/, "");
  const who = `the GitHub API at \`${forTerminal(api, { max: 120 })}\``;
  const headers = (token: string): Record<string, string> => ({
    authorization: `Bearer ${token}`,
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    "user-agent": "ringfence",
    "content-type": "application/json",
  });
  const given: string[] = [];
  const roots = [deps.env["NODE_EXTRA_CA_CERTS"]];

  return {
    fetch: async () => {
      const key = await readPlace(source.key, deps);
      if (!key.ok) return key;
      const jwt = appToken(source.appId, key.value, deps.now());
      if (!jwt.ok) return jwt;
      const { repositories, permissions } = source;
      const wish = {
        ...(repositories.length === 0 ? {} : { repositories }),
        ...(Object.keys(permissions).length === 0 ? {} : { permissions }),
      };
      const answer = await ask(
        {
          method: "POST",
          url: `${api}/app/installations/${encodeURIComponent(source.installationId)}/access_tokens`,
          headers: headers(jwt.value),
          body: JSON.stringify(wish),
          roots,
          reach: deps.reach,
        },
        who,
      );
      if (!answer.ok) return answer;
      const value = objectOf(answer.value.text);
      const token = value?.["token"];
      const expires = Date.parse(String(value?.["expires_at"]));
      if (answer.value.status !== 201 || typeof token !== "string" || Number.isNaN(expires))
        return err({
          code: "credential-github-app",
          message: `${who} answers ${answer.value.status} (${forTerminal(String(value?.["message"] ?? "no token"), { max: 200 })})`,
          hint: "check `appId`, `installationId`, the key, and that the App has these repositories and permissions",
        });
      given.push(token);
      return ok(new Secret({ value: token }, expires));
    },
    revoke: async () => {
      let problem: Problem | undefined;
      for (const token of given.splice(0)) {
        const answer = await ask(
          { method: "DELETE", url: `${api}/installation/token`, headers: headers(token), roots, reach: deps.reach },
          who,
        );
        if (!answer.ok) problem = answer.error;
        // 401: it had ended by itself
        else if (answer.value.status !== 204 && answer.value.status !== 401)
          problem = {
            code: "credential-not-revoked",
            message: `${who} answers ${answer.value.status} to the token's revocation; it ends by itself within the hour`,
          };
      }
      return problem;
    },
  };
}

function appToken(appId: string, pem: string, now: number): Result<string, Problem> {
  const seconds = Math.floor(now / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  // a minute back, for a clock that is ahead of GitHub's
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iat: seconds - 60, exp: seconds + 540, iss: appId })}`;
  try {
    return ok(`${text}.${createSign("RSA-SHA256").update(text).sign(createPrivateKey(pem), "base64url")}`);
  } catch {
    return err({
      code: "credential-github-app",
      message: "the App's private key is no RSA key in PEM",
      hint: "download one on the App's page and name it in `key: {file: …}`",
    });
  }
}
