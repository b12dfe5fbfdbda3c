// What programs that read no variable are handed in instead: the files in which they keep a login, and git's answers (CRED-4). Each holds what stands for
// the secret, for the hosts that it belongs to and no other. Pure.

import { toBase64 } from "../log/base64.ts";
import type { Credential, CredentialHost, FileShape } from "./credential.ts";

/** Where each tool looks. */
export const SHAPE_PATHS: Readonly<Record<Extract<FileShape, string>, string>> = {
  npm: "~/.npmrc",
  netrc: "~/.netrc",
  docker: "~/.docker/config.json",
  aws: "~/.aws/credentials",
};

/** A credential with what stands for its parts. */
export interface Standin {
  readonly credential: Credential;
  readonly placeholders: ReadonlyMap<string, string>;
}

/** A generated file of the fence. */
export interface HandedInFile {
  readonly target: string;
  readonly content: string;
}

/** The files of all of them; what `others` hold at the same place comes first in the same file. */
export function credentialFiles(
  standins: readonly Standin[],
  home: string,
  others: readonly HandedInFile[] = [],
): readonly HandedInFile[] {
  const files = new Map(others.map(({ target, content }) => [target, content]));
  const logins = standins.flatMap((standin) => standin.credential.files.map((file) => ({ ...file, standin })));
  const registries = new Map<string, Record<string, object>>();
  for (const { path, shape, standin } of logins) {
    const target = path.startsWith("~/") ? `${home}/${path.slice(2)}` : path;
    if (shape === "docker") {
      registries.set(target, { ...registries.get(target), ...dockerLogins(standin) });
      continue;
    }
    files.set(target, `${files.get(target) ?? ""}${textOf(shape, standin)}`);
  }
  for (const [target, auths] of registries) files.set(target, `${JSON.stringify({ auths }, undefined, 1)}\n`);
  return [...files].map(([target, content]) => ({ target, content }));
}

/** Lines of git's configuration: for each host a helper that answers what stands for the token, and nothing for any other host. */
export function gitCredentials(standins: readonly Standin[]): string {
  return standins
    .filter(({ credential }) => credential.git)
    .flatMap((standin) => {
      const { inject } = standin.credential;
      const answer = `${quoted(userOf(standin, "x-access-token"))} ${quoted(valueIn(standin))}`;
      const helper = `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' ${answer}; }; f`;
      return plainHosts(inject.hosts).flatMap((host) =>
        (inject.plainHttp ? ["https", "http"] : ["https"]).map(
          (scheme) => `[credential "${scheme}://${host}"]\n\thelper = "${helper.replace(/[\\"]/g, "\\$&")}"\n`,
        ),
      );
    })
    .join("");
}

function textOf(shape: Exclude<FileShape, "docker">, standin: Standin): string {
  const { inject } = standin.credential;
  const hosts = plainHosts(inject.hosts);
  const value = valueIn(standin);
  if (typeof shape === "object")
    return shape.template.replace(/\{(placeholder|host|user)\}/g, (_, word: string) =>
      word === "placeholder" ? value : word === "host" ? (hosts[0] ?? "") : userOf(standin, "token"),
    );
  switch (shape) {
    case "npm":
      return hosts.map((host) => `//${host}/:_authToken=${value}\n`).join("");
    case "netrc":
      return hosts
        .map((host) => `machine ${host.replace(/:\d+$/, "")} login ${userOf(standin, "token")} password ${value}\n`)
        .join("");
    case "aws": {
      const part = (name: string): string => standin.placeholders.get(name) ?? "";
      return `[default]\naws_access_key_id = ${part("accessKeyId")}\naws_secret_access_key = ${part("secretAccessKey")}\n`;
    }
    default:
      return shape satisfies never;
  }
}

function dockerLogins(standin: Standin): Record<string, object> {
  const login = `${userOf(standin, "token")}:${valueIn(standin)}`;
  const auth = toBase64(Uint8Array.from(login, (letter) => letter.charCodeAt(0)));
  return Object.fromEntries(plainHosts(standin.credential.inject.hosts).map((host) => [host, { auth }]));
}

/** Hosts that can be written into a file: no patterns, and a port only where it is no usual one. */
function plainHosts(hosts: readonly CredentialHost[]): readonly string[] {
  return hosts
    .filter(({ wildcard }) => !wildcard)
    .map(({ host, ports }) => {
      const port = ports.find((one) => one !== 80 && one !== 443);
      return port === undefined ? host : `${host}:${port}`;
    });
}

/** One word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function valueIn({ placeholders }: Standin): string {
  return placeholders.get("value") ?? "";
}

function userOf({ credential }: Standin, otherwise: string): string {
  return credential.inject.user ?? otherwise;
}
