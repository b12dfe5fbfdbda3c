// Receivers on loopback that a test scripts: HTTP that answers as it is told, and syslog over a stream, read strictly by octet counts.
import { once } from "node:events";
import http, { type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import https from "node:https";
import type net from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import type { Shown } from "./tls-world.ts";

/** One request as it came. */
export interface Posted {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** After its content encoding was undone. */
  readonly body: string;
}

/** What to answer: a status, with headers and a body, or something worse. */
export type Reply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** The connection is cut before, or within the answer. */
  | "cut"
  | "cut-within"
  | ((posted: Posted, response: ServerResponse) => void);

/** An HTTP receiver. */
export interface HttpReceiver {
  readonly port: number;
  readonly posted: readonly Posted[];
}

/** Answers the first requests as `script` says, all others with 200. */
export async function httpReceiver(script: readonly Reply[], shown?: Shown): Promise<HttpReceiver> {
  const posted: Posted[] = [];
  const server: Server = shown === undefined ? http.createServer() : https.createServer(shown);
  server.on("request", async (request: http.IncomingMessage, response: ServerResponse) => {
    const bytes = await buffer(request);
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
    const one = { path: request.url ?? "", headers: request.headers, body: body.toString("utf8") };
    const reply = script[posted.length] ?? { status: 200 };
    posted.push(one);
    if (typeof reply === "function") reply(one, response);
    else if (reply === "cut") request.socket.destroy();
    else if (reply === "cut-within") {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => request.socket.destroy());
    } else response.writeHead(reply.status, reply.headers).end(reply.body ?? "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, posted };
}

/** A syslog receiver on a stream: what it read, message by message. */
export interface SyslogReceiver {
  readonly port: number;
  readonly messages: readonly string[];
}

/** Reads octet-counted messages on any stream server; throws them away unread after `hangUpAfter` of them. */
export async function syslogReceiver(
  server: net.Server,
  where: { readonly path: string } | { readonly port: number },
  options: { readonly hangUpAfter?: number; readonly event?: "connection" | "secureConnection" } = {},
): Promise<SyslogReceiver> {
  const messages: string[] = [];
  let left = options.hangUpAfter ?? Number.POSITIVE_INFINITY;
  server.on(options.event ?? "connection", (socket: Socket) => {
    let held = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      held = Buffer.concat([held, bytes]);
      for (;;) {
        const space = held.indexOf(0x20);
        if (space < 0) return;
        const digits = held.toString("latin1", 0, space);
        if (!/^[1-9][0-9]{0,6}$/.test(digits)) throw new Error(`no octet count: ${held.toString("utf8").slice(0, 80)}`);
        const end = space + 1 + Number(digits);
        if (held.length < end) return;
        messages.push(held.toString("utf8", space + 1, end));
        held = held.subarray(end);
        left -= 1;
        if (left > 0) continue;
        left = Number.POSITIVE_INFINITY;
        socket.destroy();
        return;
      }
    });
    socket.on("end", () => socket.end());
  });
  if ("path" in where) server.listen(where.path);
  else server.listen(where.port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, messages };
}

/** RFC 5424 as a receiver reads it. */
export function parseSyslog(message: string): { readonly pri: number; readonly type: string; readonly text: string } {
  const form =
    /^<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) ((?:\[[^\s\]="]+(?: [^\s\]="]+="(?:[^"\\\]]|\\["\\\]])*")*\])+|-) ([\s\S]*)$/;
  const [, pri, ts, , app, , type, , text] = form.exec(message) ?? [];
  if (pri === undefined || text === undefined || app !== "ringfence" || Number.isNaN(Date.parse(ts ?? "")))
    throw new Error(`not RFC 5424: ${message.slice(0, 200)}`);
  return { pri: Number(pri), type: type ?? "", text };
}
