// The runtimes of issue 5, point 4, that Debian and Node bring: with their TLS read, an allowed GET arrives and a POST is refused, in the built program's
// own fence, against a real server whose authority only the caller's own setting names. inspect-shipped.test.ts has those that are fetched.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { callersIn } from "../support/caller.ts";
import { type Runtime, SERVED, showRuntime } from "../support/inspect-runtime.ts";
import { type InspectWorld, inspectWorld } from "../support/inspect-world.ts";
import { needs } from "../support/needs.ts";
import { removeTree } from "../support/tmp.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-inspect-")));
chmodSync(folder, 0o755);
let world: InspectWorld;
let goClient: string | undefined;
let javaClient: string | undefined;
beforeAll(async () => {
  world = await inspectWorld(folder);
  goClient = built("go-client", { "m.go": GO }, "go build -o go-client m.go");
  javaClient = built("H.class", { "H.java": JAVA }, "javac H.java");
});
afterAll(() => {
  world.close();
  removeTree(folder);
});
beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper"));

const PYTHON = "/usr/bin/python3 -c";
const PYTHON_EXE = /\/python3[.\d]*$/;

const RUNTIMES: readonly Runtime[] = [
  {
    name: "curl",
    exe: /\/curl$/,
    probe: "curl -V",
    get: "curl -sS $U/ok/g",
    post: "curl -sS -d x $U/ok/p",
    says: SERVED,
  },
  {
    name: "wget",
    exe: /\/wget$/,
    probe: "wget -V",
    get: "wget -qO- $U/ok/g",
    post: "wget -O- --post-data=x $U/ok/p",
    says: SERVED,
  },
  {
    name: "node fetch",
    exe: /\/node$/,
    probe: `node -e 'process.exit(typeof fetch === "function" ? 0 : 1)'`,
    get: `node -e 'fetch(process.env.U+"/ok/g").then(r=>r.text()).then(console.log)'`,
    post: `node -e 'fetch(process.env.U+"/ok/p",{method:"POST",body:"x"}).then(r=>r.text()).then(console.log)'`,
    says: SERVED,
  },
  {
    name: "node https",
    exe: /\/node$/,
    probe: "node -v",
    get: `node -e 'require("https").get(process.env.U+"/ok/g",r=>r.pipe(process.stdout))'`,
    post: `node -e 'require("https").request(process.env.U+"/ok/p",{method:"POST"},r=>r.pipe(process.stdout)).end("x")'`,
    says: SERVED,
  },
  {
    name: "npm",
    exe: /\/node$/,
    probe: "npm -v",
    get: "npm view ringfence-test version --registry $U/ok/npm/ --fetch-retries=0",
    post: `mkdir -p p && cd p && echo '{"name":"x","version":"1.0.0"}' >package.json && npm publish --registry $U/ok/npm/ --"//\${U#https://}/ok/npm/:_authToken"=x --fetch-retries=0 2>&1`,
    says: /^1\.2\.3$/m,
    control: /\+ x@1\.0\.0/,
  },
  {
    name: "python urllib",
    exe: PYTHON_EXE,
    probe: `${PYTHON} 1`,
    get: `${PYTHON} 'import os,urllib.request as u;print(u.urlopen(os.environ["U"]+"/ok/g").read())'`,
    post: `${PYTHON} 'import os,urllib.request as u;print(u.urlopen(os.environ["U"]+"/ok/p",b"x").read())'`,
    says: SERVED,
  },
  {
    name: "python requests",
    exe: PYTHON_EXE,
    probe: `${PYTHON} 'import requests'`,
    get: `${PYTHON} 'import os,requests;print(requests.get(os.environ["U"]+"/ok/g").text)'`,
    post: `${PYTHON} 'import os,requests;print(requests.post(os.environ["U"]+"/ok/p","x").text)'`,
    says: SERVED,
  },
  {
    name: "python httpx",
    exe: PYTHON_EXE,
    probe: `${PYTHON} 'import httpx'`,
    get: `${PYTHON} 'import os,httpx;print(httpx.get(os.environ["U"]+"/ok/g").text)'`,
    post: `${PYTHON} 'import os,httpx;print(httpx.post(os.environ["U"]+"/ok/p",content="x").text)'`,
    says: SERVED,
  },
  {
    // It never posts: what it is refused is another path.
    name: "pip",
    exe: PYTHON_EXE,
    probe: "/usr/bin/python3 -m pip -V",
    get: "/usr/bin/python3 -m pip download -q --no-deps -d d -i $U/ok/simple/ ringfencetest && ls d",
    post: "/usr/bin/python3 -m pip download --retries 0 --no-deps -d e -i $U/no/simple/ ringfencetest 2>&1",
    says: /ringfencetest-1\.0-py3/,
    refusal: /403|path-not-allowed|No matching distribution/,
    control: /No matching distribution/,
  },
  {
    name: "git",
    exe: /\/git-remote-https?$/,
    probe: "git --version",
    get: "git clone -q $U/ok/dumb.git c && git -C c log --format=%s",
    post: "git -c protocol.version=2 ls-remote $U/ok/smart.git 2>&1",
    says: /^x$/m,
    control: /unexpected|expected|bad line|protocol error|not.*packet/i,
  },
  {
    name: "go",
    exe: /\/go-client$/,
    probe: "test -x go-client",
    get: "./go-client GET $U/ok/g",
    post: "./go-client POST $U/ok/p",
    says: SERVED,
  },
  {
    name: "java",
    exe: /\/java$/,
    probe: "java -version && test -e H.class",
    get: "java -XX:TieredStopAtLevel=1 H GET $U/ok/g",
    post: "java -XX:TieredStopAtLevel=1 H POST $U/ok/p",
    says: SERVED,
  },
  {
    name: "ruby",
    exe: /\/ruby[.\d]*$/,
    probe: "ruby -v",
    get: `ruby -rnet/http -e 'puts Net::HTTP.get(URI(ENV["U"]+"/ok/g"))'`,
    post: `ruby -rnet/http -e 'puts Net::HTTP.post(URI(ENV["U"]+"/ok/p"),"x").body'`,
    says: SERVED,
  },
  {
    name: "perl",
    exe: /\/perl[.\d]*$/,
    probe: "perl -MHTTP::Tiny -MIO::Socket::SSL -e 1",
    get: `perl -MHTTP::Tiny -e 'print HTTP::Tiny->new(verify_SSL=>1)->get("$ENV{U}/ok/g")->{content}'`,
    post: `perl -MHTTP::Tiny -e 'print HTTP::Tiny->new(verify_SSL=>1)->post("$ENV{U}/ok/p",{content=>"x"})->{content}'`,
    says: SERVED,
  },
  {
    // It never posts either.
    name: "apt",
    exe: /\/apt\/methods\/https?$/,
    probe: "test -x /usr/lib/apt/apt-helper",
    get: "/usr/lib/apt/apt-helper download-file $U/ok/g $PWD/apt-out 2>&1; cat apt-out",
    post: "/usr/lib/apt/apt-helper download-file $U/no/p $PWD/apt-not 2>&1",
    says: SERVED,
    refusal: /path-not-allowed|403/,
    control: /Fetched|Get:1/,
  },
];

const GO = `package main
import ("fmt";"io";"net/http";"os";"strings")
func main() {
  q, _ := http.NewRequest(os.Args[1], os.Args[2], strings.NewReader(map[bool]string{true: "x"}[os.Args[1] == "POST"]))
  r, err := http.DefaultClient.Do(q)
  if err != nil { fmt.Println(err); os.Exit(1) }
  b, _ := io.ReadAll(r.Body)
  fmt.Println(r.StatusCode, string(b))
}`;
const JAVA = `import java.net.*; import java.net.http.*;
public class H { public static void main(String[] a) throws Exception {
  var body = a[0].equals("POST") ? HttpRequest.BodyPublishers.ofString("x") : HttpRequest.BodyPublishers.noBody();
  var r = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build().send(HttpRequest.newBuilder(URI.create(a[1])).method(a[0], body).build(), HttpResponse.BodyHandlers.ofString());
  System.out.println(r.statusCode() + " " + r.body());
} }`;

describe.each(callersIn(folder).map((caller) => [caller.name, caller] as const))("%s", (_, caller) => {
  // Each runtime once; a second caller shows that the files are readable for everybody.
  const isSecond = caller.name === "user" && process.getuid?.() === 0 && process.env["SLOW"] === undefined;
  const shown = RUNTIMES.filter(({ name }) => !isSecond || /^(?:curl|node https|python requests|java)$/.test(name));
  for (const runtime of shown) {
    test(runtime.name, { timeout: 120_000 }, (context) => {
      const prepare = (place: string): void => {
        for (const [name, built] of Object.entries({ java: javaClient, go: goClient }))
          if (runtime.name === name && built !== undefined) copyFileSync(built, join(place, basename(built)));
      };
      showRuntime(context, runtime, { world, caller, folder, prepare });
    });
  }
});

test("no key of the authority is inside, on the disk or on record; another session has another; afterwards nothing is left", (context) => {
  needs(context, "openssl");
  const [caller] = callersIn(folder);
  if (caller === undefined) throw new Error("nobody calls");
  const cwd = caller.folder("keys");
  // What the trust of a running session is made of, inside and (by its last certificate) who it is.
  const look = `cat /run/ringfence/* /etc/ssl/certs/ca-certificates.crt 2>/dev/null | grep -c "PRIVATE[ ]KEY"; env | grep -c "PRIVATE[ ]KEY"; tac $SSL_CERT_FILE | sed '/BEGIN/q' | tac | openssl x509 -noout -fingerprint -sha256; touch $SSL_CERT_FILE; rm -f $SSL_CERT_FILE; ls $SSL_CERT_FILE`;
  const told = [1, 2].map(() => {
    const run = ["run", "--json", join(cwd, "../summary.json"), "--policy", world.policyFile, "--", "sh", "-c", look];
    const { stdout, stderr } = caller.ringfence(run, { cwd, env: { SSL_CERT_FILE: world.caFile } });
    expect(stdout).toMatch(/^0\n0\nsha256 Fingerprint=[0-9A-F:]{95}\n\/run\/ringfence\/ca-certificates.crt\n$/i);
    expect(stderr).toMatch(/Read-only file system|Permission denied/);
    return /=(.*)/.exec(stdout)?.[1]?.replaceAll(":", "").toLowerCase() ?? "";
  });
  expect(new Set(told).size).toBe(2);
  const state = join(caller.state, "ringfence");
  const found = execFileSync("sh", ["-c", `grep -rl "PRIVATE KEY" . || true`], { cwd: state, encoding: "utf8" });
  expect(found.trim().split("\n")).toEqual(["./keys/machine.pem"]);
  const records = execFileSync("sh", ["-c", `grep -rhao '"authority":"[0-9a-f]*"' log | sort -u`], {
    cwd: state,
    encoding: "utf8",
  });
  for (const fingerprint of told) expect(records).toContain(fingerprint);
  expect(execFileSync("find", [".", "-name", "trust"], { cwd: state, encoding: "utf8" })).toBe("");
});

/** Once for both callers, outside: what is shown is the program's TLS, not the compiler. `undefined` where it cannot be built. */
function built(name: string, sources: Readonly<Record<string, string>>, command: string): string | undefined {
  const at = mkdtempSync(join(folder, "build-"));
  for (const [file, text] of Object.entries(sources)) writeFileSync(join(at, file), text);
  const go = { GOCACHE: join(folder, "go-cache"), GOTOOLCHAIN: "local", GO111MODULE: "off", CGO_ENABLED: "0" };
  try {
    execFileSync("sh", ["-c", command], { cwd: at, env: { ...process.env, ...go }, stdio: "pipe", timeout: 100_000 });
    return join(at, name);
  } catch {
    return undefined; // the probe says it
  }
}
