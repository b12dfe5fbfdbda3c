// Runs inside a fence (or outside, directly): asks one URL over one kept connection, then reads one large body. Prints JSON.
// node client.mjs URL REQUESTS ; the proxy is taken from HTTP_PROXY, as every tool does.
import http from "node:http";

const [url, requests] = [new URL(process.argv[2]), Number(process.argv[3])];
const proxy = process.env.HTTP_PROXY && process.argv[4] !== "direct" ? new URL(process.env.HTTP_PROXY) : undefined;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const headers = { host: url.host };
if (proxy?.username) {
  headers["proxy-authorization"] =
    `Basic ${Buffer.from(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`).toString("base64")}`;
}

function get(path) {
  return new Promise((resolve, reject) => {
    const request = http.get(
      {
        agent,
        headers,
        host: proxy?.hostname ?? url.hostname,
        port: proxy?.port ?? url.port,
        path: proxy ? `${url.origin}${path}` : path,
      },
      (response) => {
        let bytes = 0;
        response.on("data", (chunk) => {
          bytes += chunk.length;
        });
        response.on("end", () =>
          response.statusCode === 200 ? resolve(bytes) : reject(new Error(`status ${response.statusCode}`)),
        );
      },
    );
    request.on("error", reject);
  });
}

const times = [];
for (let i = 0; i < requests + 20; i += 1) {
  const start = process.hrtime.bigint();
  await get("/small");
  if (i >= 20) times.push(Number(process.hrtime.bigint() - start) / 1e6);
}
const start = process.hrtime.bigint();
const bytes = await get("/large");
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
times.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    p50: times[times.length >> 1],
    p95: times[Math.floor(times.length * 0.95)],
    mbps: bytes / 1e6 / seconds,
  }),
);
agent.destroy();
