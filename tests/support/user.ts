// An ordinary user for tests that run as root: made in a mount namespace of the command's own, where /etc/passwd and /etc/group have one line more.
// Nothing of the host is changed, so nothing has to be undone. When the tests do not run as root, the ordinary user is the caller.
import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const UID = 12_345;
const NAME = "ringfence-test";

/** Somebody who is not root. */
export interface OrdinaryUser {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** The argument vector that runs `argv` as this user; the environment stays the caller's, with `HOME` to be set to `home`. */
  as(argv: readonly string[]): readonly string[];
}

/** Makes the user; `folder` (a test's own, see tmp.ts) keeps the home and the two files. */
export function ordinaryUser(folder: string): OrdinaryUser {
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true });
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? uid, home, as: (argv) => argv };

  chownSync(home, UID, UID);
  const passwd = join(folder, "passwd");
  const group = join(folder, "group");
  writeFileSync(passwd, `${readFileSync("/etc/passwd", "utf8")}${NAME}:x:${UID}:${UID}::${home}:/bin/sh\n`);
  writeFileSync(group, `${readFileSync("/etc/group", "utf8")}${NAME}:x:${UID}:\n`);
  const enter = 'mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && shift 2 && exec "$@"';
  const become = [
    "setpriv",
    "--reuid",
    `${UID}`,
    "--regid",
    `${UID}`,
    "--clear-groups",
    "--inh-caps",
    "-all",
    "--bounding-set",
    "-all",
  ];
  return {
    uid: UID,
    gid: UID,
    home,
    as: (argv) => [
      "unshare",
      "-m",
      "--propagation",
      "private",
      "sh",
      "-c",
      enter,
      "sh",
      passwd,
      group,
      ...become,
      "--",
      ...argv,
    ],
  };
}
