// The digest of a program inside the fence, for network rules that name one: the file that the kernel runs, found through the process itself, never
// by a path. What cannot be found (another kernel, a process that is gone or has become another program) has no digest, and such a rule does not match.
import { createHash } from "node:crypto";
import { createReadStream, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { EgressOptions } from "#egress";
import { ancestryOf } from "#sandbox";

type DigestOf = NonNullable<EgressOptions["digestOf"]>;
const KNOWN_MOST = 256;

/** Makes the finder for the session of this process. */
export function programDigests(): DigestOf {
  const known = new Map<string, string>();
  return async ({ exe, pid }) => {
    const outside = pid === undefined || exe === undefined ? undefined : hostPid(pid, exe);
    if (outside === undefined) return undefined;
    const file = `/proc/${outside}/exe`;
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
      const key = [dev, ino, size, mtimeNs, ctimeNs].join(".");
      const digest = known.get(key) ?? (await digestOf(file));
      if (known.size >= KNOWN_MOST) known.clear();
      known.set(key, digest);
      // it may have become another program while its file was read
      return hostPid(pid ?? 0, exe ?? "") === outside ? digest : undefined;
    } catch {
      return undefined; // gone, or not ours to look at
    }
  };
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** The process that is `pid` in a namespace below this one, descends from here and runs `exe`. */
function hostPid(pid: number, exe: string): number | undefined {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const inside = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${name}/status`, "latin1"))?.[1]?.split(/\s+/) ?? [];
      if (inside.length < 2 || Number(inside.at(-1)) !== pid || readlinkSync(`/proc/${name}/exe`) !== exe) continue;
      if (ancestryOf(Number(name)).some((one) => one.pid === process.pid)) return Number(name);
    } catch {
      // a process that ended meanwhile
    }
  }
  return undefined;
}
