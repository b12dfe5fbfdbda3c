// What the tools of every day print of a refusal: a person, or an agent, has to see from their output alone what was refused and what to type.
import { execFile } from "node:child_process";
import { describe, expect, it } from "vitest";
import { bed, echoServer, proxyPort } from "../support/proxy-bed.ts";
import { tmp } from "../support/tmp.ts";

const TYPE = /ringfence run --allow-domain evil\.test/;

const TOOLS: readonly { tool: string; args: readonly string[]; says: RegExp }[] = [
  { tool: "curl", args: ["-sS", "http://evil.test/"], says: TYPE },
  { tool: "curl", args: ["-sSv", "https://evil.test/"], says: TYPE },
  { tool: "wget", args: ["-t", "1", "-O-", "http://evil.test/"], says: TYPE },
  { tool: "wget", args: ["-t", "1", "-O-", "https://evil.test/"], says: TYPE },
  { tool: "git", args: ["ls-remote", "http://evil.test/x"], says: /error: 403/ },
  { tool: "git", args: ["ls-remote", "https://evil.test/x"], says: /403/ },
  { tool: "npm", args: ["view", "x", "--registry", "https://evil.test/", "--fetch-retries=0"], says: TYPE },
  { tool: "python3", args: ["-c", "import urllib.request as u; u.urlopen('https://evil.test/')"], says: TYPE },
];

describe("a refusal", () => {
  it.for(TOOLS)("as $tool shows it: $args", async ({ tool, args, says }, { skip }) => {
    const port = await echoServer();
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`] });
    const front = await proxyPort(socketPath);
    const proxy = `http://127.0.0.1:${front}`;
    const home = tmp();
    const env = {
      ...{ PATH: "/usr/local/bin:/usr/bin:/bin", HOME: home, LANG: "C", GIT_CONFIG_NOSYSTEM: "1" },
      ...{ http_proxy: proxy, https_proxy: proxy, npm_config_cache: home, npm_config_loglevel: "error" },
    };
    const run = (program: string, given: readonly string[]): Promise<string> =>
      new Promise((done, fail) => {
        execFile(program, [...given], { env, cwd: home, timeout: 60_000 }, (error, out, err) =>
          error !== null && "code" in error && error.code === "ENOENT" ? fail(error) : done(out + err),
        );
      });
    const said = await run(tool, args).catch(() => skip(`${tool} is not installed`));
    expect(said).toMatch(says);
    expect(records.map(({ data }) => [data["host"], data["reason"]])).toContainEqual(["evil.test", "no-rule"]);
  });
});
