// Looks for values in processes: their arguments, their environment, and every page of their memory that can be read (proc(5)).
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { FormSearch, type SoughtForm } from "./forms.ts";

/** What was looked at, and who holds what. */
export interface ProcessesSearched {
  readonly processes: number;
  readonly bytes: number;
  readonly found: readonly {
    readonly pid: number;
    readonly place: "arguments" | "environment" | "memory";
    readonly name: string;
  }[];
  /** Processes whose memory the kernel shows to nobody like us: those that guard the fence. */
  readonly closed: number;
}

/** Every process below this one, itself not among them, and every other one that `also` names. */
export function processesBelow(top: number, also: readonly number[] = []): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = text(`/proc/${name}/stat`);
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (stat !== "" && state !== "Z" && state !== "X") parents.set(Number(name), Number(parent));
  }
  const isBelow = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 0; at = parents.get(at)) if (at === top) return true;
    return false;
  };
  return [...new Set([...[...parents.keys()].filter(isBelow), ...also.filter((pid) => parents.has(pid))])];
}

/** Searches them. One that ends meanwhile holds nothing any more. */
export function searchProcesses(pids: readonly number[], forms: readonly SoughtForm[]): ProcessesSearched {
  const found: ProcessesSearched["found"][number][] = [];
  let bytes = 0;
  let closed = 0;
  for (const pid of pids) {
    for (const [place, file] of [
      ["arguments", "cmdline"],
      ["environment", "environ"],
    ] as const) {
      for (const name of new FormSearch(forms).take(Buffer.from(text(`/proc/${pid}/${file}`), "latin1")))
        found.push({ pid, place, name });
    }
    const memory = searchMemory(pid, forms);
    if (memory === undefined) closed++;
    else {
      bytes += memory.bytes;
      for (const name of memory.names) found.push({ pid, place: "memory", name });
    }
  }
  return { processes: pids.length, bytes, found, closed };
}

const PIECE = 1 << 22;

function searchMemory(
  pid: number,
  forms: readonly SoughtForm[],
): { names: ReadonlySet<string>; bytes: number } | undefined {
  const names = new Set<string>();
  let bytes = 0;
  let fd: number | undefined;
  try {
    fd = openSync(`/proc/${pid}/mem`, "r");
    const piece = Buffer.allocUnsafe(PIECE);
    for (const line of readFileSync(`/proc/${pid}/maps`, "latin1").split("\n")) {
      const [, from, to, mode] = /^([0-9a-f]+)-([0-9a-f]+) (\S{4})/.exec(line) ?? [];
      if (from === undefined || to === undefined || mode?.[0] !== "r" || / \[v(?:var|syscall)/.test(line)) continue;
      const search = new FormSearch(forms);
      const end = BigInt(`0x${to}`);
      for (let at = BigInt(`0x${from}`); at < end; ) {
        const want = Number(end - at < BigInt(PIECE) ? end - at : BigInt(PIECE));
        const n = read(fd, piece, want, at);
        if (n <= 0) break;
        for (const name of search.take(piece.subarray(0, n))) names.add(name);
        bytes += n;
        at += BigInt(n);
      }
    }
    return { names, bytes };
  } catch {
    return text(`/proc/${pid}/stat`) === "" ? { names, bytes } : undefined; // ended, or closed to us
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Pages that are not there (a hole of the mapping, a device) read as an error: nothing stands in them. */
function read(fd: number, into: Buffer, length: number, at: bigint): number {
  try {
    return readSync(fd, into, 0, length, at);
  } catch {
    return 0;
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // ended, or somebody else's
  }
}
