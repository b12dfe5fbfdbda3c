// A small MCP server over stdio that a stranger can vet in five minutes: two tools that only read, one host, one key, no dependency.
//
//   what it reads    WEATHER_API_KEY from its environment, and with WEATHER_OFFLINE=1 the file fixture.json beside it
//   what it reaches  HOST below, over HTTPS, and nothing else
//   what it writes   answers on standard output, one JSON message a line; standard error is for people
//
// It speaks both ways of opening a session: `initialize` (protocol 2025-11-25 and earlier) and `server/discover` (2026-07-28).
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { TOOLS, wrongArgument } from "./tools.mjs";

const HOST = "api.weather.example";
const TIMEOUT_MS = 5_000;
const ANSWER_MOST = 64 * 1024;
const VERSIONS = { legacy: ["2025-11-25", "2025-06-18", "2025-03-26"], modern: "2026-07-28" };
const INFO = { name: "weather", version: "1.0.0" };
const CAPABILITIES = { tools: {} };
const META = "io.modelcontextprotocol/";

// Without its key it refuses to start: a server that runs without its credential answers with something else than what was asked.
const key = process.env.WEATHER_API_KEY;
const isOffline = process.env.WEATHER_OFFLINE === "1";
if (!key && !isOffline) {
  process.stderr.write("weather: WEATHER_API_KEY is not set\n");
  process.exit(1);
}

class ProtocolError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** A refusal that the model reads: the arguments are wrong, or the service has no answer. */
class ToolError extends Error {}

const lines = createInterface({ input: process.stdin, terminal: false, crlfDelay: Infinity });
lines.on("line", (line) => void receive(line));

async function receive(line) {
  let message;
  try {
    message = JSON.parse(line);
  } catch {
    return send({ id: null, error: { code: -32700, message: "this is not JSON" } });
  }
  const { id, method, params } = message ?? {};
  // Notifications (initialized, cancelled) ask for nothing that this server would do.
  if (typeof method !== "string" || (typeof id !== "string" && !Number.isInteger(id))) return;
  try {
    send({ id, result: await answer(method, params ?? {}) });
  } catch (error) {
    if (error instanceof ProtocolError) return send({ id, error: { code: error.code, message: error.message } });
    // What went wrong inside is for the person who runs this, not for the model.
    process.stderr.write(`weather: ${error?.stack ?? error}\n`);
    send({ id, error: { code: -32603, message: "internal error" } });
  }
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

async function answer(method, params) {
  const version = params._meta?.[`${META}protocolVersion`];
  if (version !== undefined && version !== VERSIONS.modern) throw new ProtocolError(-32022, "unsupported protocol version");
  const whole = (result) =>
    version === undefined ? result : { resultType: "complete", ...result, _meta: { [`${META}serverInfo`]: INFO } };
  switch (method) {
    case "initialize": {
      const asked = VERSIONS.legacy.find((known) => known === params.protocolVersion);
      return { protocolVersion: asked ?? VERSIONS.legacy[0], capabilities: CAPABILITIES, serverInfo: INFO };
    }
    case "server/discover":
      return whole({ supportedVersions: [VERSIONS.modern], capabilities: CAPABILITIES, ttlMs: 3_600_000, cacheScope: "public" });
    case "ping":
      return {};
    case "tools/list":
      return whole(version === undefined ? { tools: TOOLS } : { tools: TOOLS, ttlMs: 3_600_000, cacheScope: "public" });
    case "tools/call":
      return whole(await call(params));
    default:
      throw new ProtocolError(-32601, "no such method");
  }
}

async function call({ name, arguments: given = {} }) {
  const tool = TOOLS.find((each) => each.name === name);
  if (tool === undefined) throw new ProtocolError(-32602, "no such tool");
  try {
    const wrong = wrongArgument(tool, given);
    if (wrong !== undefined) throw new ToolError(wrong);
    const found = name === "get_forecast" ? await forecast(given.city, given.days ?? 3) : await current(given.city);
    return { content: [{ type: "text", text: JSON.stringify(found) }], structuredContent: found };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return { content: [{ type: "text", text: error.message }], isError: true };
  }
}

async function forecast(city, days) {
  const found = await ask("forecast", { city, days: String(days) });
  const read = Array.isArray(found.days) ? found.days.slice(0, days).map(day) : [];
  if (read.length === 0) throw new ToolError("the weather service has no forecast for that city");
  return { city, days: read };
}

async function current(city) {
  const { temperature, sky } = await ask("current", { city });
  return { city, temperature: number(temperature), sky: words(sky) };
}

// Only what the output schema promises leaves this server, in the types that it promises: what else a service sends is nobody's instruction.
function day({ date, low, high, sky }) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) throw new ToolError("the weather service answered in a form that is not known");
  return { date, low: number(low), high: number(high), sky: words(sky) };
}

function number(value) {
  if (typeof value !== "number" || Math.abs(value) > 100) throw new ToolError("the weather service answered in a form that is not known");
  return value;
}

function words(value) {
  return SKY.includes(value) ? value : "unknown";
}

const SKY = ["clear", "clouds", "rain", "snow", "fog", "storm"];

async function ask(kind, query) {
  if (isOffline) return recorded(kind, query);
  let response;
  try {
    response = await fetch(`https://${HOST}/v1/${kind}?${new URLSearchParams(query)}`, {
      headers: { authorization: `Bearer ${key}`, accept: "application/json" },
      redirect: "error", // the key is for this host alone
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new ToolError(`the weather service answered with ${response.status}`);
    return JSON.parse(await bounded(response.body));
  } catch (error) {
    if (error instanceof ToolError) throw error;
    process.stderr.write(`weather: ${error?.cause?.code ?? error?.name ?? error}\n`);
    throw new ToolError("the weather service cannot be reached, or answered in a form that is not known");
  }
}

async function bounded(body) {
  const chunks = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > ANSWER_MOST) throw new ToolError("the weather service answered with too much");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function recorded(kind, { city }) {
  const answers = JSON.parse(readFileSync(new URL("fixture.json", import.meta.url), "utf8"));
  const found = Object.hasOwn(answers[kind], city) ? answers[kind][city] : undefined;
  if (found === undefined) throw new ToolError("the weather service does not know that city");
  return found;
}
