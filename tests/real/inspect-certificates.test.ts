// The session's certificates, its list of roots and its Java store (docs/inspection.md), judged by programs that did not make them.
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { expect, test } from "vitest";
import { makeAuthority } from "../../src/egress/inspect/authority.ts";
import { javaStore, readJavaStore } from "../../src/egress/inspect/java-store.ts";
import { parseBundle, readRoots } from "../../src/egress/inspect/roots.ts";
import { layTrust } from "../../src/egress/inspect/trust.ts";
import { trustPlaces } from "../../src/egress/inspect/trust-places.ts";
import { needs } from "../support/needs.ts";
import { worldAuthority } from "../support/tls-world.ts";
import { tmp } from "../support/tmp.ts";

const NOW = new Date();
const authority = makeAuthority("20261125-0000-abcdef", NOW);
const HOSTS = ["a.test", "xn--bcher-kva.example", "127.0.0.1", "2001:db8::1", `${"long.".repeat(40)}test`];

test("OpenSSL's strict rules hold for every kind of host", (context) => {
  needs(context, "openssl");
  const folder = tmp();
  writeFileSync(join(folder, "ca.pem"), authority.certificate);
  for (const host of HOSTS) {
    writeFileSync(join(folder, "leaf.pem"), authority.issue(host, NOW).chain);
    const named = /^[\d.]+$|:/.test(host) ? ["-verify_ip", host] : ["-verify_hostname", host];
    const args = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.pem", ...named, "leaf.pem"];
    expect(execFileSync("openssl", args, { cwd: folder, encoding: "utf8" })).toBe("leaf.pem: OK\n");
    const wrong = args.map((word) =>
      word === host ? (host.includes(":") ? "::9" : host === "127.0.0.1" ? "9.9.9.9" : "b.test") : word,
    );
    expect(() => execFileSync("openssl", wrong, { cwd: folder, stdio: "pipe" })).toThrow(/mismatch|failed/i);
  }
});

test("serial numbers are positive and differ; dates leave room for clocks and end within a day", () => {
  const leaves = Array.from({ length: 60 }, () => new X509Certificate(authority.issue("a.test", NOW).chain));
  expect(new Set(leaves.map(({ serialNumber }) => serialNumber)).size).toBe(60);
  for (const leaf of leaves) {
    expect(leaf.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(new Date(leaf.validFrom).getTime()).toBeLessThanOrEqual(NOW.getTime() - 86_000_000);
    expect(new Date(leaf.validTo).getTime()).toBeLessThanOrEqual(NOW.getTime() + 86_400_000);
    expect(leaf.ca).toBe(false);
  }
  expect(new X509Certificate(authority.certificate).ca).toBe(true);
});

test("the authority signs leaves, and no leaf can sign another", (context) => {
  needs(context, "openssl");
  const folder = tmp();
  const { key, chain } = authority.issue("a.test", NOW);
  writeFileSync(join(folder, "ca.pem"), authority.certificate);
  writeFileSync(join(folder, "leaf.pem"), chain);
  writeFileSync(join(folder, "leaf.key"), key);
  execFileSync(
    "sh",
    [
      "-ec",
      "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout b.key -subj /CN=b.test -out b.csr 2>/dev/null && openssl x509 -req -in b.csr -CA leaf.pem -CAkey leaf.key -CAcreateserial -out b.pem 2>/dev/null",
    ],
    { cwd: folder },
  );
  expect(() =>
    execFileSync("openssl", ["verify", "-CAfile", "ca.pem", "-untrusted", "leaf.pem", "b.pem"], {
      cwd: folder,
      stdio: "pipe",
    }),
  ).toThrow(/invalid CA|path length/i);
});

test("two sessions share nothing", () => {
  const other = makeAuthority("20261125-0000-abcdef", NOW);
  const leaf = new X509Certificate(authority.issue("a.test", NOW).chain);
  expect(leaf.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  expect(leaf.verify(new X509Certificate(other.certificate).publicKey)).toBe(false);
});

test("malformed blocks are dropped and counted, each certificate is kept once", () => {
  const { certificate } = worldAuthority();
  const cut = certificate.replace(/\n.{20}/, "\n");
  const junk = "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
  const open = "-----BEGIN CERTIFICATE-----\nMIIB\n";
  const folder = tmp();
  const bundle = join(folder, "bundle.pem");
  writeFileSync(bundle, `# comment\n${certificate}${junk}${certificate}${cut}text\n${open}`);
  const read = readRoots({ files: [bundle], written: ["/nowhere"], systemBundles: [bundle] });
  expect(read.certificates).toHaveLength(1);
  expect(read.malformed).toBe(3 * 2); // named twice, read twice
  expect(parseBundle(read.pem)).toEqual({ certificates: read.certificates, malformed: 0 });
});

test("a list of roots is never empty: Node's own stand in where the system has none, also for an empty or broken bundle", () => {
  const folder = tmp();
  writeFileSync(join(folder, "empty"), "");
  for (const systemBundles of [[], [join(folder, "absent")], [join(folder, "empty")], [folder]]) {
    const { certificates } = readRoots({ files: [], written: ["/nowhere"], systemBundles });
    expect(certificates.length).toBeGreaterThan(rootCertificates.length - 5);
  }
});

test("a bundle of the workspace is nobody's, also through a link", () => {
  const folder = tmp();
  const workspace = join(folder, "workspace");
  mkdirSync(workspace);
  const evil = worldAuthority("evil").certificate;
  writeFileSync(join(workspace, "ca.pem"), evil);
  symlinkSync(join(workspace, "ca.pem"), join(folder, "link.pem"));
  writeFileSync(join(folder, "good.pem"), worldAuthority("good").certificate);
  const files = [join(workspace, "ca.pem"), join(folder, "link.pem"), "ca.pem", join(folder, "good.pem")];
  const subjects = readRoots({ files, written: [workspace] }).certificates.map(
    (der) => new X509Certificate(der).subject,
  );
  expect(subjects).toContain("CN=good");
  expect(subjects).not.toContain("CN=evil");
});

test("the Java store is read back, and by keytool", (context) => {
  const certificates = [worldAuthority("one"), worldAuthority("two")].flatMap(
    ({ certificate }) => parseBundle(certificate).certificates,
  );
  const file = javaStore(certificates, NOW);
  expect(readJavaStore(file)).toEqual(certificates);
  for (let cut = 0; cut < file.length; cut += 7) readJavaStore(file.subarray(0, cut)); // never throws
  needs(context, "java");
  const path = join(tmp(), "cacerts");
  writeFileSync(path, file);
  const listed = execFileSync("keytool", ["-list", "-v", "-keystore", path, "-storepass", "changeit"], {
    encoding: "utf8",
  });
  expect(listed).toContain("Your keystore contains 2 entries");
  expect(listed).toMatch(/Owner: CN=one[\s\S]*Owner: CN=two/);
  expect(readFileSync(path).equals(file)).toBe(true);
});

test("what the fence gets: the roots of JVMs are kept, malformed ones and those of the workspace are not", () => {
  const folder = tmp();
  const workspace = join(folder, "workspace");
  const jvm = (at: string, name: string, ...more: readonly Buffer[]): void => {
    mkdirSync(join(at, "lib/security"), { recursive: true });
    const stored = parseBundle(worldAuthority(name).certificate).certificates;
    writeFileSync(join(at, "lib/security/cacerts"), javaStore([...more, ...stored], NOW));
  };
  jvm(join(folder, "home/.jabba/jdk/17"), "corporate", Buffer.from("no certificate"));
  jvm(join(workspace, "jdk"), "evil");
  const caller = { home: join(folder, "home"), env: { JAVA_HOME: join(workspace, "jdk"), PATH: "relative:/nowhere" } };
  const places = trustPlaces(caller, [workspace]);
  const mine = places.javaStores.filter((file) => file.startsWith(folder));
  expect(mine).toEqual([join(folder, "home/.jabba/jdk/17/lib/security/cacerts")]);
  const roots = readRoots({ files: [], written: [workspace] });
  const trust = layTrust({
    roots,
    authority,
    places: { bundles: [], javaStores: mine },
    folder: join(folder, "trust"),
    now: NOW,
  });
  const [bundle = "", store = ""] = trust.files.map(({ source }) => source);
  const subjects = readJavaStore(readFileSync(store)).map((der) => new X509Certificate(der).subject);
  expect(subjects.filter((subject) => /^CN=(?:corporate|evil|Ringfence)/.test(subject))).toEqual([
    "CN=Ringfence session 20261125-0000-abcdef",
    "CN=corporate",
  ]);
  expect(subjects.length).toBe(roots.certificates.length + 2);
  expect(parseBundle(readFileSync(bundle, "utf8")).certificates.length).toBe(roots.certificates.length + 1);
  expect(readFileSync(bundle, "utf8")).not.toContain("PRIVATE");
  expect(Object.values(trust.env).filter((value) => value !== "true")).toEqual(
    Object.values(trust.env).filter((value) => value === "/run/ringfence/ca-certificates.crt"),
  );
});
