// Whether the folder that a command is started in is part of which server it is: by default it is.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { commandTarget, isSameTarget, type ServerTarget, targetHere, targetKey, targetText } from "#core/mcp";

const seal = (text: string): string => createHash("sha256").update(text).digest("hex");
const words = (text: string): readonly string[] =>
  (text.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"|"$/g, ""));
const startedIn = (text: string, cwd: string, declared: Readonly<Record<string, string>> = {}): ServerTarget =>
  commandTarget(words(text), { workspace: "/w", home: "/h", cwd }, { declared, seal });

describe("the folder is part of", () => {
  it.each([
    "npm start",
    "npm run serve",
    "/usr/bin/npm start",
    "npm exec .",
    "npm exec ./x",
    "npm exec -- ./x",
    "npm exec pkg -c evil",
    "npm exec -w packages/a pkg",
    "npm x --prefix . pkg",
    "npx .",
    "npx ./x",
    "npx -y .",
    "npx -y file:../x",
    "npx -y pkg@file:../x",
    "npx -y pkg@./x",
    "npx -y pkg@../x",
    "npx -y link:x",
    "npx -y x.tgz",
    "npx -y owner/repo",
    "npx --package=. x",
    "npx -p ./x y",
    "npx -c x",
    "npx --call x",
    "npx --no-install x",
    "npx --no x",
    "npx -w a x",
    "npx --prefix ./x y",
    "npx",
    "npx -y tsx src/s.ts",
    "npx tsx@4 src/s.ts",
    "npx -y ts-node s.ts",
    "npx nodemon s.js",
    'npx -y supergateway --stdio "npm start"',
    'npx -y supergateway --stdio "cd x && ./s"',
    "npx -y @scope/launch s.js",
    "npx -y cross-env A=1 node s.js",
    "npx -y pkg --run=make",
    "npx -p a node -e x",
    "npx npm start",
    "npx -y @modelcontextprotocol/inspector node build/index.js",
    "bunx ./x",
    "bunx --bun pkg",
    "pnpm dlx pkg",
    "pnpm run x",
    "pnpm exec x",
    "pnpx x",
    "yarn x",
    "yarn dlx pkg",
    "bun run x",
    "bun s.ts",
    "bun run /opt/x/s.ts",
    "deno run ./x.ts",
    "deno task x",
    "deno run -A npm:pkg",
    "go run .",
    "go run ./cmd/x",
    "go run main.go",
    "go run -mod=mod example.com/x@v1",
    "go run ../x@v1",
    "go -C x run .",
    "cargo run",
    "cargo run --manifest-path /opt/x/Cargo.toml",
    "/opt/cargo/bin/cargo run",
    "python -m x",
    "python3 -u -m x",
    "python3.12 -m x",
    "/opt/venv/bin/python -m x",
    "python3 -c x",
    "python3 -",
    "python3",
    "python3 -X importtime -m x",
    "uv run x",
    "uv run server.py",
    "uv run --project . x",
    "uv --directory x run y",
    "uv --directory ./x run y",
    "uv run x --directory /opt/x",
    "uv --directory /opt/x --directory . run y",
    "uv run --with . x",
    "uvx --from . x",
    "uvx --from ./x y",
    "uvx --from=. x",
    "uvx --from file:x y",
    "uvx --with . x",
    "uvx --with-editable . x",
    "uvx ./x",
    "uvx x.whl",
    "uvx --python ./py x",
    "uvx python -m x",
    "uvx --from pkg python s.py",
    "uv tool run --from . x",
    "pipx run x",
    "poetry run x",
    "hatch run x",
    "make x",
    "/usr/bin/make x",
    "make -C x y",
    "make -C=/opt x",
    "make -C /opt/x -C y z",
    "just x",
    "task x",
    "sh -c ./x",
    'bash -lc "npm start"',
    'sh -c "exec node s.mjs"',
    "bash",
    "bash -s",
    "sh x -c y ",
    "zsh s.sh",
    "fish s",
    "node",
    "node -e x",
    "node -r ./x.js s.js",
    "node --import ./x.mjs s.js",
    "node --require=x s.js",
    "node --env-file=.env s.js",
    "node --experimental-loader ./l.mjs s.js",
    "node --run x",
    "ruby -I. s.rb",
    "ruby -e x",
    "bundle exec x",
    "rails s",
    "perl -MX s.pl",
    "php -S x",
    "java -cp . Main",
    "java Main",
    "java @args",
    "java -javaagent:a.jar -jar x.jar",
    "java -Dloader.path=./lib -jar x.jar",
    "dotnet run",
    "dotnet x.dll",
    "dotnet run --project /opt/x",
    "mvn exec:java",
    "./gradlew run",
    "/opt/x/gradlew run",
    "nix run .#x",
    "mise exec -- x",
    "op run -- x",
    "direnv exec . x",
    "docker compose run x",
    "docker build .",
    "docker run -v .:/x image",
    "docker run -v ./a:/x image",
    "docker run --volume=./a:/x image",
    "docker run --mount type=bind,source=./a,target=/x image",
    "docker run --env-file .env image",
    "docker run --env-file=x.env image",
    "docker run --security-opt seccomp=s.json image",
    "docker run --rootfs=x y",
    "podman --config x run image",
    "docker run -v./a:/x image",
    "podman run --mount type=bind,src=a,target=/x image",
    "/opt/x/pypy3 -m x",
    "/opt/x/python3.11d -m x",
    "/opt/node18 -e x",
    "/usr/lib/node_modules/npm/bin/npm-cli.js start",
    "node /usr/lib/node_modules/npm/bin/npm-cli.js start",
    "node /opt/yarn.js start",
    "python3 /opt/venv/bin/poetry run x",
    "node node_modules/.bin/tsx src/s.ts",
    "node_modules/.bin/tsx src/s.ts",
    "node /opt/x/node_modules/tsx/dist/cli.mjs src/s.ts",
    "ruby /usr/bin/rake",
    "nodejs20 -r x /opt/s.js",
    "env /usr/bin/make x",
    "weather-mcp",
    "github-mcp-server stdio",
    "env -C x y",
    'env -S "node s.js"',
    "env NODE_OPTIONS=--require=./x.js npx pkg",
    "env PATH=./bin:/usr/bin npx pkg",
    "env A=1 npm start",
    "timeout 30 npm start",
    "nohup nice -n 5 make x",
    "nice",
    "timeout --unknown 3 npx pkg",
    "sudo npx pkg",
    "/opt/x/run ./plan.json",
    "/opt/x/run --config=./c.json",
    "/opt/x/run plan/a",
    "/opt/x/run s.py",
    "/opt/x/wrap npm start",
    '/opt/x/wrap "npm start"',
    "/opt/x/wrap --root=.",
    "/usr/local/bin/dotenvx run -- x",
    "busybox sh x",
    "git mcp",
    "watchexec x",
    "xargs x",
  ])("%s", (text) => {
    const [here, there] = [startedIn(text, "/w/a"), startedIn(text, "/w/b")];
    expect(isSameTarget(here, there)).toBe(false);
    // and another workspace's is another one
    expect(targetKey(targetHere(here, "/w"))).not.toBe(targetKey(targetHere(here, "/v")));
  });
});

describe("the folder does not matter to", () => {
  it.each([
    "npx -y pkg@1",
    "npx pkg",
    "npx highlight.js",
    "npx --yes @scope/pkg@1.2.3-beta.1",
    "npx -y @playwright/mcp@latest",
    "npx -y @modelcontextprotocol/server-filesystem /data .",
    'npx -y mcp-remote https://x.example/mcp --header "Authorization: Bearer x"',
    "npx -y --package=@scope/pkg cmd",
    "npx -p pkg@^1.2 cmd --all",
    "npx -y github:owner/repo#v1",
    "npx -y git+https://git.example/x.git",
    "npx -y alias@npm:@scope/pkg@1",
    "npm exec --yes -- pkg@1 --flag",
    "npm exec pkg@1",
    "bunx pkg@1",
    "uvx pkg",
    "uvx pkg==1.2.3",
    "uvx pkg@latest --port 3000",
    "uvx pkg[extra]==1.0",
    "uvx --from pkg==1.0 mcp-weather",
    "uvx --from git+https://git.example/x@v1 y",
    "uvx --python 3.12 pkg",
    "uv tool run pkg",
    "uv --directory /opt/x run server.py",
    "uv --directory=/opt/x run server.py",
    "uv run --directory /opt/x server.py",
    "npm --prefix /opt/x start",
    "npm run serve --prefix /opt/x",
    "make -C /opt/x serve",
    "go run example.com/cmd/x@v1.2.3",
    "go run example.com/x@latest stdio",
    "docker run -i --rm mcp/weather:1.2",
    "docker run node s.js",
    "docker run -i --rm -e TOKEN -v /data:/data:ro image@sha256:abc",
    "docker run -v name:/x --mount type=bind,source=/a,target=/b image",
    "docker run --security-opt no-new-privileges --env-file /etc/x.env image",
    "docker exec -i container server",
    "podman run image",
    "/opt/x/server --port 3000",
    "node /opt/x/node_modules/@scope/server/dist/index.js --stdio",
    "node /opt/mcp.js",
    "/opt/x/node18 /opt/x/index.js",
    "/opt/x/server --config=/etc/x.json stdio",
    "/usr/local/bin/github-mcp-server stdio",
    "/h/bin/server",
    "node /opt/x/dist/index.js",
    "node --no-warnings --max-old-space-size=4096 /opt/x/index.js --root .",
    "node --enable-source-maps /opt/x/index.js",
    "/usr/bin/node /opt/x/index",
    "python3 -u /opt/x/server.py",
    "/opt/venv/bin/python /opt/x/server.py",
    "bash -eu -o pipefail /opt/x/run",
    "ruby -w /opt/x/s.rb",
    "perl -T /opt/x/s.pl",
    "java -Xmx512m -Dx.y=true -jar /opt/x/x.jar",
    "env A=1 npx -y pkg",
    "env -u A -i /opt/x/server",
    "timeout -k 5 30 npx -y pkg",
    "nice -n 5 /opt/x/server",
  ])("%s", (text) => {
    const [here, there] = [startedIn(text, "/w/a"), startedIn(text, "/w/b")];
    expect(isSameTarget(here, there)).toBe(true);
    expect(targetHere(here, "/w")).toEqual(here);
  });

  it("what is a file of the workspace, which is that workspace's alone", () => {
    for (const text of [
      "node /w/dist/index",
      "node /w",
      "bash /w/run",
      "uv --directory /w/srv run s.py",
      "/w/bin/s",
      "npm --prefix /w/x start",
    ]) {
      const target = startedIn(text, "/w/a");
      expect(isSameTarget(target, startedIn(text, "/w/b"))).toBe(true);
      expect(targetKey(targetHere(target, "/w"))).not.toBe(targetKey(targetHere(target, "/v")));
    }
  });
});

it("is said to people, and to nobody as a word of the command", () => {
  expect(startedIn("npm start", "/w")).toEqual({ argv: ["npm", "start"], folder: "${workspace}" });
  expect(startedIn("npm start", "/h/x")).toEqual({ argv: ["npm", "start"], folder: "${home}/x" });
  expect(targetText(startedIn("npm start", "/w/a"))).toBe("npm start (in ${workspace}/a)");
  expect(isSameTarget(startedIn("npm start", "/w"), { argv: ["npm", "start"] })).toBe(false);
});

describe("a variable of the entry that chooses code counts by its value", () => {
  const npx = (declared: Readonly<Record<string, string>>, cwd = "/w"): ServerTarget =>
    startedIn("npx -y pkg", cwd, declared);

  it.each([
    ["NODE_OPTIONS", "--max-old-space-size=100", "--max-old-space-size=200"],
    ["PYTHONSTARTUP", "/a", "/b"],
    ["PYTHONPATH", "/a", "/a:/b"],
    ["RUBYOPT", "-w", "-rx"],
    ["PERL5OPT", "-Ma", "-Mb"],
    ["BASH_ENV", "/a", "/b"],
    ["ENV", "/a", "/b"],
    ["LD_PRELOAD", "/a.so", "/b.so"],
    ["JAVA_TOOL_OPTIONS", "-Da=1", "-javaagent:/x.jar"],
    ["DOTNET_STARTUP_HOOKS", "/a.dll", "/b.dll"],
    ["GIT_SSH_COMMAND", "ssh", "ssh -o ProxyCommand=x"],
    ["npm_config_registry", "https://a.example", "https://b.example"],
    ["UV_INDEX_URL", "https://me:one@a.example/", "https://me:two@a.example/"],
    ["PIP_INDEX_URL", "https://a.example/", ""],
    ["DENO_DIR", "/a", "/b"],
    ["BUN_CONFIG_REGISTRY", "https://a.example", "https://b.example"],
    ["MAKEFLAGS", "-f/a", "-f/b"],
    ["npm_config__auth", "abc", "abd"],
    ["PATH", "/a", `/a:${"/x".repeat(300)}`],
  ])("%s", (name, one, other) => {
    expect(isSameTarget(npx({ [name]: one }), npx({ [name]: one }))).toBe(true);
    expect(isSameTarget(npx({ [name]: one }), npx({ [name]: other }))).toBe(false);
    expect(isSameTarget(npx({ [name]: one }), npx({}))).toBe(false);
  });

  it("as it stands for a reviewer, with places by name, or sealed where it may be secret", () => {
    expect(npx({ PATH: "/h/bin:/w/bin:/usr/bin", API_KEY: "x" })).toEqual({
      argv: ["npx", "-y", "pkg"],
      env: ["PATH=${home}/bin:${workspace}/bin:/usr/bin"],
    });
    for (const [name, value] of [
      ["UV_INDEX_URL", "https://me:hunter2@a.example/"],
      ["npm_config__auth", "hunter2"],
      ["GIT_CONFIG_VALUE_0", "Authorization: Basic hunter2"],
      ["PIP_INDEX_URL", "https://a.example/hunter2hunter2X9k/simple"],
      ["NODE_OPTIONS", "--title=\nhunter2"],
    ] as const) {
      const target = npx({ [name]: value });
      expect(target).toMatchObject({ env: [`${name}=\${secret}`], sealed: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(JSON.stringify(target)).not.toContain("hunter2");
    }
  });

  it.each([
    ["NODE_OPTIONS", "--require ./x.js"],
    ["NODE_OPTIONS", "--require x"],
    ["NODE_OPTIONS", "-r dotenv/config"],
    ["PYTHONPATH", "src"],
    ["PYTHONPATH", "/a:"],
    ["PATH", "node_modules/.bin:/usr/bin"],
    ["BASH_ENV", "env.sh"],
    ["CLASSPATH", "."],
  ])("and its folder where it is looked up from there: %s=%s", (name, value) => {
    expect(isSameTarget(npx({ [name]: value }, "/w/a"), npx({ [name]: value }, "/w/b"))).toBe(false);
  });
});
