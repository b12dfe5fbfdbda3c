// What an SSH client asks an agent to sign when it logs in (RFC 4252 section 7, and OpenSSH's host-bound form): exactly that, and nothing that only looks
// like it. A signature over anything else (sshsig, a certificate, raw bytes) would be good for something that nobody named.
import { parsed } from "./wire.ts";

/** One login. */
export interface UserAuth {
  readonly session: Buffer;
  readonly user: string;
  readonly key: Buffer;
  /** The host's key, in the host-bound form. */
  readonly hostKey?: Buffer;
}

const USERAUTH_REQUEST = 50;

/** The login that the data is, or `undefined`. */
export function parseUserAuth(data: Buffer): UserAuth | undefined {
  return parsed(data, (reader) => {
    const session = reader.string();
    const isRequest = reader.byte() === USERAUTH_REQUEST;
    const user = reader.text();
    const service = reader.text();
    const method = reader.text();
    const signs = reader.boolean();
    reader.text(); // the algorithm: the flags say it once more, and the key has one kind
    const key = reader.string();
    const isBound = method === "publickey-hostbound-v00@openssh.com";
    const hostKey = isBound ? reader.string() : undefined;
    const isLogin = isRequest && signs && service === "ssh-connection" && (isBound || method === "publickey");
    return isLogin ? { session, user, key, ...(hostKey === undefined ? {} : { hostKey }) } : undefined;
  });
}
