// Version managers write their starters anew after each install and fail where they cannot. A small one here does as pyenv's `pip` does, with the machine's
// own pip: the install ends well inside, what it wrote stays inside, and the toolchain around it is as read-only as ever.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ownShims } from "../../src/monitor/prepare/shims.ts";
import { type Caller, callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const STARTER = `#!/bin/sh
set -e
exec "\${0%/*}/../libexec/run" "\${0##*/}" "$@"
`;
const RUN = `#!/bin/sh
set -e
root=$(dirname "$(dirname "$0")"); shift
/usr/bin/python3 -m pip --disable-pip-version-check -q "$@"
test -w "$root/shims" || { echo "cannot rehash: $root/shims isn't writable" >&2; exit 1; }
( set -C; : >"$root/shims/.lock" )
cp "$root/shims/pip" "$root/shims/fresh"
rm "$root/shims/.lock"
`;

test("an install that ends by writing starters anew ends well, and only inside", { timeout: 60_000 }, (context) => {
  // Home is what the password database says: only a user of the test's own has one that may be written.
  needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper", "python3", "root", "user");
  const folder = realpathSync(tmp());
  chmodSync(folder, 0o755);
  const caller = callersIn(folder).find(({ name }) => name === "user");
  if (caller === undefined) throw new Error("nobody calls");
  const pyenv = manager(caller);
  const cwd = caller.folder("work");
  const wheel = `/usr/bin/python3 - <<'END'
import zipfile
z = zipfile.ZipFile("tiny-1.0-py3-none-any.whl", "w")
z.writestr("tiny.py", "")
z.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
z.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
z.writestr("tiny-1.0.dist-info/RECORD", "")
END
`;
  const install = `${wheel}PATH=$HOME/.pyenv/shims:$PATH pip install --no-index --target out ./tiny-1.0-py3-none-any.whl && ls out/tiny.py`;
  // The control: it works outside, and writes there.
  const outside = caller.outside(["sh", "-c", install], { cwd: caller.folder("outside") });
  expect(outside).toMatchObject({ status: 0, stdout: "out/tiny.py\n" });
  expect(readdirSync(join(pyenv, "shims")).sort()).toEqual(["fresh", "pip"]);

  const tries = `${install}
ls $HOME/.pyenv/shims; echo evil >$HOME/.pyenv/shims/pip; echo evil >$HOME/.pyenv/libexec/run; echo evil >$HOME/.pyenv/evil; ls -A $HOME/.rbenv/shims`;
  const inside = caller.ringfence(["run", "--quiet", "--", "sh", "-c", tries], { cwd });
  expect(inside, inside.stderr).toMatchObject({ status: 0, stdout: "out/tiny.py\nfresh\npip\nbig\n" });
  expect(inside.stderr.match(/Read-only file system|Permission denied/g)).toHaveLength(2);
  expect(readFileSync(join(pyenv, "shims/pip"), "utf8")).toBe(STARTER);
  expect(readFileSync(join(pyenv, "libexec/run"), "utf8")).toBe(RUN);

  // What is no folder of starters stays as it is: read-only, or not there.
  const others = "touch $HOME/.rbenv/shims/x; cat $HOME/.nodenv/shims/secret; touch $HOME/.nodenv/shims/x";
  expect(caller.ringfence(["run", "--quiet", "--", "sh", "-c", others], { cwd }).stdout).toBe("");
  expect(readdirSync(dirname(pyenv)).filter((name) => name === "elsewhere")).toEqual(["elsewhere"]);
  expect(readdirSync(join(dirname(pyenv), "elsewhere"))).toEqual(["secret"]);
});

test("nothing is copied through a link that a session's home came with, and nothing bound", () => {
  const [home, sessionHome, elsewhere] = ["home", "session", "elsewhere"].map((name) => join(tmp(), name));
  if (home === undefined || sessionHome === undefined || elsewhere === undefined) throw new Error("no folders");
  for (const made of [join(home, ".pyenv/shims"), join(home, ".rbenv/shims"), sessionHome, elsewhere])
    mkdirSync(made, { recursive: true });
  for (const manager of [".pyenv", ".rbenv"]) writeFileSync(join(home, manager, "shims/pip"), STARTER, { mode: 0o755 });
  symlinkSync(elsewhere, join(sessionHome, ".pyenv"));
  const rbenv = { source: join(sessionHome, ".rbenv/shims"), target: join(home, ".rbenv/shims") };
  expect(ownShims(home, sessionHome)).toEqual([rbenv]);
  expect(readdirSync(elsewhere)).toEqual([]);
  // What the session changed since is its own: a second plan leaves it.
  writeFileSync(join(rbenv.source, "pip"), "changed\n");
  expect(ownShims(home, sessionHome)).toEqual([rbenv]);
  expect(readFileSync(join(rbenv.source, "pip"), "utf8")).toBe("changed\n");
});

/** Three of them: an honest one, one whose folder holds a large file, one whose folder is a link. */
function manager({ home }: Caller): string {
  const pyenv = join(home, ".pyenv");
  for (const name of [".pyenv/shims", ".pyenv/libexec", ".rbenv/shims", ".nodenv", "elsewhere"])
    mkdirSync(join(home, name), { recursive: true });
  writeFileSync(join(pyenv, "shims/pip"), STARTER, { mode: 0o755 });
  writeFileSync(join(pyenv, "libexec/run"), RUN, { mode: 0o755 });
  writeFileSync(join(home, ".rbenv/shims/big"), Buffer.alloc(100_000));
  writeFileSync(join(home, "elsewhere/secret"), "secret\n");
  symlinkSync("../elsewhere", join(home, ".nodenv/shims"));
  execFileSync("chown", ["-R", `--reference=${home}`, home]);
  return pyenv;
}
