// The flight recorder against strace, in one run: inside the fence around the work, where both see the same processes under the same numbers, or
// outside around the whole fence, where the numbers are translated. Every exec, change and connection is compared one by one.
import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { planFor, runPlan, stage } from "../support/fence.ts";
import { needs } from "../support/needs.ts";
import { eventText, SEEN, straceActs } from "../support/strace-log.ts";
import { asInside, traceFence } from "../support/strace-outside.ts";
import { tmp } from "../support/tmp.ts";

/** Each work's files and its command, in the workspace. */
const WORKS: Readonly<Record<string, { readonly make: (folder: string) => void; readonly command: string }>> = {
  "a build by make and gcc": {
    make: (folder) => {
      const names = ["a", "b", "c"];
      for (const name of names) writeFileSync(join(folder, `${name}.c`), `int ${name}(void) { return 1; }\n`);
      writeFileSync(join(folder, "main.c"), "int a(void); int main(void) { return a() - 1; }\n");
      const objects = [...names, "main"].map((name) => `${name}.o`).join(" ");
      writeFileSync(
        join(folder, "Makefile"),
        `app: ${objects}\n\tgcc -o $@ ${objects}\n%.o: %.c\n\tgcc -O1 -c $<\nclean:\n\trm -f app *.o\n`,
      );
    },
    command: "make -j2 && ./app && make clean",
  },
  "npm ci of a small tree": {
    make: (folder) => {
      const library = join(folder, "library");
      mkdirSync(join(library, "lib"), { recursive: true });
      writeFileSync(join(library, "package.json"), JSON.stringify({ name: "library", version: "1.0.0", bin: "x.js" }));
      writeFileSync(join(library, "x.js"), "#!/usr/bin/env node\nconsole.log(1);\n");
      for (let i = 0; i < 20; i++) writeFileSync(join(library, "lib", `${i}.js`), `exports.x = ${i};\n`);
      execFileSync("npm", ["pack", "--silent", "--pack-destination", folder, library], { env: npmHome(folder) });
      const scripts = { postinstall: "node -e \"require('fs').writeFileSync('made', '1')\"" };
      const dependencies = { library: "file:library-1.0.0.tgz" };
      writeFileSync(
        join(folder, "package.json"),
        JSON.stringify({ name: "app", version: "1.0.0", scripts, dependencies }),
      );
      execFileSync("npm", ["install", "--silent", "--package-lock-only", "--offline"], {
        cwd: folder,
        env: npmHome(folder),
      });
    },
    command: "npm ci --offline --no-audit --no-fund --foreground-scripts",
  },
  "a shell script": {
    make: (folder) =>
      writeFileSync(
        join(folder, "do.sh"),
        [
          "#!/bin/bash",
          "set -u; mkdir -p one/two; cd one; echo a > two/a; ln -s two link; echo b > link/b; cat < link/a | tr a b > c",
          "mv c d; ln d e; cp -a two three; chmod 700 three; touch three/f; rm -rf three; rmdir nowhere; unlink d",
          "(cd two && for i in 1 2 3; do echo $i >> log; done); truncate -s 1 two/log; mkfifo pipe; rm pipe",
          "exec 3<> /dev/tcp/127.0.0.1/9 ; python3 -c \"import socket; s=socket.socket(); s.bind(('127.0.0.1',0)); s.listen(); socket.create_connection(s.getsockname())\"",
          "python3 - <<'END'\nimport os, threading, subprocess\nt=[threading.Thread(target=lambda i=i: open(f't{i}','w').write('x')) for i in range(20)]\n[x.start() for x in t]; [x.join() for x in t]\nd=os.open('two', os.O_RDONLY)\nos.open('by-fd', os.O_CREAT|os.O_WRONLY, dir_fd=d); os.rename('by-fd','moved', src_dir_fd=d, dst_dir_fd=d)\nsubprocess.run(['true']); os.execvp('env', ['env', 'true', 'a b', '', '\\\\', 'ü'])\nEND",
        ].join("\n"),
        { mode: 0o755 },
      ),
    command: "./do.sh",
  },
};

function npmHome(folder: string): NodeJS.ProcessEnv {
  return { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: join(folder, "../npm-home") };
}

/** Where strace stands, and the workspace; what CI sees shows every work, place and workspace once at least. */
const PLACES = (["inside", "outside"] as const).flatMap((where) =>
  (["overlay", "direct"] as const).flatMap((kind) =>
    Object.keys(WORKS).map((name) => ({
      ...{ where, kind, name },
      isSlow: (where === "inside") === (kind === "direct") && name !== "a shell script",
    })),
  ),
);

it.for(PLACES)(
  "$name, strace $where, $kind: nothing that strace sees is missing, and nothing is there that it does not see",
  { timeout: 60_000 },
  async ({ where, kind, name, isSlow }, context) => {
    needs(context, "userns", "bubblewrap", "helper", "overlay", "strace", "gcc", "make", "python3");
    if (where === "outside") needs(context, "root");
    context.skip(isSlow && process.env["SLOW"] !== "1", "SLOW=1 runs it");
    const at = stage(tmp());
    const work = WORKS[name];
    work?.make(at.workspace);
    const file = join(at.session, "tmp/strace");
    const traced = ["strace", "-f", "-y", "-s", "100000", "-o", "/tmp/strace", "-e", `trace=${SEEN}`, "--"];
    const direct = { kind, root: at.workspace, guard: { names: [".npmrc"], exceptBelow: [] } } as const;
    const plan = planFor(at, [...(where === "inside" ? traced : []), "/bin/bash", "-c", work?.command ?? ""], {
      recorder: { reads: "none" },
      ...(kind === "direct" ? { workspace: { ...direct, kind } } : {}),
    });
    let outside: ChildProcess | undefined;
    const attach = async (): Promise<void> => {
      outside = await traceFence(file);
    };
    const run = await runPlan(at, plan, where === "outside" ? { before: attach } : {});
    if (outside?.exitCode === null) await once(outside, "exit");
    const text = readFileSync(file, "utf8");
    const acts = straceActs(where === "outside" ? asInside(text) : text, at.workspace);
    const seen = run.seen.flatMap((event) => eventText(event) ?? []);
    expect(acts.filter((act) => act.text.includes(" exec ")).length, text).toBeGreaterThan(5);
    expect(run.seen.at(-1)).toEqual({ kind: "end" });
    const missing = without(
      acts.filter(({ failed }) => !failed).map((act) => act.text),
      seen,
    );
    // strace itself, and its tracees' first exec, stand outside of what it traces inside.
    const tracer = where === "inside" && run.seen[0]?.kind === "exec" ? run.seen[0].pid : -1;
    const extra = without(
      seen,
      acts.map((act) => act.text),
    ).filter((act) => !act.startsWith(`${tracer} `));
    expect({ missing, extra, end: run.exit }).toEqual({ missing: [], extra: [], end: { code: 0 } });
  },
);

/** What of `all` is left when each of `taken` takes one away. */
function without(all: readonly string[], taken: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const text of taken) counts.set(text, (counts.get(text) ?? 0) + 1);
  return all.filter((text) => {
    const left = counts.get(text) ?? 0;
    counts.set(text, left - 1);
    return left <= 0;
  });
}
