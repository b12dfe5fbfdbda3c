// Network rules in a whole session, as root and as an ordinary user: programs and their digests, methods and paths, report mode, and what
// `policy learn` makes of the record. The server is a process of its own on loopback.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { helperPath } from "../support/installation.ts";
import { needs } from "../support/needs.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-rules-")));
chmodSync(folder, 0o755);
const callers = callersIn(folder);
const SERVER = `require("node:http").createServer((q, r) => r.end(q.method + " " + q.url)).listen(0, "127.0.0.1", function () { console.log(this.address().port) })`;
const server = spawn(process.execPath, ["-e", SERVER], { stdio: ["ignore", "pipe", "ignore"] });
let port = "";

beforeAll(async () => {
  port = await new Promise<string>((done) => server.stdout.once("data", (line: Buffer) => done(String(line).trim())));
});
beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper"));
afterAll(() => {
  server.kill();
  execFileSync(helperPath, ["remove", folder]);
});

let sequence = 0;

/** What a session with these `allow` rules prints, and its summary. */
function session(
  caller: Caller,
  parts: { readonly rules: string; readonly mode?: string; readonly script: string },
): string {
  const cwd = caller.folder(`w${sequence++}`);
  const policy = join(folder, `policy${sequence}.yaml`);
  const hosts = ["ok.test", "tool.test", "other.test"];
  writeFileSync(
    policy,
    `version: 1
sandbox:
  network:
    mode: ${parts.mode ?? "enforce"}
    allow: ${parts.rules.replaceAll("PORT", port)}
    allowPrivate: [${hosts.map((host) => `{ host: ${host}, cidr: 127.0.0.1/32, reason: test }`).join(", ")}]
`,
    { mode: 0o644 },
  );
  const ended = caller.ringfence(["run", "--policy", policy, "--", "bash", "-c", `${ASK}\n${parts.script}`], { cwd });
  return `${ended.stdout}${ended.stderr}`;
}

/** `ask LABEL PROGRAM ARGUMENTS…` prints the label and the status. */
const ASK = `ask() { label=$1; shift; printf '%s=%s\\n' "$label" "$("$@" -s -m 10 --path-as-is -o /dev/null -w '%{http_code}')"; }`;
const url = (host: string, path: string): string => `http://${host}:${port}${path}`;

describe.each(callers.map((caller) => [caller.name, caller] as const))("%s", (_, caller) => {
  test("a rule holds for the methods, paths and programs it names", () => {
    const curl = realpathSync("/usr/bin/curl");
    const digest = createHash("sha256").update(readFileSync(curl)).digest("hex");
    const wrong = digest.replace(/./, (digit) => (digit === "0" ? "1" : "0"));
    const text = session(caller, {
      rules: `[{host: "ok.test:PORT", methods: [GET], paths: ["/a/**"]},
        {host: "tool.test:PORT", programs: [{exe: /usr/bin/curl, sha256: ${digest}}]},
        {host: "other.test:PORT", programs: [{exe: /usr/bin/curl, sha256: ${wrong}}]}]`,
      script: `
        ask get curl ${url("ok.test", "/a/b")}
        ask post curl -X POST ${url("ok.test", "/a/b")}
        ask path curl ${url("ok.test", "/b")}
        ask up curl ${url("ok.test", "/a/../b")}
        ask tool curl ${url("tool.test", "/")}
        cp /usr/bin/curl ./copy; ask copy ./copy ${url("tool.test", "/")}
        ask wrong curl ${url("other.test", "/")}
        env -u http_proxy -u HTTP_PROXY bash -c '${ASK}; ask turned curl ${url("tool.test", "/")}; ask turnedpost curl -X POST ${url("ok.test", "/a/b")}'`,
    });
    const said = Object.fromEntries([...text.matchAll(/^(\w+)=(\d+)$/gm)].map(([, label, code]) => [label, code]));
    expect(said).toMatchObject({
      get: "200",
      post: "403",
      path: "403",
      up: "403",
      tool: "200",
      copy: "403",
      wrong: "403",
    });
    // where the kernel turns connections they are judged alike; elsewhere they reach nothing
    expect(said["turnedpost"]).not.toBe("200");
    const learned = caller.ringfence(["policy", "learn", "--json"], { cwd: caller.folder(`w${sequence++}`) });
    const { proposals, left } = JSON.parse(learned.stdout) as {
      proposals: { value: unknown; evidence: { programs: readonly string[] } }[];
      left: { what: string }[];
    };
    expect(proposals.map(({ value }) => value)).toContainEqual({
      host: `ok.test:${port}`,
      methods: ["POST"],
      paths: ["/a/b"],
    });
    expect(proposals.flatMap(({ evidence }) => evidence.programs)).toContain(curl);
    expect(left.map(({ what }) => what)).toContain(`other.test:${port}`);
  });

  test("`*` opens every name for reading and for nothing else, and no address", () => {
    const text = session(caller, {
      rules: `[{host: "*:PORT", methods: [GET]}]`,
      script: `
        ask get curl ${url("ok.test", "/")}
        ask post curl -X POST ${url("ok.test", "/")}
        ask other curl ${url("other.test", "/")}
        ask literal curl ${url("127.0.0.1", "/").replace("127.0.0.1", "198.51.100.7")}
        ask private curl ${url("localhost.localdomain", "/")}`,
    });
    expect(text).toContain("get=200");
    expect(text).toContain("post=403");
    expect(text).toContain("other=200");
    expect(text).toContain("literal=403");
    expect(text).not.toContain("private=200");
  });

  test("report mode lets pass what rules on a request refuse, says so, and goes to no address that is not public", () => {
    const text = session(caller, {
      mode: "report",
      rules: `[{host: "ok.test:PORT", methods: [GET]}]`,
      script: `ask post curl -X POST ${url("ok.test", "/")}; ask private curl ${url("other.test", "/")}; ask literal curl --noproxy '' ${url("127.0.0.2", "/")}`,
    });
    expect(text).toContain("post=200");
    expect(text).toMatch(/private=403/);
    expect(text).not.toContain("literal=200");
    expect(text).toContain("network mode report");
  });

  test("a file in the workspace asks for report mode in vain, and tier high refuses it", () => {
    const cwd = caller.folder(`w${sequence++}`);
    const made = caller.outside(
      ["sh", "-ec", "mkdir .ringfence; printf 'sandbox: {network: {mode: report}}' > .ringfence/policy.yaml"],
      { cwd },
    );
    expect(made.status).toBe(0);
    expect(caller.ringfence(["policy", "explain"], { cwd }).stdout).toMatch(
      /network\.mode: enforce[\s\S]*dropped: sandbox\.network\.mode/,
    );
    const own = caller.folder(`w${sequence++}`);
    caller.outside(["sh", "-c", "printf 'tier: high\\nsandbox: {network: {mode: report}}' > p.yaml"], { cwd: own });
    const refused = caller.ringfence(["run", "--policy", "p.yaml", "--", "true"], { cwd: own });
    expect(refused.status).toBe(65);
    expect(refused.stderr).toContain("tier `high`");
  });
});
