// What strace says of a run, as the same short texts that a recorder's events become: the other witness of the flight recorder's proof.
// Made for `strace -f -y -s 100000 -o FILE -e trace=SEEN`.
import { realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { RecorderEvent } from "#core/sandbox";

/** The calls that both watch. */
export const SEEN =
  "execve,execveat,open,openat,creat,mkdir,mkdirat,mknod,mknodat,unlink,unlinkat,rmdir,rename,renameat,renameat2,link,linkat,symlink,symlinkat,chmod,fchmod,fchmodat,truncate,connect,bind,setxattr,lsetxattr,fsetxattr,removexattr,chdir,fchdir,clone,clone3,fork,vfork";

/** One act of one process: `23 mkdir /work/a`; `failed` by strace's word. */
export interface Act {
  readonly text: string;
  readonly failed: boolean;
}

/** Every act in strace's file, in its order. `root` is where the first process stands. */
export function straceActs(file: string, root: string): readonly Act[] {
  const pending = new Map<string, string>();
  const standing = new Map<string, string>();
  const processes = new Map<string, string>();
  // A child may speak before its parent's clone has returned: then it is the child of one whose clone is not finished.
  const cwdOf = (pid: string): string => {
    const known = standing.get(pid);
    if (known !== undefined) return known;
    const parent = [...pending].find(([, text]) => /^(?:clone3?|v?fork)\(/.test(text))?.[0];
    const cwd = parent === undefined ? root : cwdOf(parent);
    standing.set(pid, cwd);
    return cwd;
  };
  return threadsFirst(file).flatMap((line): readonly Act[] => {
    const [, pid = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const open = /^(.*)<unfinished \.\.\.>$/.exec(rest);
    if (open !== null) {
      pending.set(pid, open[1] ?? "");
      return [];
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const whole = resumed === null ? rest : `${pending.get(pid) ?? ""}${resumed[1] ?? ""}`;
    const call = /^(\w+)\((.*)\) += (-?\d+|\?)(?:<(.*)>)?/s.exec(whole);
    if (call === null) return [];
    const [, name = "", inside = "", result = "", opened] = call;
    const cwd = cwdOf(pid);
    pending.delete(pid);
    if (/^(?:clone3?|v?fork)$/.test(name)) {
      if (!standing.has(result)) standing.set(result, cwd);
      return [];
    }
    const words = split(inside);
    if (name === "chdir" || name === "fchdir") {
      const to = name === "chdir" ? placed(cwd, text(words[0] ?? ""), true) : (folder(words[0] ?? "") ?? cwd);
      if (result === "0") standing.set(pid, to);
      return [];
    }
    return act(processes.get(pid) ?? pid, { name, words, inside, cwd, opened }, result);
  });

  /** A thread's acts are its process's; it may speak before the call that made it has returned, so those are read first. */
  function threadsFirst(text: string): readonly string[] {
    const lines = text.split("\n");
    const cloning = new Set<string>();
    for (const line of lines) {
      const [, pid = "", rest = "", made] = /^(\d+) +(.*?)(?: = (\d+))?$/.exec(line) ?? [];
      if (/^clone3?\(/.test(rest) && rest.includes("CLONE_THREAD")) cloning.add(pid);
      if (made === undefined || !cloning.has(pid) || !/^(?:clone3?\(|<\.\.\. clone3? resumed>)/.test(rest)) continue;
      processes.set(made, processes.get(pid) ?? pid);
      cloning.delete(pid);
    }
    return lines;
  }
}

interface Call {
  readonly name: string;
  readonly words: readonly string[];
  readonly inside: string;
  readonly cwd: string;
  /** What a returned descriptor stands for: the file that was really opened. */
  readonly opened: string | undefined;
}

function act(pid: string, { name, words, inside, cwd, opened }: Call, result: string): readonly Act[] {
  const failed = result.startsWith("-");
  const says = (...parts: readonly string[]): readonly Act[] => [{ text: [pid, ...parts].join(" "), failed }];
  const path = (dir: number | undefined, at: number, follow: boolean): string =>
    placed(dir === undefined ? cwd : (folder(words[dir] ?? "") ?? ""), text(words[at] ?? ""), follow);
  const [first = "", second = "", third = ""] = words;
  switch (name) {
    case "execve":
      return says("exec", JSON.stringify(list(inside)));
    case "openat":
      return writes(third) ? says("open", opened ?? path(0, 1, !/O_NOFOLLOW|O_EXCL/.test(third))) : [];
    case "open":
      return writes(second) ? says("open", opened ?? path(undefined, 0, !/O_NOFOLLOW|O_EXCL/.test(second))) : [];
    case "creat":
      return says("open", path(undefined, 0, true));
    case "mkdir":
    case "mknod":
    case "rmdir":
      return says(name, path(undefined, 0, false));
    case "truncate":
    case "chmod":
      return says(name, path(undefined, 0, true));
    case "mkdirat":
    case "mknodat":
      return says(name.slice(0, -2), path(0, 1, false));
    case "fchmodat":
      return says("chmod", path(0, 1, true));
    case "fchmod":
      return says("chmod", folder(first) ?? "?");
    case "fsetxattr":
      return says("setxattr", folder(first) ?? "?");
    case "unlink":
      return says("delete", path(undefined, 0, false));
    case "unlinkat":
      return says(third.includes("AT_REMOVEDIR") ? "rmdir" : "delete", path(0, 1, false));
    case "rename":
    case "link":
      return says(name, path(undefined, 0, false), path(undefined, 1, false));
    case "renameat":
    case "renameat2":
      return says("rename", path(0, 1, false), path(2, 3, false));
    case "linkat":
      return says("link", path(0, 1, false), path(2, 3, false));
    case "symlink":
      return says("symlink", path(undefined, 1, false), text(first));
    case "symlinkat":
      return says("symlink", path(1, 2, false), text(first));
    case "setxattr":
    case "removexattr":
      return says("setxattr", path(undefined, 0, true));
    case "connect":
    case "bind":
      return says(name, address(inside));
    default:
      return says(name, inside);
  }
}

/** One event as strace's acts are written; undefined for what strace does not tell here. */
export function eventText(event: RecorderEvent): string | undefined {
  if (event.kind === "exec") return `${event.pid} exec ${JSON.stringify(event.argv)}`;
  if (event.kind === "write") {
    const { operation, pid, path, to } = event;
    const word = operation === "create" || operation === "write" ? "open" : operation;
    return `${pid} ${word} ${path}${to === undefined ? "" : ` ${to}`}`;
  }
  if (event.kind === "connect" || event.kind === "bind") {
    const { to } = event;
    const place =
      to.family === "unix" ? to.path : to.family === "other" ? String(to.number) : `${to.address}:${to.port}`;
    return `${event.pid} ${event.kind} ${place}`;
  }
  return undefined;
}

const writes = (flags: string): boolean => /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE/.test(flags);

/** `AT_FDCWD</a/b>` or `3</a/b>`. */
function folder(word: string): string | undefined {
  return /^(?:AT_FDCWD|\d+)<(.*)>$/.exec(word)?.[1];
}

/** A quoted text of C: its bytes are UTF-8. */
function text(word: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(word)?.[1];
  if (quoted === undefined) return word;
  const bytes = quoted.replace(/\\([0-7]{1,3}|.)/g, (_, escaped: string) =>
    /^[0-7]/.test(escaped) ? String.fromCharCode(Number.parseInt(escaped, 8)) : (ESCAPES[escaped] ?? escaped),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" };

/** As the recorder says a path: absolute, its folder without links; the last link followed only where the call does. */
function placed(from: string, path: string, follow: boolean): string {
  const full = resolve(from, path);
  const base = real(dirname(full));
  const here = join(base, full.slice(dirname(full).length).replace(/^\//, ""));
  return follow ? real(here) : here;
}

/** Of what still is there: the system's own links, chiefly. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === "/" ? path : join(real(dirname(path)), path.slice(dirname(path).length).replace(/^\//, ""));
  }
}

function address(inside: string): string {
  const path = /sun_path=(@?)"((?:[^"\\]|\\.)*)"/.exec(inside);
  if (path !== null) return `${path[1]}${path[2]}`;
  const port = /htons\((\d+)\)/.exec(inside)?.[1] ?? "?";
  const host = /inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/.exec(inside);
  return `${host?.[1] ?? host?.[2] ?? "?"}:${port}`;
}

/** The argument list of an execve. */
function list(inside: string): readonly string[] {
  const words = /^"(?:[^"\\]|\\.)*", \[(.*?)\], 0x[0-9a-f]+/s.exec(inside)?.[1] ?? "";
  return split(words).map(text);
}

/** Arguments at commas outside of quotes, brackets and braces. */
function split(inside: string): readonly string[] {
  const words: string[] = [];
  let word = "";
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < inside.length; at++) {
    const c = inside[at] ?? "";
    if (quoted && c === "\\") word += c + (inside[++at] ?? "");
    else if (!quoted && depth === 0 && c === ",") {
      words.push(word.trim());
      word = "";
    } else {
      if (c === '"') quoted = !quoted;
      else if (!quoted && "[{(<".includes(c)) depth++;
      else if (!quoted && "]})>".includes(c)) depth--;
      word += c;
    }
  }
  return word.trim() === "" ? words : [...words, word.trim()];
}
