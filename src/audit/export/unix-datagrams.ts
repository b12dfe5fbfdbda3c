// A Unix socket that takes datagrams, as /dev/log does: Node has no call for one, the native helper sends them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { octetCounted } from "#core/log/export";

/** Sends messages, in order; rejects with the system's word when one was not taken. */
export async function sendUnixDatagrams(
  path: string,
  messages: readonly Buffer[],
  { helper }: { readonly helper: string },
): Promise<void> {
  const child = spawn(helper, ["datagrams", path], { env: {}, stdio: ["pipe", "ignore", "pipe"] });
  // It ends early when a message was not taken; what it says about that counts, not the broken pipe.
  child.stdin.on("error", () => undefined);
  child.stdin.end(Buffer.concat(messages.map(octetCounted)));
  const said = text(child.stderr);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw Object.assign(new Error("a datagram was not taken"), { code: (await said).trim() || "EPIPE" });
}
