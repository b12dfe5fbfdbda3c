// Planted credentials (`sandbox.canaries: on`): they look worth stealing, open nothing, and nobody has a use for them. Where one leaves, somebody inside takes
// credentials along. They stand under names that no tool reads of itself, so honest work never meets them.
import { randomBytes } from "node:crypto";
import type { LeakSecret } from "#core/leak";

/** What is planted in one session. */
export interface Canaries {
  /** Files below the fence's home. */
  readonly files: readonly { readonly target: string; readonly content: string }[];
  readonly secrets: readonly LeakSecret[];
}

/** Of a session that plants none. */
export const NO_CANARIES: Canaries = { files: [], secrets: [] };

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Makes new ones; none are the same in two sessions. */
export function plantCanaries(home: string): Canaries {
  const accessKey = `AKIA${random(UPPER, 16)}`;
  const secretKey = random(`${LETTERS}+/`, 40);
  const deployToken = random(LETTERS, 40);
  const password = random(LETTERS, 24);
  const key = randomBytes(384);
  const lines = key.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    files: [
      {
        // Not the default profile: a tool must be told to use it.
        target: `${home}/.aws/credentials`,
        content: `[backup-admin]\naws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey}\n`,
      },
      {
        // None of the names that ssh tries.
        target: `${home}/.ssh/deploy_rsa`,
        content: `-----BEGIN RSA PRIVATE KEY-----\n${lines.join("\n")}\n-----END RSA PRIVATE KEY-----\n`,
      },
      {
        target: `${home}/.config/deploy/.env.production`,
        content: `DEPLOY_TOKEN=${deployToken}\nDATABASE_URL=postgres://deploy:${password}@db-1.internal:5432/production\n`,
      },
    ],
    secrets: [
      canary("~/.aws/credentials:aws_access_key_id", Buffer.from(accessKey)),
      canary("~/.aws/credentials:aws_secret_access_key", Buffer.from(secretKey)),
      canary("~/.ssh/deploy_rsa", key),
      canary("~/.config/deploy/.env.production:DEPLOY_TOKEN", Buffer.from(deployToken)),
      canary("~/.config/deploy/.env.production:DATABASE_URL", Buffer.from(password)),
    ],
  };
}

function canary(name: string, value: Buffer): LeakSecret {
  return { name: `canary ${name}`, value, isCanary: true, ...(value.length > 64 ? { enough: 24 } : {}) };
}

function random(letters: string, length: number): string {
  // A byte above the last whole round of the alphabet would make its first letters likelier.
  const round = 256 - (256 % letters.length);
  let text = "";
  while (text.length < length)
    for (const byte of randomBytes(length)) if (byte < round) text += letters[byte % letters.length];
  return text.slice(0, length);
}
