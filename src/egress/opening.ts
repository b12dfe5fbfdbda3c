// What a client begins with, looked at without taking it: a TLS hello, a request, or neither.
import { type Hello, readHello } from "./hello.ts";
import type { Intake } from "./intake.ts";

/** A line that goes on for longer is a request's, and too long for one. */
const LINE_MOST = 4096;

/** The hello, once it is clear whether there is one. A client that takes longer is let go. */
export async function openingHello(client: Intake, ms: number): Promise<Hello> {
  let bytes: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => client.socket.destroy(), ms);
  try {
    for (;;) {
      const hello = readHello(bytes);
      if (hello.kind !== "incomplete") return hello;
      const piece = await client.read();
      if (piece === undefined) return bytes.length === 0 ? hello : { kind: "malformed" };
      bytes = Buffer.concat([bytes, piece]);
    }
  } finally {
    clearTimeout(timer);
    client.unread(bytes);
  }
}

/** True where some server would take it for an HTTP/1 request. What is not clear after `ms` is none so far: `requestWatch` goes on. */
export async function opensRequest(client: Intake, ms: number): Promise<boolean> {
  const until = performance.now() + ms;
  let bytes: Buffer = Buffer.alloc(0);
  while (beginsRequest(bytes) === undefined && (await client.arrives(until - performance.now()))) {
    const piece = await client.read();
    if (piece === undefined) break;
    bytes = Buffer.concat([bytes, piece]);
  }
  client.unread(bytes);
  return beginsRequest(bytes) === true;
}

/** Told every piece of a tunnel from its beginning. True for the one that makes a request of what was let pass for other bytes. */
export function requestWatch(): (piece: Buffer) => boolean {
  let bytes: Buffer = Buffer.alloc(0);
  let is: boolean | undefined;
  return (piece) => {
    if (is !== undefined) return false;
    bytes = Buffer.concat([bytes, piece]);
    is = beginsRequest(bytes);
    return is === true;
  };
}

// A token, a space, visible text up to the end of the line, and the version: servers skip empty lines before it, and take a bare line feed.
function beginsRequest(bytes: Buffer): boolean | undefined {
  const text = bytes.toString("latin1", 0, LINE_MOST).replace(/^\s+/, "");
  const [line = "", ...more] = text.split(/\r?\n/, 2);
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]*(?:[ \t]+[\t\r\x20-\x7e\x80-\xff]*)?$/.test(line)) return false;
  if (more.length > 0) return /\sHTTP\/[01]\.?\d*\s*$/i.test(line);
  return bytes.length < LINE_MOST ? undefined : true;
}
