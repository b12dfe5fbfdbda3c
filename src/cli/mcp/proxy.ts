// `ringfence mcp proxy`: the gateway in front of an HTTP server. To its client it speaks stdio, or Streamable HTTP on this machine with `--listen`.
// Values of headers come by the names of variables: nothing secret stands on a command line.
import { randomBytes } from "node:crypto";
import { Command, InvalidArgumentError } from "commander";
import { type ClientSide, loginToServer, proxyServer } from "#monitor";
import { callerAccount, callerStateDir } from "../caller.ts";
import { callerEnvironment } from "../environment.ts";
import { complain, EXIT, fail } from "../exit.ts";
import { findInstallation } from "../installation.ts";
import { serverNetworkLayer } from "../run-options.ts";
import { ended, streamTo } from "./run.ts";
import {
  type Environment,
  givenOf,
  held,
  refuse,
  type UpstreamOptions,
  withUpstreamOptions,
} from "./upstream-options.ts";

interface Options extends UpstreamOptions {
  readonly server: string;
  readonly url: string;
  readonly client?: string;
  readonly listen?: Pick<Extract<ClientSide, { kind: "listen" }>, "host" | "port">;
  readonly tokenEnv?: string;
  readonly policy?: string;
  readonly login?: boolean;
  readonly scope?: string;
  readonly oauthClientId?: string;
  readonly oauthClientSecretEnv?: string;
  readonly oauthIssuer?: string;
}

const ENDS = `
Exit code: 0 its client has ended, 1 the server ended the session or a login failed,
125 could not start, 64 bad usage, 65 bad policy file.`;

/** The command. */
export function mcpProxyCommand(): Command {
  const command = new Command("proxy")
    .description("stand in front of an MCP server that is reached over HTTP, and judge what passes")
    .usage("--server NAME [options] --url URL")
    .requiredOption("--server <name>", "what its client calls it")
    .requiredOption("--url <url>", "the server's Streamable HTTP address")
    .option("--client <id>", "the client that speaks with it, for the record");
  return withUpstreamOptions(command)
    .option("--listen <host:port>", "speak HTTP on this machine instead of stdio; port 0 takes a free one", place)
    .option("--token-env <variable>", "what a client of --listen has to show (default: a new one, told on stderr)")
    .option("--policy <file>", "read this policy file too, as the person's own word")
    .option("--login", "log in to the server's authorization server, keep the tokens, and end")
    .option("--scope <scope>", "ask for this too when logging in")
    .option("--oauth-client-id <id>", "the client that was registered by hand, or the https address of its metadata")
    .option("--oauth-client-secret-env <variable>", "the variable with that client's secret")
    .option(
      "--oauth-issuer <url>",
      "the authorization server that you mean: it may name other hosts, and gets a secret",
    )
    .addHelpText("after", ENDS)
    .action((options: Options) => (options.login === true ? logIn(options) : proxy(options)));
}

async function proxy(options: Options): Promise<void> {
  const common = commonOf(options);
  const { listen } = options;
  const token = listen === undefined ? "" : tokenOf(options, common.caller.env);
  const front: ClientSide =
    listen === undefined
      ? { kind: "stdio", input: process.stdin, output: streamTo(1) ?? process.stdout }
      : {
          kind: "listen",
          ...listen,
          token,
          ready: (url) => complain(`ringfence: MCP server ${options.server} at ${url}\n`),
        };
  const answer = await proxyServer({ ...common, front, given: givenOf(options, common.caller.env) });
  process.stdin.destroy();
  if (!answer.ok) return fail(answer.error.problems, answer.error.exitCode);
  process.exitCode = answer.value === "server" ? 1 : EXIT.ok;
}

async function logIn(options: Options): Promise<void> {
  const { oauthClientId: id, oauthClientSecretEnv, oauthIssuer: issuer, scope } = options;
  const common = commonOf(options);
  const secret = oauthClientSecretEnv === undefined ? undefined : held(oauthClientSecretEnv, common.caller.env);
  const answer = await loginToServer({
    ...common,
    ...(scope === undefined ? {} : { scope }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(id === undefined ? {} : { oauthClient: { id, ...(secret === undefined ? {} : { secret }) } }),
    show: (lines) => complain(`${lines.map((line) => `ringfence: ${line}`).join("\n")}\n`),
  });
  if (!answer.ok) return fail(answer.error.problems, answer.error.exitCode);
  complain(`ringfence: logged in to ${options.server}; the tokens are kept for you alone\n`);
}

function commonOf(options: Options): Omit<Parameters<typeof proxyServer>[0], "front" | "given"> {
  const { username, homedir, uid, gid } = callerAccount();
  return {
    ...{ server: options.server, address: options.url, stop: ended(), cwd: process.cwd() },
    ...(options.client === undefined ? {} : { client: options.client }),
    caller: { uid, gid, userName: username, home: homedir, env: callerEnvironment(process.env) },
    ...{ stateDir: callerStateDir(process.env), installation: findInstallation() },
    ...(options.policy === undefined ? {} : { policyFile: options.policy }),
    commandLine: serverNetworkLayer(options.server, options.allowDomain ?? []),
    progress: (line) => complain(`ringfence: ${line}\n`),
  };
}

function tokenOf({ tokenEnv }: Options, env: Environment): string {
  if (tokenEnv === undefined) return randomBytes(24).toString("base64url");
  const token = held(tokenEnv, env);
  if (/^[\w-]{16,256}$/.test(token)) return token;
  return refuse(`\`$${tokenEnv}\` holds no token for --listen`, "16 letters, digits, - or _ at least");
}

function place(text: string): Options["listen"] {
  const [, name = "", port = ""] = /^(?:(127\.0\.0\.1|localhost|\[::1\]):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === "" || Number(port) > 65_535)
    throw new InvalidArgumentError("write it as 127.0.0.1:PORT or [::1]:PORT: nobody else is listened to");
  return { host: name === "[::1]" ? "::1" : "127.0.0.1", port: Number(port) };
}
