// A time-stamping authority on loopback: OpenSSL's own `ts` command makes every reply, so the protocol is real and the key is the test's.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** What it is made with. */
export interface TsaOptions {
  readonly folder: string;
  /** Of the signing key: RSA by default. */
  readonly kind?: "rsa" | "p256" | "ed25519";
  /** Makes another reply out of the honest one. */
  readonly spoil?: (reply: Buffer, query: Buffer) => Buffer;
}

/** A running authority. `ca`: the certificate that certified it. */
export interface Tsa {
  readonly url: string;
  readonly ca: string;
  readonly leaf: string;
  readonly queries: readonly Buffer[];
}

const KEYS = {
  rsa: ["-newkey", "rsa:2048"],
  p256: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
  ed25519: ["-newkey", "ed25519"],
} as const;

/** Starts it; it ends with the test. */
export async function openTsa({
  folder,
  kind = "rsa",

  spoil,
}: TsaOptions): Promise<Tsa> {
  mkdirSync(folder, { recursive: true });
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void =>
    void execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const subject = (name: string): readonly string[] => ["-nodes", "-subj", `/CN=${name}`];
  openssl("req", "-x509", ...KEYS.rsa, ...subject("test root"), "-keyout", "ca.key", "-out", "ca.pem", "-days", "2");
  openssl("req", ...KEYS[kind], ...subject("test authority"), "-keyout", "tsa.key", "-out", "tsa.csr");
  writeFileSync(at("ext"), `extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n`);
  const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "ext", "-days", "1"];
  openssl("x509", "-req", "-in", "tsa.csr", "-out", "tsa.pem", ...signing);
  writeFileSync(at("serial"), "01\n");
  writeFileSync(at("conf"), CONFIGURATION);
  const queries: Buffer[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const query = Buffer.concat(pieces);
      queries.push(query);
      writeFileSync(at("query"), query);
      openssl("ts", "-reply", "-config", "conf", "-queryfile", "query", "-out", "reply");
      response.writeHead(200, { "content-type": "application/timestamp-reply" });
      response.end(spoil?.(readFileSync(at("reply")), query) ?? readFileSync(at("reply")));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    ca: at("ca.pem"),
    leaf: at("tsa.pem"),
    queries,
  };
}

const CONFIGURATION = `
[tsa]
default_tsa = one
[one]
dir = .
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.pem
certs = ./ca.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`;
