// The person's own agent, outside, on one connection: a message out, its answer in, in order (draft-miller-ssh-agent section 3).
import net from "node:net";

/** As OpenSSH bounds a message. */
export const MESSAGE_MOST: number = 256 * 1024;

/** One connection to it. */
export interface SshUpstream {
  /** The answer's type and content; `undefined` when there is none. */
  ask(message: Buffer): Promise<Buffer | undefined>;
  close(): void;
}

/** Splits a stream into messages without their length; `false` for one that is too long. */
export class MessageReader {
  private rest: Buffer = Buffer.alloc(0);

  take(piece: Buffer): readonly Buffer[] | false {
    this.rest = Buffer.concat([this.rest, piece]);
    const messages: Buffer[] = [];
    while (this.rest.length >= 4) {
      const length = this.rest.readUInt32BE();
      if (length === 0 || length > MESSAGE_MOST) return false;
      if (this.rest.length < 4 + length) break;
      messages.push(this.rest.subarray(4, 4 + length));
      this.rest = Buffer.from(this.rest.subarray(4 + length));
    }
    return messages;
  }
}

/** A person may have to confirm, or to touch a key. */
const ANSWER_MS = 120_000;

/** Connects when first asked. */
export function sshUpstream(path: string): SshUpstream {
  let socket: net.Socket | undefined;
  const waiting: ((answer: Buffer | undefined) => void)[] = [];
  const over = (): void => {
    for (const settle of waiting.splice(0)) settle(undefined);
  };
  const connected = (): net.Socket => {
    if (socket !== undefined && !socket.destroyed) return socket;
    const reader = new MessageReader();
    const opened = net.connect(path);
    opened.on("error", () => opened.destroy());
    opened.on("close", over);
    opened.on("data", (piece: Buffer) => {
      const messages = reader.take(piece);
      if (messages === false) return void opened.destroy();
      for (const message of messages) waiting.shift()?.(message);
    });
    socket = opened;
    return opened;
  };
  return {
    ask: (message) =>
      new Promise((settle) => {
        const late = setTimeout(() => connected().destroy(), ANSWER_MS);
        waiting.push((answer) => {
          clearTimeout(late);
          settle(answer);
        });
        const length = Buffer.alloc(4);
        length.writeUInt32BE(message.length);
        connected().write(Buffer.concat([length, message]));
      }),
    close: () => socket?.destroy(),
  };
}
