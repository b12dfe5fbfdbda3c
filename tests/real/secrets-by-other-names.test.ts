// Secret files that the text of a path does not name, or that have another name elsewhere (CRED-6).
import { describe, expect, it } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const GIT = "git -c user.name=t -c user.email=t@example.org";

function bench(): { readonly caller: Caller; readonly root: string; host(script: string): string } {
  const caller = callersIn(tmp()).at(-1) as Caller;
  const root = caller.folder("project");
  return { caller, root, host: (script) => caller.outside(["bash", "-ec", script], { cwd: root }).stdout };
}

describe("secrets by other names", () => {
  it("a run is refused where the name is no UTF-8, of the file, of a folder, or of a hard link; what is no secret there is not in the way", {
    timeout: 60_000,
  }, (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    const { caller, root, host } = bench();
    const run = (...options: readonly string[]): string =>
      caller.ringfence(["run", "--quiet", ...options, "--", "bash", "-c", "grep -ra hunter2 .; echo ran"], {
        cwd: root,
      }).stdout;
    host("mkdir $'caf\\xe9'; echo harmless >$'caf\\xe9'/.env.example; echo A=hunter2 >.env");
    expect(run()).toBe("ran\n");
    for (const [make, undo] of [
      ["echo A=hunter2 >$'caf\\xe9'/.env", "rm $'caf\\xe9'/.env"],
      ["echo A=hunter2 >$'caf\\xe9.env'", "rm $'caf\\xe9.env'"],
      ["ln .env $'h\\xe9.txt'", "rm $'h\\xe9.txt'"],
      ["ln .env $'caf\\xe9'/plain.txt", "rm $'caf\\xe9'/plain.txt"],
    ] as const) {
      host(make);
      expect(host("grep -ra hunter2 . | wc -l"), make).toBe("2\n");
      for (const options of [[], ["--workspace", "read-only"], ["--deny-read", "private"]])
        expect(run(...options), make).toBe("");
      host(undo);
    }
    expect(run()).toBe("ran\n");
  });

  it("a tracked hard link is hidden in a copy, where it is a file of its own", { timeout: 60_000 }, (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    const { caller, root, host } = bench();
    host(
      `git init -q .; echo A=hunter2 >.env; ln .env notes.txt; echo .env >.gitignore; git add -A; ${GIT} commit -qm n`,
    );
    for (const kind of ["worktree", "clone"]) {
      const done = caller.ringfence(
        [
          "run",
          "--quiet",
          "--workspace",
          kind,
          "--",
          "bash",
          "-c",
          "cat .gitignore; cat notes.txt; git show HEAD:notes.txt",
        ],
        { cwd: root },
      );
      expect(done.stdout, kind).toContain(".env");
      expect(`${done.stdout}${done.stderr}`, kind).not.toContain("hunter2");
    }
  });
});
