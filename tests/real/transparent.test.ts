// Programs that ignore proxy variables (NET-4): turned to the bridge with the name they looked up and the program that asked, or refused at once.
import http from "node:http";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { planFor, type Run, runPlan, stage } from "../support/fence.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";
import { type Preface, prefaceProxy } from "../support/turned-bed.ts";

type Way = "auto" | "anyip";
const WAYS: readonly Way[] = ["auto", "anyip"];

async function webServer(): Promise<number> {
  const server = http.createServer((request, response) => response.end(`hello ${request.headers.host}\n`));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

/** Runs a shell script in a fence where `allowed.example` is let through to a web server. */
async function inside(
  context: TestContext,
  way: Way,
  script: string,
): Promise<Run & { readonly asked: readonly Preface[] }> {
  needs(context, "helper", "bubblewrap", "overlay");
  const folder = tmp();
  const port = await webServer();
  const proxy = await prefaceProxy(folder, ({ name }) => (name === "allowed.example" ? port : undefined));
  const at = stage(folder);
  const plan = planFor(at, ["sh", "-c", script]);
  const files = [
    ["resolv.conf", "nameserver 127.0.0.1\n"],
    ["nsswitch.conf", "hosts: files dns\n"],
    ["hosts", "127.0.0.1 localhost\n::1 localhost\n"],
  ];
  const run = await runPlan(at, {
    ...plan,
    mounts: [
      ...plan.mounts,
      ...files.map(([name, content = ""]) => ({ kind: "file" as const, target: `/etc/${name}`, content })),
    ],
    bridge: { port: 3128, socketPath: proxy.socketPath, turned: { way, ports: [80, 443] } },
  });
  return { ...run, asked: proxy.seen };
}

test.for(WAYS)("a name: allowed arrives, another ends (%s)", async (way, context) => {
  const run = await inside(
    context,
    way,
    "curl -sS -m 5 http://allowed.example/; curl -sS -m 5 http://refused.example/; echo $?",
  );
  expect(run.out).toBe("hello allowed.example\n52\n");
});
