// An SSH agent for the fence (CRED-4): it shows the named keys of the person's own agent and has them sign logins at the named hosts, and does nothing else.
// That a login is one at a named host is proved by the host itself: its key signed the session that the client bound the connection to
// (session-bind@openssh.com, OpenSSH 8.9), and that key is in the person's known_hosts. Every use is on record before it is made.
import { chmodSync, rmSync } from "node:fs";
import net from "node:net";
import { err, ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import { fingerprint, isSignedBy } from "./host-key.ts";
import { MessageReader, type SshUpstream, sshUpstream } from "./upstream.ts";
import { parseUserAuth } from "./userauth.ts";
import { parsed, sshString, sshUint32 } from "./wire.ts";

/** What one credential gives. */
export interface SshGrant {
  readonly name: string;
  /** Fingerprints (`SHA256:…`), or comments as the person's agent has them. */
  readonly keys: readonly string[];
  /** Each host with the keys that are known of it. */
  readonly hosts: readonly { readonly host: string; readonly keys: readonly Buffer[] }[];
}

/** What it is opened with. */
export interface SshAgentOptions {
  readonly socketPath: string;
  /** The person's own agent. */
  readonly upstream: string;
  readonly grants: readonly SshGrant[];
  readonly append: Append;
}

/** An open agent. */
export interface SshAgent {
  close(): Promise<void>;
}

/** Numbers of draft-miller-ssh-agent. */
const FAILURE = 5;
const SUCCESS = 6;
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
const EXTENSION = 27;

const CONNECTIONS_MOST = 32;
const BINDINGS_MOST = 16;
const WAITING_MOST = 64;

/** Opens its socket. */
export async function openSshAgent(options: SshAgentOptions): Promise<Result<SshAgent, Problem>> {
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    if (open.size > CONNECTIONS_MOST) socket.destroy();
    else serve(socket, options);
  });
  try {
    rmSync(options.socketPath, { force: true });
    await new Promise<void>((done, failed) => {
      server.once("error", failed);
      server.listen(options.socketPath, done);
    });
    server.on("error", () => undefined); // one failed accept is that client's loss
    chmodSync(options.socketPath, 0o600);
  } catch (error) {
    return err({ code: "ssh-socket", message: `the SSH agent's socket cannot be opened: ${(error as Error).message}` });
  }
  return ok({
    close: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      rmSync(options.socketPath, { force: true });
    },
  });
}

function serve(socket: net.Socket, options: SshAgentOptions): void {
  const client = new Client(options);
  const reader = new MessageReader();
  let turn = Promise.resolve();
  let waiting = 0;
  socket.once("close", () => client.close());
  socket.on("data", (piece: Buffer) => {
    const messages = reader.take(piece);
    if (messages === false) return void socket.destroy();
    for (const message of messages) {
      waiting++;
      turn = turn.then(async () => {
        if (--waiting < WAITING_MOST) socket.resume();
        const answer = await client.answer(message).catch(() => Buffer.of(FAILURE)); // not on record: not done
        if (socket.writable) socket.write(Buffer.concat([sshUint32(answer.length), answer]));
      });
    }
    if (waiting >= WAITING_MOST) socket.pause();
  });
}

/** A session that the client says it logs in with, as its host signed it. */
interface Binding {
  readonly session: Buffer;
  readonly hostKey: Buffer;
}

interface ShownKey {
  readonly blob: Buffer;
  readonly comment: Buffer;
  readonly grants: readonly SshGrant[];
}

/** One connection: what was bound on it holds for it alone. */
class Client {
  private readonly options: SshAgentOptions;
  private readonly upstream: SshUpstream;
  private readonly bindings: Binding[] = [];
  private isForwarded = false;

  constructor(options: SshAgentOptions) {
    this.options = options;
    this.upstream = sshUpstream(options.upstream);
  }

  close(): void {
    this.upstream.close();
  }

  async answer(message: Buffer): Promise<Buffer> {
    const type = message[0];
    if (type === REQUEST_IDENTITIES) return this.identities();
    if (type === SIGN_REQUEST) return this.sign(message);
    if (type === EXTENSION) return this.bind(message);
    return Buffer.of(FAILURE); // keys are added, removed and locked outside
  }

  private async identities(): Promise<Buffer> {
    const keys = this.isForwarded ? [] : await this.shown();
    const listed = keys.flatMap(({ blob, comment }) => [sshString(blob), sshString(comment)]);
    return Buffer.concat([Buffer.of(IDENTITIES_ANSWER), sshUint32(keys.length), ...listed]);
  }

  /** The person's keys that a credential names. */
  private async shown(): Promise<readonly ShownKey[]> {
    const answer = await this.upstream.ask(Buffer.of(REQUEST_IDENTITIES));
    const all =
      answer === undefined
        ? undefined
        : parsed(answer, (reader) => {
            if (reader.byte() !== IDENTITIES_ANSWER) return undefined;
            return Array.from({ length: reader.uint32() }, () => ({ blob: reader.string(), comment: reader.string() }));
          });
    return (all ?? []).flatMap(({ blob, comment }) => {
      const names = [fingerprint(blob), comment.toString("utf8")];
      const grants = this.options.grants.filter(({ keys }) => keys.some((key) => names.includes(key)));
      return grants.length === 0 ? [] : [{ blob, comment, grants }];
    });
  }

  private async bind(message: Buffer): Promise<Buffer> {
    const bound = parsed(message, (reader) => {
      reader.byte();
      if (reader.text() !== "session-bind@openssh.com") return undefined;
      return {
        hostKey: reader.string(),
        session: reader.string(),
        signature: reader.string(),
        isForwarding: reader.boolean(),
      };
    });
    if (bound === undefined) return Buffer.of(FAILURE);
    const { hostKey, session, signature } = bound;
    // A connection that leads on to another host signs for whoever sits there.
    if (bound.isForwarding) this.isForwarded = true;
    if (bound.isForwarding || this.bindings.length >= BINDINGS_MOST || !isSignedBy(hostKey, session, signature))
      return Buffer.of(FAILURE);
    this.bindings.push({ session, hostKey });
    await this.upstream.ask(message); // for keys that the person has restricted there; an agent that does not know it says so
    return Buffer.of(SUCCESS);
  }

  private async sign(message: Buffer): Promise<Buffer> {
    const asked = parsed(message, (reader) => {
      reader.byte();
      return { blob: reader.string(), data: reader.string(), flags: reader.uint32() };
    });
    const key = asked === undefined ? undefined : (await this.shown()).find(({ blob }) => blob.equals(asked.blob));
    if (asked === undefined || key === undefined) return this.refuse("ssh-key-not-named");
    const auth = parseUserAuth(asked.data);
    if (auth === undefined || !auth.key.equals(key.blob)) return this.refuse("ssh-no-login", key);
    const binding = this.bindings.find(({ session }) => session.equals(auth.session));
    if (this.isForwarded) return this.refuse("ssh-forwarded", key);
    if (binding === undefined) return this.refuse("ssh-session-not-bound", key);
    if (auth.hostKey !== undefined && !auth.hostKey.equals(binding.hostKey)) return this.refuse("ssh-other-host", key);
    const place = placeOf(key.grants, binding.hostKey);
    if (place === undefined) return this.refuse("ssh-host-not-named", key);
    await this.options.append({
      type: "secret.use",
      origin: "observed",
      data: { credential: place.name, act: "ssh-login", host: place.host, user: auth.user, key: fingerprint(key.blob) },
    });
    const answer = await this.upstream.ask(message);
    return answer?.[0] === SIGN_RESPONSE ? answer : Buffer.of(FAILURE);
  }

  private async refuse(reason: string, key?: ShownKey): Promise<Buffer> {
    const credential = key?.grants[0]?.name ?? "";
    const data = { credential, act: "refused", reason, ...(key === undefined ? {} : { key: fingerprint(key.blob) }) };
    await this.options.append({ type: "secret.use", origin: "observed", data });
    return Buffer.of(FAILURE);
  }
}

/** The credential and host that this host key speaks for. */
function placeOf(
  grants: readonly SshGrant[],
  hostKey: Buffer,
): { readonly name: string; readonly host: string } | undefined {
  for (const { name, hosts } of grants) {
    const found = hosts.find(({ keys }) => keys.some((key) => key.equals(hostKey)));
    if (found !== undefined) return { name, host: found.host };
  }
  return undefined;
}
