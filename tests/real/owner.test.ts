// Whose connection it is (native/owner.h): the bridge looks first where it found the last one, and that must never name somebody else.
import { chmodSync } from "node:fs";
import { expect, test } from "vitest";
import { planFor, runPlan, stage } from "../support/fence.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";
import { prefaceProxy } from "../support/turned-bed.ts";

// Three programs with equal descriptor tables connect in turn; then one gives its place in the table away: it closes, and its child takes the number.
const TURNS = `
import os, socket, subprocess, sys
def dial():
  s = socket.create_connection(("127.0.0.1", 3128), 5)
  s.sendall(b"x")
  s.recv(1)
  return s
if len(sys.argv) > 1:
  for line in sys.stdin: s = dial(); n = s.fileno(); s.close(); print(os.getpid(), n, flush=True)
  sys.exit()
others = [subprocess.Popen([sys.executable, __file__, "x"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
for round in range(4):
  for other in others:
    other.stdin.write("go\\n"); other.stdin.flush()
    print(other.stdout.readline().strip(), flush=True)
many = [dial() for _ in range(5)]
for s in many[:4]: print(os.getpid(), s.fileno(), flush=True)
print(os.getpid(), many[4].fileno(), flush=True)
number = many[0].fileno()
many[0].close()
pid = os.fork()
if pid == 0:
  for s in many[1:]: s.close()
  s = dial()
  print(os.getpid(), s.fileno(), flush=True)
  os._exit(0)
os.waitpid(pid, 0)
`;

test("programs that connect in turn from the same descriptor are told apart", async (context) => {
  needs(context, "helper", "bubblewrap", "overlay", "python3");
  const folder = tmp();
  chmodSync(folder, 0o755);
  const proxy = await prefaceProxy(folder, () => undefined);
  const at = stage(folder);
  const script = `cat > /tmp/turns.py <<'END'\n${TURNS}END\nexec python3 /tmp/turns.py`;
  const plan = planFor(at, ["bash", "-c", script]);
  const run = await runPlan(at, {
    ...plan,
    bridge: { port: 3128, socketPath: proxy.socketPath, turned: { way: "auto", ports: [80], addresses: [] } },
  });
  const said = run.out
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  expect(said).toHaveLength(18);
  // the three had the same number, and so had the child and its parent
  expect(new Set(said.slice(0, 12).map(([, fd]) => fd)).size).toBe(1);
  expect(said.at(-1)?.[1]).toBe(said[12]?.[1]);
  expect(proxy.seen.map(({ pid }) => pid)).toEqual(said.map(([pid]) => pid));
});
