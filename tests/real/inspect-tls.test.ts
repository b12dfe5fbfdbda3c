// Both ends of inspected TLS against real clients and servers: what is verified outside, what is agreed on inside. Each refusal has its control.
import { execFile, execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import net, { type Socket } from "node:net";
import { join } from "node:path";
import tls, { type ConnectionOptions, type TLSSocket } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import type { EgressPlan } from "#core/net";
import { type Inspection, makeInspection } from "../../src/egress/inspect/inspection.ts";
import { InspectFault, type Inspector } from "../../src/egress/inspector.ts";
import { needs } from "../support/needs.ts";
import { dialled, pem, plainServer, tlsServer, worldAuthority } from "../support/tls-world.ts";
import { tmp } from "../support/tmp.ts";

const ALL: EgressPlan = {
  allow: [],
  deny: [],
  allowPrivate: [],
  maxConnections: 10,
  mode: "enforce",
  inspect: "all",
  inspectExcept: [],
};
const world = worldAuthority();
const HOST = "a.test";
const DAY = 86_400_000;

/** An inspection that trusts the world's authority, as a person's own setting names it. */
function inspection(): { inspection: Inspection; inspector: Inspector } {
  const bundle = join(tmp(), "corporate.pem");
  writeFileSync(bundle, world.certificate);
  const made = makeInspection({ session: "s", roots: { files: [bundle], written: ["/nowhere"] } });
  return { inspection: made, inspector: made.inspector({ plan: () => ALL, must: () => false, may: () => false }) };
}

/** The reason of a fault, or `undefined` where there was none. */
async function reasonOf(attempt: Promise<Socket>): Promise<string | undefined> {
  try {
    (await attempt).destroy();
    return undefined;
  } catch (error) {
    if (error instanceof InspectFault) return error.refusal.reason;
    throw error;
  }
}

describe("outside", () => {
  const originate = async (port: number, host = HOST): Promise<string | undefined> =>
    reasonOf(inspection().inspector.originate(await dialled(port), { host, port: 443 }));
  const hello = (socket: TLSSocket): void => void socket.end("hello");

  const self = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
  type Case = readonly [what: string, want: string | undefined, shown: tls.TlsOptions, host?: string];
  const cases: readonly Case[] = [
    ["a good one", undefined, world.server(HOST)],
    ["a good one for an address", undefined, world.server("127.0.0.1"), "127.0.0.1"],
    ["a wildcard over one label", undefined, world.server("*.a.test"), "b.a.test"],
    ["a wildcard over two labels", "upstream-certificate-other-name", world.server("*.a.test"), "c.b.a.test"],
    ["an expired one", "upstream-certificate-expired", world.server(HOST, { notAfter: new Date(Date.now() - DAY) })],
    [
      "one of tomorrow",
      "upstream-certificate-not-yet-valid",
      world.server(HOST, { notBefore: new Date(Date.now() + DAY) }),
    ],
    ["another name", "upstream-certificate-other-name", world.server("b.test")],
    ["an address for a name", "upstream-certificate-other-name", world.server("127.0.0.1")],
    ["a name for an address", "upstream-certificate-other-name", world.server(HOST), "127.0.0.1"],
    ["another authority", "upstream-certificate-untrusted", worldAuthority().server(HOST)],
    [
      "an authority of the same name",
      "upstream-certificate-untrusted",
      worldAuthority("An authority outside").server(HOST),
    ],
    [
      "a self-signed one",
      "upstream-certificate-untrusted",
      {
        key: pem(self.privateKey),
        cert: world.server(HOST, { issuer: HOST, signer: self, ...self }).cert,
      },
    ],
    ["a common name and no other", "upstream-certificate-other-name", commonNameOnly()],
    ["1024 bits", "upstream-certificate-invalid", { key: pem(weak.privateKey), cert: world.server(HOST, weak).cert }],
    [
      "TLS 1.1",
      "upstream-tls-too-old",
      { ...world.server(HOST), minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
    ],
    ["HTTP/2 only", "upstream-no-http1", { ...world.server(HOST), ALPNProtocols: ["h2"] }],
    [
      "a client certificate, TLS 1.2",
      "upstream-certificate-asked",
      {
        ...world.server(HOST),
        requestCert: true,
        rejectUnauthorized: true,
        ca: world.certificate,
        maxVersion: "TLSv1.2",
      },
    ],
  ];
  for (const [what, want, shown, host] of cases) {
    test(what, async () => expect(await originate(await tlsServer(shown, hello), host)).toBe(want));
  }

  /** A leaf of an authority that names the host in its subject alone: such a server exists in old networks. */
  function commonNameOnly(): tls.TlsOptions {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return { key: pem(privateKey), cert: world.server("b.test", { subject: HOST, publicKey }).cert };
  }

  test("a trusted certificate without any subjectAltName is for nobody", async (context) => {
    needs(context, "openssl");
    const folder = tmp();
    const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -subj /CN=${HOST}`;
    execFileSync("openssl", request.split(" "), { cwd: folder, stdio: "pipe" });
    const read = (name: string): string => readFileSync(join(folder, name), "utf8");
    const port = await tlsServer({ key: read("key.pem"), cert: read("cert.pem") }, hello);
    const made = makeInspection({
      session: "s",
      roots: { files: [join(folder, "cert.pem")], written: ["/nowhere"] },
    }).inspector({ plan: () => ALL, must: () => false, may: () => false });
    const attempt = made.originate(await dialled(port), { host: HOST, port: 443 });
    expect(await reasonOf(attempt)).toBe("upstream-certificate-other-name");
  });

  test("what is no TLS is a fault, and so is a server that ends at once", async () => {
    expect(await originate(await plainServer((socket) => void socket.end("HTTP/1.1 400 no\r\n\r\n")))).toBe(
      "upstream-not-tls",
    );
    expect(await originate(await plainServer((socket) => void socket.destroy()))).toMatch(/^upstream-tls-/);
  });

  test("the session's own authority verifies nothing outside", async () => {
    const { inspection: made, inspector } = inspection();
    const inner = net.createServer(
      (socket) => void inspector.terminate(socket, { host: HOST, port: 443 }).catch(() => undefined),
    );
    inner.listen(0, "127.0.0.1");
    onTestFinished(() => void inner.close());
    await once(inner, "listening");
    const { port } = inner.address() as net.AddressInfo;
    // The control: a program that trusts it gets through.
    const client = tls.connect({ port, host: "127.0.0.1", servername: HOST, ca: made.certificate });
    await once(client, "secureConnect");
    client.destroy();
    expect(await reasonOf(inspector.originate(await dialled(port), { host: HOST, port: 443 }))).toBe(
      "upstream-certificate-untrusted",
    );
  });
});

describe("inside", () => {
  /** A server that terminates with the inspector, and what became of each attempt. */
  async function inner(host = HOST): Promise<{ port: number; ca: string; outcome: () => Promise<string | undefined> }> {
    const { inspection: made, inspector } = inspection();
    const outcomes: Promise<string | undefined>[] = [];
    const server = net.createServer((socket) => {
      socket.on("error", () => undefined);
      const ended = inspector.terminate(socket, { host, port: 443 });
      outcomes.push(
        ended.then(
          (secure) => {
            secure.on("data", (piece) => secure.write(piece));
            return undefined;
          },
          (error: unknown) => (error as InspectFault).refusal.reason,
        ),
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    return {
      port: (server.address() as net.AddressInfo).port,
      ca: made.certificate,
      outcome: async () => await outcomes.at(-1),
    };
  }

  async function client(port: number, options: ConnectionOptions): Promise<TLSSocket | Error> {
    const socket = tls.connect({ port, host: "127.0.0.1", servername: HOST, ...options });
    onTestFinished(() => void socket.destroy());
    return await new Promise((done) => {
      socket.once("secureConnect", () => done(socket));
      socket.on("error", done);
    });
  }

  const fine: readonly (readonly [what: string, options: ConnectionOptions])[] = [
    ["TLS 1.3", { minVersion: "TLSv1.3" }],
    ["TLS 1.2", { maxVersion: "TLSv1.2" }],
    ["both protocols offered", { ALPNProtocols: ["h2", "http/1.1"] }],
    ["none offered", {}],
    ["another case", { servername: "A.Test" }],
  ];
  test.each(fine)("agreed: %s", async (_, options) => {
    const { port, ca, outcome } = await inner();
    const socket = await client(port, { ca, ...options });
    if (socket instanceof Error) throw socket;
    expect(["http/1.1", false]).toContain(socket.alpnProtocol);
    socket.write("ping");
    expect(String((await once(socket, "data"))[0])).toBe("ping");
    expect(await outcome()).toBeUndefined();
  });

  const refused: readonly (readonly [what: string, want: string, options: ConnectionOptions])[] = [
    ["HTTP/2 only", "tls-no-http1", { ALPNProtocols: ["h2"] }],
    ["TLS 1.1", "tls-too-old", { maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" }],

    ["no name", "tls-name-differs", { servername: "", checkServerIdentity: () => undefined }],
    ["another name", "tls-name-differs", { servername: "b.test", checkServerIdentity: () => undefined }],
    ["weak ciphers only", "tls-no-shared-cipher", { ciphers: "NULL:@SECLEVEL=0", maxVersion: "TLSv1.2" }],
  ];
  test.each(refused)("refused: %s", async (_, want, options) => {
    const { port, ca, outcome } = await inner();
    await client(port, { ca, ...options });
    expect(await outcome()).toBe(want);
  });

  test.each(["--tls-max 1.2", "--tlsv1.3"])("refused: a program with a trust of its own, %s", async (version) => {
    const { port, ca, outcome } = await inner();
    const folder = tmp();
    const trusting = (certificate: string): Promise<string> => {
      writeFileSync(join(folder, "ca.pem"), certificate);
      const args = [...version.split(" "), "-s", "-m2", "--cacert", "ca.pem", "--resolve", `${HOST}:${port}:127.0.0.1`];
      return new Promise((done) =>
        execFile("curl", [...args, "--http0.9", `https://${HOST}:${port}/`], { cwd: folder }, (_, out) => done(out)),
      );
    };
    expect(await trusting(ca)).toContain("GET / HTTP/1.1"); // the control: it is echoed
    expect(await outcome()).toBeUndefined();
    expect(await trusting(world.certificate)).toBe("");
    expect(await outcome()).toBe("tls-authority-not-trusted");
  });

  test("a ticket of one host opens no session of another", async () => {
    const { inspection: made, inspector } = inspection();
    const at = async (host: string): Promise<number> => {
      const server = net.createServer((socket) => {
        inspector.terminate(socket, { host, port: 443 }).then(
          (secure) => secure.on("data", () => secure.write("x")),
          () => undefined,
        );
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      onTestFinished(() => void server.close());
      return (server.address() as net.AddressInfo).port;
    };
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const [a, b] = [await at("a.test"), await at("b.test")];
      const first = tls.connect({ port: a, host: "127.0.0.1", servername: "a.test", ca: made.certificate, maxVersion });
      const ticket = once(first, "session");
      first.write("x");
      const [session] = (await ticket) as [Buffer];
      const again = async (port: number, servername: string): Promise<boolean> => {
        const socket = tls.connect({ port, host: "127.0.0.1", servername, ca: made.certificate, maxVersion, session });
        onTestFinished(() => void socket.destroy());
        await once(socket, "secureConnect");
        return socket.isSessionReused();
      };
      expect(await again(a, "a.test")).toBe(true);
      expect(await again(b, "b.test")).toBe(false);
      first.destroy();
    }
  });

  test("no renegotiation, no early data", async (context) => {
    needs(context, "openssl");
    const { port, ca } = await inner();
    const file = join(tmp(), "ca.pem");
    writeFileSync(file, ca);
    const talk = (args: readonly string[], input: string): Promise<string> =>
      new Promise((done) => {
        const child = execFile(
          "openssl",
          ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", HOST, "-CAfile", file, ...args],
          { timeout: 10_000 },
          (_, out, err) => done(out + err),
        );
        child.stdin?.write(input);
        setTimeout(() => child.stdin?.end(), 1000);
      });
    expect(await talk(["-tls1_2"], "ping\n")).toContain("ping"); // the control
    expect(await talk(["-tls1_2"], "R\n")).toMatch(/no renegotiation|no_renegotiation|wrong version|unexpected/i);
    const said = await talk(["-tls1_3"], "ping\n");
    expect(said).toContain("Verification: OK");
    expect(said).not.toMatch(/Max Early Data: [1-9]/);
  });
});
