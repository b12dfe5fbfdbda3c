// An agent's own model key (CRED-2): the real agents from npm work in the fence with a placeholder, against a scripted model behind TLS that takes only the
// real key. The model is a stub; agents, TLS and the broker are real.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { makeRepository, runToEnd, seedSettings } from "../support/agent-session.ts";
import { FENCED_AGENTS, installed } from "../support/agents.ts";
import { launcher } from "../support/installation.ts";
import { openModelFront } from "../support/model-front.ts";
import { openModelServer } from "../support/model-server.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});
function keep<T extends AsyncDisposable>(one: T): T {
  open.push(one);
  return one;
}

const HOST = "model.test";
/** The known credential that each uses, its variable, a key of its shape, and how it is told where its model is. */
const KEYS = [
  {
    name: "claude",
    credential: "anthropic",
    variable: "ANTHROPIC_API_KEY",
    key: "sk-ant-api03-RealModelKey-0123456789abcdefghijklmnop",
    to: (url: string) => ({ ANTHROPIC_BASE_URL: url }),
    args: () => [],
  },
  {
    ...{
      name: "codex",
      credential: "openai",
      variable: "OPENAI_API_KEY",
      key: "sk-proj-RealModelKey0123456789abcdefghijklmnop",
    },
    to: () => ({}),
    args: (url: string) =>
      Object.entries({
        model: "scripted",
        model_provider: "s",
        "model_providers.s.name": "s",
        "model_providers.s.base_url": `${url}/v1`,
        "model_providers.s.wire_api": "responses",
        "model_providers.s.env_key": "OPENAI_API_KEY",
      }).flatMap(([key, value]) => ["-c", `${key}=${JSON.stringify(value)}`]),
  },
  {
    name: "gemini",
    credential: "gemini",
    variable: "GEMINI_API_KEY",
    key: "AIzaSyRealModelKey0123456789abcdefghijk",
    to: (url: string) => ({ GOOGLE_GEMINI_BASE_URL: url }),
    args: () => ["-m", "gemini-2.5-flash"],
  },
] as const;

describe("an agent's model key", () => {
  it.for(KEYS)(
    "$name works with a placeholder of $variable",
    { timeout: 180_000 },
    async ({ args, credential, key, name, to, variable }, context) => {
      needs(context, "userns", "bubblewrap", "overlay", "seccomp", "helper");
      const agent = FENCED_AGENTS.find((one) => one.name === name);
      if (agent === undefined) throw new Error(name);
      const program = installed(context, agent);
      const step = agent.shell(`printf 'inside=<%s>' "$${variable}"; env | grep -c RealModelKey`);
      const model = keep(await openModelServer([step, { text: "done" }]));
      const front = keep(await openModelFront(model, HOST, key));
      const url = `https://${HOST}:${front.port}`;
      const folder = tmp();
      const [cwd, home, state] = ["project", "home", "state"].map((part) => join(folder, part)) as [
        string,
        string,
        string,
      ];
      for (const made of [cwd, home, state]) mkdirSync(made);
      writeFileSync(join(cwd, "app.txt"), "first line\n");
      makeRepository(cwd);
      writeFileSync(join(folder, "ca.pem"), front.authority);
      const policy = join(folder, "policy.yaml");
      writeFileSync(
        policy,
        `version: 1
sandbox:
  network:
    allow: ["${HOST}:${front.port}"]
    allowPrivate: [{ host: ${HOST}, cidr: 127.0.0.1/32, reason: the scripted model of this test }]
credentials:
  - { name: ${credential}, source: { env: ${variable} }, inject: { hosts: ["${HOST}:${front.port}"] } }
`,
      );
      const env = {
        PATH: process.env["PATH"] ?? "",
        HOME: home,
        XDG_STATE_HOME: state,
        LANG: "C.UTF-8",
        NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
        [variable]: key,
      };
      const told = Object.entries(to(url)).flatMap(([at, value]) => ["--env", `${at}=${value}`]);
      const options = ["--policy", policy, "--allow-read", program.folder, ...told];
      const start = (...further: readonly string[]): ReturnType<typeof runToEnd> =>
        runToEnd([launcher, "run", ...options, "--", program.command, ...further], cwd, env);
      await seedSettings(agent, state, () => start("--version"));
      const ended = await start(...args(url), ...agent.headless);
      expect(ended.code, ended.stderr + ended.stdout).toBe(0);
      // The agent's own shell saw the placeholder: the key's prefix and length, and nothing more of it.
      const seen = /inside=<([^>]+)>/.exec(model.results().join("\n"))?.[1] ?? "";
      expect(seen.length).toBeGreaterThan(20);
      expect(JSON.stringify(model.results())).not.toContain("RealModelKey");
      expect(front.keys.length).toBeGreaterThan(0);
      expect(new Set(front.keys.map((value) => value.replace(/^Bearer /, "")))).toEqual(new Set([key]));
    },
  );
});
