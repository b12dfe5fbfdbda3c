// With no proxy variable set: programs of every kind reach an allowed name and fail for another, and both are recorded with the name and the program.
import { chmodSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";
import { isInstalled, UNAWARE, unawareServer, writePrograms } from "../support/unaware.ts";

/** A record of the network, as `log show --json` has it. */
interface NetRecord {
  readonly type: string;
  readonly actor?: { readonly exe?: string; readonly pid?: number };
  readonly data: Readonly<Record<string, unknown>>;
}

const BARE = 'env -i PATH="$PATH" HOME="$HOME" TMPDIR="$TMPDIR" LANG=C.UTF-8';

test("programs that ignore proxy variables", { timeout: 120_000 }, async (context) => {
  needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper", "python3", "git");
  const folder = realpathSync(tmp());
  chmodSync(folder, 0o755);
  const [caller] = callersIn(folder);
  if (caller === undefined) throw new Error("nobody calls");
  const port = await unawareServer(folder);
  const cwd = caller.folder("work");
  writePrograms(cwd);
  const here = UNAWARE.filter(({ program }) => isInstalled(program));
  const absent = UNAWARE.filter((one) => !here.includes(one)).map(({ name }) => name);
  if (absent.length > 0) console.log(`not installed, so not tried: ${absent.join(", ")}`);
  here.forEach(({ script }, at) => void writeFileSync(join(cwd, `${at}.sh`), `${script}\n`));

  // The control: each works outside, towards the address that the name stands for.
  const outside = here.map((_, at) => {
    const ended = caller.outside(["sh", `${at}.sh`], { cwd, env: { NAME: "127.0.0.1", PORT: `${port}` } });
    return `${ended.stdout}${ended.stderr}`.includes("hello");
  });
  const failing = here.filter(({ name }, at) => !outside[at] && name !== "curl over IPv6").map(({ name }) => name);
  expect(failing).toEqual([]);

  const names = ["allowed.test", "refused.test"];
  const script = here.flatMap((_, at) =>
    names.map((name) => `${BARE} NAME=${name} PORT=${port} sh ${at}.sh >${at}.${name}.out 2>&1; true`),
  );
  writeFileSync(join(cwd, "all.sh"), `${script.join("\n")}\nfor f in *.out; do echo "=== $f"; cat $f; done\n`);
  const options = [
    "run",
    "--quiet",
    "--json",
    join(cwd, "../summary.json"),
    "--allow-domain",
    `allowed.test:${port}=127.0.0.1/32`,
  ];
  const ran = caller.ringfence([...options, "--", "sh", "all.sh"], { cwd, timeoutMs: 100_000 });
  const said = new Map(ran.stdout.split("=== ").map((part) => [part.split("\n", 1)[0] ?? "", part]));
  const shown = caller.ringfence(["log", "show", "--json", "--type", "net.*"], { cwd }).stdout;
  const records = (JSON.parse(shown) as { readonly records: readonly NetRecord[] }).records;
  const by = (type: string, host: string, exe: RegExp): boolean =>
    records.some(({ type: of, actor, data }) => of === type && data["host"] === host && exe.test(actor?.exe ?? ""));

  const results = here.map(({ name, exe }, at) => ({
    name,
    allowed: said.get(`${at}.allowed.test.out`)?.includes("hello") === true,
    refused: said.get(`${at}.refused.test.out`)?.includes("hello") === false,
    recorded: [by("net.connect", "allowed.test", exe), by("net.blocked", "refused.test", exe)],
  }));
  expect(results, ran.stdout + ran.stderr).toEqual(
    here.map(({ name }) => ({ name, allowed: true, refused: true, recorded: [true, true] })),
  );
});
