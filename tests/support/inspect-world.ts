// An HTTPS server outside with an authority of its own, and a policy that opens reading from it and nothing else. `localhost` is the same server for
// the control outside the fence.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "./installation.ts";
import { worldAuthority } from "./tls-world.ts";

/** The name inside. */
export const HOST = "ok.test";

/** One request as the server saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly host: string;
}

/** A running one. */
export interface InspectWorld {
  readonly port: number;
  /** PEM, what the caller's own setting names. */
  readonly caFile: string;
  readonly policyFile: string;
  /** What came from inside, all of it. */
  requests(): readonly Seen[];
  close(): void;
}

/** Makes it in a folder that everybody may enter. */
export async function inspectWorld(folder: string): Promise<InspectWorld> {
  const authority = worldAuthority();
  const caFile = join(folder, "world-ca.pem");
  writeFileSync(caFile, authority.certificate);
  const certs = { [HOST]: authority.server(HOST), localhost: authority.server("localhost") };
  writeFileSync(join(folder, "certs.json"), JSON.stringify(certs));
  writeFiles(join(folder, "files/ok"));
  const script = join(checkout, "tests/support/https-server.mjs");
  const server: ChildProcess = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  if (server.stdout === null) throw new Error("no output");
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const port = Number(String(line));
  const policyFile = join(folder, "policy.yaml");
  writeFileSync(
    policyFile,
    `version: 1
sandbox:
  network:
    allow:
      - { host: "${HOST}:${port}", methods: [GET, HEAD], paths: ["/ok/**"] }
    allowPrivate:
      - { host: ${HOST}, cidr: 127.0.0.1/32, reason: "the test's own server" }
`,
  );
  for (const file of [caFile, policyFile]) chmodSync(file, 0o644);
  const log = join(folder, "requests.jsonl");
  return {
    ...{ port, caFile, policyFile },
    requests: () =>
      (existsSync(log) ? readFileSync(log, "utf8") : "")
        .split("\n")
        .filter((text) => text !== "")
        .map((text) => JSON.parse(text) as Seen)
        .filter(({ host }) => host === `${HOST}:${port}`),
    close: () => void server.kill(),
  };
}

/** A package of npm's, one of pip's, one of cargo's, a repository of git's, a module of Deno's and a setting of dprint's. */
function writeFiles(at: string): void {
  mkdirSync(join(at, "npm"), { recursive: true });
  mkdirSync(join(at, "simple/ringfencetest"), { recursive: true });
  const dist = { tarball: "https://HOST/ok/npm/none.tgz", shasum: "0".repeat(40) };
  const version = { name: "ringfence-test", version: "1.2.3", dist };
  writeFileSync(
    join(at, "npm/ringfence-test"),
    JSON.stringify({ name: "ringfence-test", "dist-tags": { latest: "1.2.3" }, versions: { "1.2.3": version } }),
  );
  mkdirSync(join(at, "index"));
  writeFileSync(join(at, "index/config.json"), JSON.stringify({ dl: "https://HOST/ok/dl", api: "https://HOST/ok" }));
  mkdirSync(join(at, "api/v1"), { recursive: true });
  const crates = [{ name: "ringfence-crate", description: "x", max_version: "1.2.3" }];
  writeFileSync(join(at, "api/v1/crates"), JSON.stringify({ crates, meta: { total: 1 } }));
  writeFileSync(join(at, "g.js"), `console.log("served GET /ok/g 0");`);
  writeFileSync(join(at, "dprint.json"), '{ "plugins": [] }');
  const wheel = "ringfencetest-1.0-py3-none-any.whl";
  writeFileSync(join(at, "simple/ringfencetest/index.html"), `<a href="https://HOST/ok/${wheel}">${wheel}</a>`);
  const make = `
import zipfile
z = zipfile.ZipFile("${wheel}", "w")
z.writestr("ringfencetest.py", "")
z.writestr("ringfencetest-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: ringfencetest\\nVersion: 1.0\\n")
z.writestr("ringfencetest-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
z.writestr("ringfencetest-1.0.dist-info/RECORD", "")
z.close()`;
  execFileSync("python3", ["-c", make], { cwd: at });
  const git =
    "git init -q r && cd r && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x && cd .. && git clone -q --bare r dumb.git && cd dumb.git && git update-server-info";
  execFileSync("sh", ["-ec", git], { cwd: at, stdio: "pipe" });
}
