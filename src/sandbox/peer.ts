// Who is at the other end of a Unix socket, and from whom that process descends: facts of the kernel, never what the peer says of itself.
import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import type { Socket } from "node:net";
import type { ProcessFacts } from "#core/session";

const PEER_MS = 2_000;
/** A chain of parents longer than this is not a person's. */
const CHAIN_MOST = 200;

/** The process that made the connection, or undefined when the kernel does not say. */
export async function peerOf(socket: Socket, helper: string): Promise<{ pid: number; uid: number } | undefined> {
  const child = spawn(helper, ["peer"], { stdio: [socket, "pipe", "ignore"], env: {}, cwd: "/", timeout: PEER_MS });
  let text = "";
  child.stdout?.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
  });
  const code = await new Promise<number | null>((done) => {
    child.once("error", () => done(null));
    child.once("close", done);
  });
  const found = code === 0 ? /^(\d+) (\d+)\n$/.exec(text) : null;
  return found === null ? undefined : { pid: Number(found[1]), uid: Number(found[2]) };
}

/** The process and its parents, itself first. Ends where a parent cannot be seen; empty when the process is gone. */
export function ancestryOf(pid: number): readonly ProcessFacts[] {
  const chain: ProcessFacts[] = [];
  for (let next = pid; next > 0 && chain.length < CHAIN_MOST; ) {
    const facts = processFacts(next);
    if (facts === undefined) break;
    chain.push(facts);
    next = facts.parent;
  }
  return chain;
}

/** What /proc says of one process. */
function processFacts(pid: number): ProcessFacts | undefined {
  try {
    // proc(5): the name is in parentheses and may itself hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const number = (index: number): number => Number(fields[index - 3]);
    return {
      pid,
      name,
      uid: statSync(`/proc/${pid}`).uid,
      parent: number(4),
      group: number(5),
      terminal: number(7),
      foreground: number(8),
      startTicks: number(22),
    };
  } catch {
    return undefined;
  }
}

/** Now, in the unit of `startTicks`: clock ticks since the machine started (USER_HZ is 100 everywhere Linux runs Node). */
export function ticksNow(): number {
  const [seconds = ""] = readFileSync("/proc/uptime", "utf8").split(" ");
  return Math.ceil(Number(seconds) * 100);
}
