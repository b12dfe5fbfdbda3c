// The variables by which programs inside find the proxy. Every common tool reads one of these names.
import type { ToolConfig } from "#core/net";
import { trustVariables } from "./inspect/trust-variables.ts";

/** For a proxy on the fence's own loopback at `port`. Loopback itself is never proxied: dev servers inside stay inside. */
export function proxyEnvironment(port: number, tools: ToolConfig): Readonly<Record<string, string>> {
  const proxy = `http://127.0.0.1:${port}`;
  const none = "localhost,127.0.0.1,::1";
  return {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    http_proxy: proxy,
    https_proxy: proxy,
    NO_PROXY: none,
    no_proxy: none,
    NODE_USE_ENV_PROXY: "1",
    npm_config_proxy: proxy,
    npm_config_https_proxy: proxy,
    npm_config_noproxy: none,
    // Nobody renews npm itself inside: its question about that would be a refused host in the summary of each `npm test`.
    npm_config_update_notifier: "false",
    YARN_HTTP_PROXY: proxy,
    YARN_HTTPS_PROXY: proxy,
    PIP_PROXY: proxy,
    CARGO_HTTP_PROXY: proxy,
    ...javaOptions(port),
    ...tools.env,
    ...(tools.caFile === undefined ? {} : trustVariables(tools.caFile)),
  };
}

// The JVM reads no proxy variable; JAVA_TOOL_OPTIONS would print a line at each start, so only the build tools get it.
function javaOptions(port: number): Readonly<Record<string, string>> {
  const options = `-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=${port} -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=${port} -Dhttp.nonProxyHosts=localhost|127.0.0.1`;
  return { MAVEN_OPTS: options, GRADLE_OPTS: options };
}
