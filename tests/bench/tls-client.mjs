// Runs inside a fence (or outside, directly): HTTPS over one kept connection, over a new one each time, then one large body. Prints JSON.
// node tls-client.mjs URL REQUESTS LARGE_BYTES [PLACE]; the proxy is taken from HTTPS_PROXY and asked for PLACE, else for the URL's; the authority is
// taken from BENCH_CA, or from what Node trusts.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";

const ca = process.env.BENCH_CA ? readFileSync(process.env.BENCH_CA) : undefined;

const [url, requests] = [new URL(process.argv[2]), Number(process.argv[3])];
const place = process.argv[5] ?? url.host;
const proxy = process.env.HTTPS_PROXY ? new URL(process.env.HTTPS_PROXY) : undefined;
const said = `${decodeURIComponent(proxy?.username ?? "")}:${decodeURIComponent(proxy?.password ?? "")}`;
const login = proxy?.username ? `Proxy-Authorization: Basic ${Buffer.from(said).toString("base64")}\r\n` : "";

/** One connection to the end of its handshake, no session taken up. */
async function connect() {
  const socket = net.connect(Number(proxy?.port ?? url.port), proxy?.hostname ?? "127.0.0.1");
  await once(socket, "connect");
  socket.setNoDelay(true);
  if (proxy) {
    socket.write(`CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n${login}\r\n`);
    await once(socket, "data");
  }
  const secure = tls.connect({ socket, servername: url.hostname, ca });
  await once(secure, "secureConnect");
  return secure;
}

function get(path, agent) {
  return new Promise((resolve, reject) => {
    const request = https.get(
      { agent, path, host: url.hostname, port: url.port, headers: { host: url.host } },
      (response) => {
        response.on("data", () => undefined);
        response.on("end", () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`)),
        );
      },
    );
    request.on("error", reject);
  });
}

/** An agent around one open connection. */
function over(socket) {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = () => socket;
  return agent;
}

const since = (start) => Number(process.hrtime.bigint() - start) / 1e6;
const middle = (all) => all.sort((a, b) => a - b)[all.length >> 1];

const kept = [];
const agent = over(await connect());
for (let i = 0; i < requests + 20; i += 1) {
  const start = process.hrtime.bigint();
  await get("/small", agent);
  if (i >= 20) kept.push(since(start));
}
const fresh = [];
for (let i = 0; i < requests / 4; i += 1) {
  const start = process.hrtime.bigint();
  const one = over(await connect());
  await get("/small", one);
  fresh.push(since(start));
  one.destroy();
}
const start = process.hrtime.bigint();
await get("/large", agent);
const mbps = Number(process.argv[4]) / 1e6 / (since(start) / 1e3);
agent.destroy();
console.log(JSON.stringify({ kept: middle(kept), fresh: middle(fresh), mbps }));
