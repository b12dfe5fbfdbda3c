// Secrets that come to stand in the workspace while the session runs (CRED-6): made, renamed, linked or moved in on the host's side, hidden inside.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

interface Bench {
  readonly caller: Caller;
  readonly root: string;
  /** Runs `inside` in the fence once `meanwhile` has run on the host, and `before` ahead of that. Everything that was printed. */
  during(kind: string, inside: string, meanwhile: string, before?: string): Promise<string>;
}

// Inside: says that it runs, then waits until the host has done its part and what must be hidden is.
const WAIT = "echo ready; read -r line; ";

function benches(): readonly Bench[] {
  return callersIn(tmp()).map((caller) => {
    const root = caller.folder("project");
    const outside = (script: string): string => {
      const done = caller.outside(["bash", "-ec", script], { cwd: root });
      if (done.status !== 0) throw new Error(`${script}: ${done.stderr}`);
      return done.stdout;
    };
    outside("git init -q .; mkdir sub deep deep/er; echo OLD=hunter2-old >.env; echo hello >a.txt");
    return {
      ...{ caller, root },
      during(kind, inside, meanwhile, before = "") {
        const [file = "", ...args] = caller.as([
          launcher,
          ...["run", "--quiet", "--workspace", kind, "--", "bash", "-c", `${before}${WAIT}${inside}`],
        ]);
        const child = spawn(file, args, { cwd: root, env: caller.env, stdio: ["pipe", "pipe", "pipe"] });
        let said = "";
        let isStarted = false;
        const take = (chunk: Buffer): void => {
          said += chunk.toString("latin1");
          if (isStarted || !said.includes("ready")) return;
          isStarted = true;
          outside(meanwhile);
          // The promise is of milliseconds; a machine at work with other things gets more.
          setTimeout(() => child.stdin.end("go\n"), 1_500);
        };
        child.stdout.on("data", take);
        child.stderr.on("data", take);
        return new Promise((resolve) => child.once("close", () => resolve(said)));
      },
    };
  });
}

const COMES = `
echo A=hunter2-made >sub/.env
echo B=hunter2-renamed >sub/draft; mv sub/draft sub/.env.local
ln .env notes.txt
mkdir ../arrives; echo C=hunter2-arrived >../arrives/.env; mv ../arrives deep/er/arrives
printf -- '-----BEGIN PRIVATE KEY-----\\nhunter2-key\\n' >deep/server.pem
printf 'KEY=x\\n' >sub/.env.example
echo public >deep/id_rsa.pub
`;

// By name, as bytes through a mapping, through descriptors and other processes' views, through links, by moving the folders, by other spellings.
const LOOK = `
grep -ra hunter2 . 2>/dev/null
for f in sub/.env sub/.env.local notes.txt deep/er/arrives/.env deep/server.pem .env; do
  cat $f /proc/self/cwd/$f /proc/self/root$PWD/$f /proc/$$/root$PWD/$f 2>/dev/null
  ln -sf $PWD/$f /tmp/link; cat /tmp/link 2>/dev/null
  ln $f /tmp/hard 2>/dev/null && cat /tmp/hard; ln $f hard-$RANDOM 2>/dev/null
  cp -a $f /tmp/copied 2>/dev/null && cat /tmp/copied 2>/dev/null
  ( exec 9<$f ) 2>/dev/null && ( exec 9<$f; cat /proc/self/fd/9 ) 2>/dev/null
  python3 -c 'import mmap,os,sys; print(mmap.mmap(os.open(sys.argv[1], os.O_RDONLY), 0, prot=mmap.PROT_READ)[:])' $f 2>/dev/null
done
chmod -R u+rwX sub deep 2>/dev/null
mv sub moved-sub 2>/dev/null; mv deep moved-deep 2>/dev/null; cp -r sub deep /tmp/ 2>/dev/null
cat SUB/.ENV Sub/.Env 2>/dev/null
grep -ra hunter2 . /tmp 2>/dev/null
cat sub/.env.example moved-sub/.env.example deep/id_rsa.pub moved-deep/id_rsa.pub 2>/dev/null
`;

describe("secrets that appear during a session", () => {
  it.for(["overlay", "direct", "read-only"])(
    "are hidden in a workspace that is %s",
    { timeout: 120_000 },
    async (kind, context) => {
      needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git", "python3");
      for (const { caller, root, during } of benches()) {
        const said = await during(kind, LOOK, COMES);
        expect(said, `${caller.name} ${kind}`).not.toContain("hunter2");
        expect(said).toContain("KEY=x");
        expect(said).toContain("public");
        // They are there, outside.
        if (kind !== "direct") expect(readFileSync(join(root, "sub/.env"), "utf8")).toBe("A=hunter2-made\n");
        expect(readFileSync(join(root, ".env"), "utf8")).toBe("OLD=hunter2-old\n");
      }
    },
  );

  it("what the agent makes itself is its own", { timeout: 60_000 }, async (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    const { root, during } = benches().at(-1) as Bench;
    expect(await during("overlay", "echo MINE=1 >sub/.env; cat sub/.env", "true")).toContain("MINE=1");
    expect(existsSync(join(root, "sub/.env"))).toBe(true);
  });

  it("one that comes where the agent has removed the folder, or put a file or a link, ends nothing", {
    timeout: 60_000,
  }, async (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    const { during } = benches().at(-1) as Bench;
    const said = await during(
      "overlay",
      "cat sub/.env deep/er/.env; echo goes on",
      "echo A=hunter2-made >sub/.env; echo B=hunter2-made >deep/.env; echo C=hunter2-made >deep/er/.env",
      "rm -r sub deep/er; echo file >sub; ln -s / deep/er; ",
    );
    expect(said).not.toContain("hunter2");
    expect(said).toContain("goes on");
    expect(said).not.toContain("unexpected");
  });

  it("a masked file that is renamed on the host is hidden under its new name, too", {
    timeout: 60_000,
  }, async (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    for (const { caller, during } of benches()) {
      expect(await during("overlay", "cat .env plain.txt", "mv .env plain.txt"), caller.name).not.toContain("hunter2");
    }
  });

  it("no deletion comes of it, and it is on record", { timeout: 60_000 }, async (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    const { caller, root, during } = benches().at(-1) as Bench;
    await during("overlay", "ls -a sub; echo done >b.txt", COMES);
    expect(readFileSync(join(root, "sub/.env"), "utf8")).toBe("A=hunter2-made\n");
    expect(readFileSync(join(root, "b.txt"), "utf8")).toBe("done\n");
    const log = caller.ringfence(["log", "show"], { cwd: root });
    expect(log.stdout).toContain("secret-appeared");
  });

  it("git add on the host does not bring it in as an object", { timeout: 60_000 }, async (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    for (const { during } of benches()) {
      const look = "git cat-file --batch-all-objects --batch | grep -a hunter2; git show :sub/.env";
      expect(await during("overlay", look, "echo A=hunter2-added >sub/.env; git add -f sub/.env .env")).not.toContain(
        "hunter2",
      );
    }
  });
});
