// Programs that know of no proxy, and a place for each to fetch something from: a server on loopback with a page, a git repository, and small registries
// for npm, pip and apt. Each program is one line of shell with the server's name in `$NAME` and its port in `$PORT`.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** One of them. It prints `hello` when it reached the server. */
export interface Unaware {
  readonly name: string;
  /** What has to be installed for it. */
  readonly program: string;
  /** The end of the path of the program that connects, as the record names it. */
  readonly exe: RegExp;
  readonly script: string;
}

const NODE_NET = `require("net").connect(+process.env.PORT,process.env.NAME,function(){this.write("GET / HTTP/1.0\\r\\n\\r\\n")}).on("data",(d)=>console.log(String(d))).on("error",(e)=>console.log(e.code))`;
const NODE_FETCH = `fetch("http://"+process.env.NAME+":"+process.env.PORT+"/").then((r)=>r.text()).then(console.log,(e)=>console.log(e.message))`;
const PYTHON = `import os,socket;s=socket.create_connection((os.environ["NAME"],int(os.environ["PORT"])),5);s.send(b"GET / HTTP/1.0\\r\\n\\r\\n");print(s.recv(4096));print(s.recv(4096))`;

/** All of them. */
export const UNAWARE: readonly Unaware[] = [
  { name: "curl", program: "curl", exe: /\/curl$/, script: `curl -sS -m 10 http://$NAME:$PORT/` },
  { name: "curl over IPv6", program: "curl", exe: /\/curl$/, script: `curl -6 -sS -m 10 http://$NAME:$PORT/` },
  { name: "curl over IPv4", program: "curl", exe: /\/curl$/, script: `curl -4 -sS -m 10 http://$NAME:$PORT/` },
  { name: "wget", program: "wget", exe: /\/wget$/, script: `wget -q -t 1 -T 10 -O - http://$NAME:$PORT/` },
  { name: "nc", program: "nc", exe: /\/nc/, script: `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 $NAME $PORT` },
  {
    name: "bash",
    program: "bash",
    exe: /\/bash$/,
    script: `bash -c 'exec 3<>/dev/tcp/$NAME/$PORT; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'`,
  },
  { name: "a static Go program", program: "go", exe: /\/get-go$/, script: `./get-go $NAME:$PORT` },
  {
    name: "Java",
    program: "javac",
    exe: /\/java$/,
    script: `java -XX:TieredStopAtLevel=1 -Xmx64m -cp . Get $NAME $PORT`,
  },
  { name: "Node's net", program: "node", exe: /\/node$/, script: `node -e '${NODE_NET}'` },
  { name: "Node's fetch", program: "node", exe: /\/node$/, script: `node -e '${NODE_FETCH}'` },
  { name: "Python's sockets", program: "python3", exe: /\/python3[.\d]*$/, script: `python3 -c '${PYTHON}'` },
  {
    name: "ruby",
    program: "ruby",
    exe: /\/ruby[.\d]*$/,
    script: `ruby -rsocket -e 's=TCPSocket.new(ENV["NAME"],ENV["PORT"]);s.write("GET / HTTP/1.0\\r\\n\\r\\n");puts s.read'`,
  },
  {
    name: "git",
    program: "git",
    exe: /\/git-remote-http$/,
    script: `git ls-remote http://$NAME:$PORT/repo.git && echo hello`,
  },
  {
    name: "npm",
    program: "npm",
    exe: /\/node$/,
    script: `npm view tiny version description --fetch-retries=0 --registry http://$NAME:$PORT/npm/ --cache ./cache --userconfig ./none`,
  },
  {
    name: "pip",
    program: "pip3",
    exe: /\/python3[.\d]*$/,
    script: `/usr/bin/python3 -m pip download -q --no-cache-dir --disable-pip-version-check --retries 0 --no-deps -d down -i http://$NAME:$PORT/simple/ --trusted-host $NAME tiny && ls down && echo hello`,
  },
  { name: "apt", program: "apt-get", exe: /\/apt\/methods\/http$/, script: `./apt.sh && echo hello` },
];

const GO = `package main
import ("fmt"; "io"; "net"; "os"; "time")
func main() {
  c, err := net.DialTimeout("tcp", os.Args[1], 5*time.Second)
  if err != nil { fmt.Println(err); os.Exit(1) }
  fmt.Fprint(c, "GET / HTTP/1.0\\r\\n\\r\\n")
  b, _ := io.ReadAll(c)
  fmt.Println(string(b))
}
`;

const JAVA = `import java.net.Socket;
public class Get {
  public static void main(String[] a) throws Exception {
    try (Socket s = new Socket(a[0], Integer.parseInt(a[1]))) {
      s.getOutputStream().write("GET / HTTP/1.0\\r\\n\\r\\n".getBytes());
      System.out.println(new String(s.getInputStream().readAllBytes()));
    }
  }
}
`;

// apt refuses to work for anybody but its own folders' owner, so it gets a set of its own.
const APT = `#!/bin/sh
mkdir -p apt/lists/partial apt/cache/archives/partial apt/etc/sources.list.d apt/etc/preferences.d apt/etc/apt.conf.d apt/etc/trusted.gpg.d && : >apt/status
echo "deb [trusted=yes] http://$NAME:$PORT/apt ./" >apt/etc/sources.list
d=$PWD/apt
apt-get update -q -o Dir::Etc=$d/etc -o Dir::State=$d -o Dir::State::lists=$d/lists -o Dir::State::status=$d/status -o Dir::Cache=$d/cache -o Dir::Log=$d \\
  -o Acquire::Retries=0 -o APT::Sandbox::User= -o Acquire::Languages=none -o APT::Update::Error-Mode=any 2>&1
`;

/** Whether a program is here. */
export function isInstalled(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Puts what the programs run into their folder. */
export function writePrograms(folder: string): void {
  writeFileSync(join(folder, "apt.sh"), APT, { mode: 0o755 });
  if (isInstalled("go")) {
    writeFileSync(join(folder, "get.go"), GO);
    const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=mod", GO111MODULE: "off" };
    execFileSync("go", ["build", "-o", "get-go", "get.go"], { cwd: folder, env, stdio: "inherit" });
  }
  if (!isInstalled("javac")) return;
  writeFileSync(join(folder, "Get.java"), JAVA);
  execFileSync("javac", ["Get.java"], { cwd: folder, stdio: "inherit" });
}

/** A process of its own: the callers of these tests wait without turning. Answers every path it does not know with `hello`. */
const SERVER = `
const fs = require("node:fs"), http = require("node:http"), path = require("node:path");
const root = process.argv[1];
const serve = (request, response) => {
  const wanted = path.join(root, path.normalize(decodeURIComponent(request.url.split("?")[0])));
  const file = [wanted, path.join(wanted, "index.html")].find((at) => fs.existsSync(at) && fs.statSync(at).isFile());
  if (file === undefined) {
    const isPage = request.url === "/";
    response.writeHead(isPage ? 200 : 404);
    return response.end(isPage ? "hello " + request.headers.host + "\\n" : "no\\n");
  }
  response.writeHead(200, { "content-type": file.endsWith(".html") ? "text/html" : file.includes("/npm/") ? "application/json" : "application/octet-stream" });
  response.end(fs.readFileSync(file));
};
const server = http.createServer(serve).listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

/** Starts it on what it serves; ends with the test. Resolves to its port. */
export async function unawareServer(folder: string): Promise<number> {
  const root = join(folder, "served");
  mkdirSync(join(root, "npm"), { recursive: true });
  mkdirSync(join(root, "simple/tiny"), { recursive: true });
  mkdirSync(join(root, "apt"), { recursive: true });
  const script = `git init -q --bare repo.git && git init -q w && cd w && git -c user.name=t -c user.email=t@t commit -q --allow-empty -m one && git push -q ../repo.git HEAD:refs/heads/main && git -C ../repo.git update-server-info`;
  execFileSync("sh", ["-ec", script], { cwd: root, stdio: "inherit" });
  const version = {
    name: "tiny",
    version: "1.0.0",
    description: "hello",
    dist: { tarball: "http://x/", shasum: "0".repeat(40) },
  };
  writeFileSync(
    join(root, "npm/tiny"),
    JSON.stringify({ name: "tiny", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } }),
  );
  // A wheel is a zip; Python makes the smallest.
  const wheel = `import zipfile;z=zipfile.ZipFile("tiny-1.0-py3-none-any.whl","w");z.writestr("tiny-1.0.dist-info/METADATA","Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n");z.writestr("tiny-1.0.dist-info/WHEEL","Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n");z.writestr("tiny-1.0.dist-info/RECORD","")`;
  execFileSync("python3", ["-c", wheel], { cwd: join(root, "simple/tiny") });
  writeFileSync(
    join(root, "simple/tiny/index.html"),
    `<a href="tiny-1.0-py3-none-any.whl">tiny-1.0-py3-none-any.whl</a>`,
  );
  writeFileSync(join(root, "apt/Packages"), "");
  const sum = createHash("sha256")
    .update(readFileSync(join(root, "apt/Packages")))
    .digest("hex");
  writeFileSync(join(root, "apt/Release"), `Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n ${sum} 0 Packages\n`);
  const child = spawn(process.execPath, ["-e", SERVER, root], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill());
  return new Promise((done) => child.stdout.once("data", (port) => done(Number(port))));
}
