// Which certificates may vouch for a time: each bad one is like the good one in everything but one thing. Made by OpenSSL.
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { certificatePath } from "../../src/audit/anchor/certificate-path.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const STAMPS = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n";
const CERTIFIES = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n";
const PURPOSE = "is not for time stamps";
const NOBODY = "nobody who is trusted certified";
const OLD = "in a way that is not of today";

/** What it is, the authority's extensions, those of the certificates between it and the root, what is said, and the digest. */
const CASES: readonly (readonly [string, string, readonly string[], string | undefined, string?])[] = [
  ["a good one", STAMPS, [], undefined],
  ["one below two others", STAMPS, [CERTIFIES, CERTIFIES], undefined],
  ["one below an authority for time stamps", STAMPS, [`${CERTIFIES}extendedKeyUsage=timeStamping\n`], undefined],
  ["a purpose that may be passed over", STAMPS.replace("critical,time", "time"), [], PURPOSE],
  ["a second purpose", STAMPS.replace("timeStamping", "timeStamping,serverAuth"), [], PURPOSE],
  ["a key for another use", STAMPS.replace("digitalSignature", "keyEncipherment"), [], PURPOSE],
  ["something critical that nobody knows", `${STAMPS}1.2.3.4.5=critical,ASN1:NULL\n`, [], PURPOSE],
  ["a path longer than it may be", STAMPS, [CERTIFIES.replace("true", "true,pathlen:0"), CERTIFIES], NOBODY],
  ["an issuer for web servers alone", STAMPS, [`${CERTIFIES}extendedKeyUsage=serverAuth\n`], NOBODY],
  ["an issuer of other names", STAMPS, [`${CERTIFIES}nameConstraints=permitted;dirName:dn\n[dn]\nCN=other\n`], NOBODY],
  ["an issuer that is none", STAMPS, ["basicConstraints=CA:false\n"], NOBODY],
  ["an issuer whose key is not for certificates", STAMPS, [CERTIFIES.replace("keyCertSign", "cRLSign")], NOBODY],
  ["a signature over SHA-1", STAMPS, [], OLD, "sha1"],
];

test.for(CASES)("%s", ([, stamps, between, refusal, digest = "sha256"], ctx) => {
  needs(ctx, "openssl");
  const folder = tmp();
  const openssl = (...args: readonly string[]): void =>
    void execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const asked = (name: string): readonly string[] => [
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-subj", `/CN=${name}`, "-keyout", `${name}.key`],
  ];
  openssl("req", "-x509", ...asked("0"), "-out", "0.pem", "-days", "2");
  for (const [at, extensions] of [...between, stamps].entries()) {
    const [issuer, name] = [String(at), String(at + 1)];
    openssl("req", ...asked(name), "-out", "csr");
    writeFileSync(join(folder, "ext"), extensions);
    const signing = [
      "-CA",
      `${issuer}.pem`,
      "-CAkey",
      `${issuer}.key`,
      "-CAcreateserial",
      "-extfile",
      "ext",
      "-days",
      "1",
    ];
    openssl("x509", "-req", "-in", "csr", "-out", `${name}.pem`, `-${digest}`, ...signing);
  }
  const all = ["0", ...between, stamps].map((_, at) => new X509Certificate(readFileSync(join(folder, `${at}.pem`))));
  const [root, leaf] = [all[0], all.at(-1)] as [X509Certificate, X509Certificate];
  const given = { trusted: [root], at: new Date() };
  const path = certificatePath(leaf, all.slice(1, -1), given);
  if (refusal === undefined) expect(path).toEqual({ ok: true, value: true });
  else expect(path).toEqual({ ok: false, error: expect.stringContaining(refusal) });
  expect(certificatePath(leaf, all.slice(1, -1), { ...given, at: new Date(Number.NaN) })).toMatchObject({ ok: false });
});
