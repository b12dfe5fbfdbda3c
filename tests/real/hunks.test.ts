// Review as a diff, by file and by hunk: what is shown, what comes, what waits on, and what is refused.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { callersIn, type Ended } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { snapshot } from "../support/snapshot.ts";
import { tmp } from "../support/tmp.ts";

function bench(setUp: string): {
  readonly root: string;
  readonly state: string;
  outside(script: string): string;
  inside(script: string): Ended;
  ringfence(...args: readonly string[]): Ended;
} {
  const caller = callersIn(tmp())[0];
  if (caller === undefined) throw new Error("no caller");
  const root = caller.folder("project");
  const outside = (script: string): string => caller.outside(["bash", "-ec", script], { cwd: root }).stdout;
  outside(setUp);
  return {
    ...{ root, state: join(caller.state, "ringfence"), outside },
    inside: (script) => caller.ringfence(["run", "--apply", "ask", "--", "bash", "-ec", script], { cwd: root }),
    ringfence: (...args) => caller.ringfence(args, { cwd: root }),
  };
}

it("hunks come one by one and the rest waits on; undo gives back all of it", (context) => {
  needs(context, "userns", "overlay", "helper");
  const { root, outside, inside, ringfence } = bench("seq 60 >f; printf 'no end' >g; chmod 640 f");
  const before = snapshot(root);
  inside("sed -i -e 5s/.*/five/ -e 30s/.*/thirty/ -e 55d f; chmod 755 f; printf 'no end\\nmore' >g");
  const shown = ringfence("review", "f").stdout;
  expect(shown).toContain("@@ -2,7 +2,7 @@ hunk 1");
  expect(shown).toMatch(/mode 0640 → 0755/);
  expect(shown).toContain("hunk 3");
  expect(shown).not.toContain("no end");
  expect(ringfence("review", "g").stdout).toContain("\\ no line feed at the end");
  expect(ringfence("apply", "--hunk", "f:2").stdout).toContain("applied  f");
  expect(outside("sed -n -e 5p -e 30p -e 55p f; stat -c %a f")).toBe("5\nthirty\n55\n640\n");
  // What is left is numbered anew.
  expect(ringfence("review", "f", "--json").stdout).toContain('"oldLines":["5\\n"]');
  expect(ringfence("discard", "--hunk", "f:1").stdout).toContain("discarded 1 hunk of");
  expect(ringfence("apply", "--hunk", "f:7").stderr).toContain("has 1 hunks, and no 7");
  expect(ringfence("apply", "--hunk", "f:1", "g:1").status).toBe(0);
  expect(outside("sed -n -e 5p -e 30p f; wc -l <f; cat g; stat -c %a f")).toBe("5\nthirty\n59\nno end\nmore755\n");
  expect(ringfence("review").stderr).toContain("no session waits");
  expect(ringfence("sessions", "undo").status).toBe(0);
  expect(snapshot(root)).toBe(before);
});

it("a hunk is refused where the host moved, where there are none, and inside .git", (context) => {
  needs(context, "userns", "overlay", "helper");
  const { outside, inside, ringfence, root } = bench("seq 60 >f; seq 9 >h; git init -q; echo x >.git/description");
  inside("sed -i -e 5d -e 55d f; echo n >new; sed -i 1d h; printf '\\0\\1' >h; echo y >>.git/description");
  expect(ringfence("apply", "--hunk", "new:1").stderr).toContain("is new: it has no hunks");
  expect(ringfence("apply", "--hunk", "h:1").stderr).toContain("is no text");
  expect(ringfence("apply", "--hunk", ".git/description:1").stderr).toContain("only makes sense as a whole");
  expect(ringfence("apply", "--hunk", "f").stderr).toContain("names no hunk");
  expect(ringfence("apply", "f", "--hunk", "f:1").status).toBe(64);
  // Somebody else's line stays: it is a hunk of its own then, which takes it back only when it is named.
  writeFileSync(join(root, "f"), readFileSync(join(root, "f"), "utf8").replace("30\n", "mine\n"));
  expect(ringfence("apply", "--hunk", "f:1").status).toBe(0);
  expect(outside("sed -n -e 5p f; grep -c mine f")).toBe("6\n1\n");
});

it("renames with edits, types, links and binaries are said in words; a long file is bounded, and whole by its name", (context) => {
  needs(context, "userns", "overlay", "helper");
  const { inside, ringfence, state } = bench(
    "for i in $(seq 40); do echo line $i; done >old.txt; ln -s a l; echo t >t; mkdir d; echo x >d/x; head -c 99 /dev/zero >bin",
  );
  inside(
    "sed 's/line 7$/seven/' old.txt >new.txt; rm old.txt; ln -sfn b l; rm t; ln -s d t; rm -r d; echo file >d; printf '\\x7fELF\\0' >bin; seq 3000 >long; printf 'a\\e[31mred\\n' >esc",
  );
  const { stdout } = ringfence("review");
  expect(stdout).toMatch(/new {2}new\.txt\n.*\n? *moved from old\.txt, 9\d % the same/);
  expect(stdout).toContain("-line 7\n+seven");
  expect(stdout).toContain("link was to a\n       link to b");
  expect(stdout).toContain("file → link");
  expect(stdout).toContain("folder → file");
  expect(stdout).toMatch(/- 99 bytes \(binary data\) sha256 [0-9a-f]{64}\n +\+ 5 bytes \(ELF program\) sha256/);
  expect(stdout).toContain("more lines: ringfence review SESSION long");
  expect(stdout).toContain("\\u{1b}[31m");
  expect(ringfence("review", "long").stdout).toContain("+3000");
  expect(ringfence("review", "nothing").status).toBe(65);
  const sessions = join(state, "sessions");
  expect(readdirSync(sessions).some((id) => existsSync(join(sessions, id, "hunks")))).toBe(false);
});
