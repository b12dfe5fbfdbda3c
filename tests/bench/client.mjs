// Runs inside a fence (or outside, directly): one URL over one kept connection, over a new one each time, over many at once, then one large body.
// Prints JSON. node client.mjs URL REQUESTS [direct]; the proxy is taken from HTTP_PROXY, as every tool does.
import http from "node:http";

const [url, requests] = [new URL(process.argv[2]), Number(process.argv[3])];
const proxy = process.env.HTTP_PROXY && process.argv[4] !== "direct" ? new URL(process.env.HTTP_PROXY) : undefined;
const headers = { host: url.host };
if (proxy?.username) {
  headers["proxy-authorization"] =
    `Basic ${Buffer.from(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`).toString("base64")}`;
}

function get(path, agent) {
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

async function times(count, agent) {
  const all = [];
  for (let i = 0; i < count + 20; i += 1) {
    const start = process.hrtime.bigint();
    await get("/small", agent);
    if (i >= 20) all.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  return all.sort((a, b) => a - b);
}

const kept = new http.Agent({ keepAlive: true, maxSockets: 1 });
const keptTimes = await times(requests, kept);
const freshTimes = await times(requests, new http.Agent({ keepAlive: false }));

const many = new http.Agent({ keepAlive: true, maxSockets: 200 });
const each = 10;
const manyStart = process.hrtime.bigint();
await Promise.all(
  Array.from({ length: 200 }, async () => {
    for (let i = 0; i < each; i += 1) await get("/small", many);
  }),
);
const manySeconds = Number(process.hrtime.bigint() - manyStart) / 1e9;

const start = process.hrtime.bigint();
const bytes = await get("/large", kept);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(
  JSON.stringify({
    p50: keptTimes[keptTimes.length >> 1],
    p95: keptTimes[Math.floor(keptTimes.length * 0.95)],
    fresh: freshTimes[freshTimes.length >> 1],
    many: (200 * each) / manySeconds,
    mbps: bytes / 1e6 / seconds,
  }),
);
kept.destroy();
many.destroy();
