// What a session changed, read from a real overlay.
import { execFileSync } from "node:child_process";
import { describe, expect, it, onTestFinished } from "vitest";
import { helperPath } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { brief, overlayBench } from "../support/overlay.ts";
import { tmp } from "../support/tmp.ts";

describe("the changes of a session", () => {
  it("are what was added, edited, deleted, retyped and chmodded, and nothing that was only touched", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.outside(
      "echo a >same; echo b >edit; echo c >gone; mkdir -p d/e f; echo 1 >d/e/1; echo 2 >d/2; echo t >t; ln -s same l; echo m >m; echo s >s",
    );
    bench.inside(
      "touch same; chmod 644 same; echo more >>edit; rm gone; rm -r d; rm t; mkdir t; echo n >t/n; ln -sfn edit l; chmod 755 m; rm s; ln -s edit s; mkdir -p new/deep; echo x >new/deep/x; touch f",
    );
    expect(brief((await bench.changes()).changes)).toEqual([
      "delete d",
      "delete d/2",
      "delete d/e",
      "delete d/e/1",
      "modify edit file",
      "delete gone",
      "modify l link",
      "mode m file",
      "add new folder",
      "add new/deep folder",
      "add new/deep/x file",
      "type s link",
      "type t folder",
      "add t/n file",
    ]);
  });

  it("see through a folder that was removed and made again", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.outside("mkdir -p d/sub/deep; echo 1 >d/1; echo 2 >d/2; echo 3 >d/sub/3; echo 4 >d/sub/deep/4");
    bench.inside("cp -r d copy; rm -r d; mkdir d; echo 1 >d/1; mkdir d/sub; echo new >d/sub/new; rm -r copy");
    expect(brief((await bench.changes()).changes)).toEqual([
      "delete d/2",
      "delete d/sub/3",
      "delete d/sub/deep",
      "delete d/sub/deep/4",
      "add d/sub/new file",
    ]);
  });

  it("never call a masked file deleted, and mark what was written in its place", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.outside("mkdir conf keys; echo s >.env; echo s >conf/.env; echo c >conf/c; echo k >keys/k; echo p >keys/p");
    const masked = [".env", "conf/.env", "keys"];
    bench.inside("test ! -e .env; test ! -e keys; rm -r conf; echo mine >.env; mkdir keys; echo y >keys/y", masked);
    expect(brief((await bench.changes(masked)).changes)).toEqual([
      "add .env file masked",
      "delete conf/c",
      "add keys folder masked",
      "add keys/y file masked",
    ]);
  });

  it("find moves by content, special files, set-id bits, odd names and folders too deep to enter", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.outside("echo content >old");
    bench.inside(`mv old new; mkfifo fifo; cp new suid; chmod 4755 suid; touch $'bad\\xff' $'line\\nbreak'
      n=$(printf 'x%.0s' $(seq 200)); (for i in $(seq 40); do mkdir $n; cd $n; done; touch bottom)`);
    const { changes } = await bench.changes();
    // Deeper than node can remove.
    onTestFinished(() => void execFileSync(helperPath, ["remove", bench.places.upper]));
    const of = (path: string) => changes.find((change) => change.path === path);
    expect(of("new")?.movedFrom).toBe("old");
    expect(of("fifo")?.after?.type).toBe("fifo");
    expect(of("suid")?.after?.mode).toBe(0o4755);
    expect(of("bad\\xff")?.oddName).toBe(true);
    expect(of("line\nbreak")?.oddName).toBe(false);
    expect(changes.find(({ after }) => after?.type === "deep")?.oddName).toBe(true);
    expect(changes.some(({ path }) => path.endsWith("bottom"))).toBe(false);
  });

  it("name folders that git would take for a repository", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.outside("mkdir -p half/objects plain; echo x >plain/HEAD");
    bench.inside(
      "mkdir half/refs; echo ref: refs/heads/x >half/HEAD; echo y >plain/HEAD; mkdir -p a/b/.git/objects a/b/.git/refs; touch a/b/.git/HEAD",
    );
    expect((await bench.changes()).bareRepositories).toEqual(["half"]);
  });
});
