// Tokens on disk: one file for each issuer and resource, for this user's eyes only, replaced whole. Nothing of it is ever printed or recorded.
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { isObject, type JsonObject, member, readJson, writeJson } from "#core/mcp";
import { type OAuthClient, readAuth } from "./client-auth.ts";
import { alone } from "./renewal.ts";
import type { Tokens } from "./tokens.ts";

/** What is kept of one login. */
export interface Login {
  readonly issuer: string;
  readonly resource: string;
  readonly tokenEndpoint: string;
  readonly client: OAuthClient;
  readonly tokens: Tokens;
}

/** The logins of one user. */
export interface TokenStore {
  /** By the server's address; `undefined` where there is none, or none that only this user could have written. */
  find(server: string): Login | undefined;
  save(server: string, login: Login): void;
  /** Does `work` while no other process of this user renews this server's login; `undefined` when that took too long. */
  alone<T>(server: string, work: () => Promise<T>): Promise<T | undefined>;
  /** True when there was one. */
  forget(server: string): boolean;
}

const FILE_MOST = 128 * 1024;

/** Opens the store in a folder that it makes if need be. */
export function openTokenStore(folder: string): TokenStore {
  const index = (server: string): string => join(folder, `server-${digest(server)}.json`);
  const file = ({ issuer, resource }: Pick<Login, "issuer" | "resource">): string =>
    join(folder, `login-${digest(`${issuer}\0${resource}`)}.json`);
  const read = (path: string): JsonObject | undefined => {
    const text = readOwn(path);
    const value = text === undefined ? undefined : readJson(text);
    return value?.ok === true && isObject(value.value) ? value.value : undefined;
  };
  const keyOf = (server: string): Pick<Login, "issuer" | "resource"> | undefined => {
    const kept = read(index(server));
    const [issuer, resource] = [member(kept, "issuer"), member(kept, "resource")];
    return typeof issuer === "string" && typeof resource === "string" ? { issuer, resource } : undefined;
  };
  return {
    find: (server) => {
      const key = keyOf(server);
      const login = key === undefined ? undefined : loginOf(read(file(key)));
      return login?.issuer === key?.issuer && login?.resource === key?.resource ? login : undefined;
    },
    save: (server, login) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const { issuer, resource } = login;
      replace(file(login), JSON.stringify(login));
      replace(index(server), writeJson({ issuer, resource }));
    },
    alone: (server, work) => alone(join(folder, `server-${digest(server)}.renewal`), work),
    forget: (server) => {
      const key = keyOf(server);
      if (key === undefined) return false;
      rmSync(file(key), { force: true });
      rmSync(index(server), { force: true });
      return true;
    },
  };
}

function loginOf(value: JsonObject | undefined): Login | undefined {
  const text = (from: JsonObject | undefined, key: string): string | undefined => {
    const found = member(from, key);
    return typeof found === "string" ? found : undefined;
  };
  const part = (key: string): JsonObject | undefined => {
    const found = member(value, key);
    return isObject(found) ? found : undefined;
  };
  const [issuer, resource, tokenEndpoint] = ["issuer", "resource", "tokenEndpoint"].map((key) => text(value, key));
  const id = text(part("client"), "id");
  const access = text(part("tokens"), "access");
  if (issuer === undefined || resource === undefined || tokenEndpoint === undefined) return undefined;
  if (id === undefined || access === undefined) return undefined;
  const secret = text(part("client"), "secret");
  const auth = readAuth(member(part("client"), "auth"));
  const [refresh, scope] = ["refresh", "scope"].map((key) => text(part("tokens"), key));
  const expiresAt = member(part("tokens"), "expiresAt");
  return {
    ...{ issuer, resource, tokenEndpoint },
    client: { id, ...(secret === undefined ? {} : { secret }), ...(auth === undefined ? {} : { auth }) },
    tokens: {
      access,
      ...(refresh === undefined ? {} : { refresh }),
      ...(scope === undefined ? {} : { scope }),
      ...(typeof expiresAt === "number" ? { expiresAt } : {}),
    },
  };
}

/** A plain file of this user that nobody else may read or write; anything else is no login. */
function readOwn(path: string): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined; // absent: a login is asked for
  }
  try {
    const found = fstatSync(fd);
    const isOwn = found.isFile() && found.uid === process.geteuid?.() && (found.mode & 0o077) === 0;
    return isOwn && found.size <= FILE_MOST ? readFileSync(fd) : undefined;
  } finally {
    closeSync(fd);
  }
}

function replace(path: string, text: string): void {
  const fresh = `${path}.${randomBytes(6).toString("hex")}`;
  const fd = openSync(fresh, "wx", 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, path);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
