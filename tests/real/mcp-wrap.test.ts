// mcp wrap and unwrap on real files: every byte comes back, a secret gets nowhere, nothing of a configuration is run, and what cannot be changed
// safely is refused without keeping the rest.
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CLIENT_FILES, SECRET } from "../support/client-files.ts";
import { launcher } from "../support/installation.ts";
import { put, type SettingsBed, settingsBed } from "../support/settings-bed.ts";
import { tmp } from "../support/tmp.ts";

function filled(): SettingsBed {
  const bed = settingsBed();
  for (const [, scope, path, text] of CLIENT_FILES) put(join(bed[scope], path), text);
  chmodSync(join(bed.home, ".claude.json"), 0o600);
  chmodSync(join(bed.home, ".codex/config.toml"), 0o640);
  return bed;
}

function everythingIn(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => lstatSync(path).isFile())
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
}

describe("all clients at once", () => {
  it("are wrapped, twice as once, and every byte, mode and folder comes back", () => {
    const bed = filled();
    const before = bed.tree();
    const dry = bed.run("mcp", "wrap", "--dry-run");
    expect(dry.code).toBe(0);
    expect(bed.tree()).toEqual(before);
    expect(bed.run("mcp", "wrap").code).toBe(0);
    const wrapped = bed.tree();
    for (const [, scope, path] of CLIENT_FILES)
      expect(readFileSync(join(bed[scope], path), "utf8"), path).toContain(launcher);
    const again = bed.run("mcp", "wrap");
    expect(again.out).toContain("nothing was written");
    expect(bed.tree()).toEqual(wrapped);
    // what is remembered and what is said hold no value of a variable or a header
    expect(everythingIn(bed.state)).toContain("mcpServers");
    expect(everythingIn(bed.state) + dry.out + again.out).not.toContain(SECRET);
    const back = bed.run("mcp", "unwrap");
    expect(back.code).toBe(0);
    expect(back.out.match(/to the last byte/g)).toHaveLength(CLIENT_FILES.length);
    expect(bed.tree()).toEqual(before);
    expect(readdirSync(join(bed.state, "ringfence/mcp/clients"))).toEqual([]);
  });

  it("come back, value by value, when nothing is remembered, too", () => {
    const bed = filled();
    const values = (): unknown => JSON.parse(readFileSync(join(bed.home, ".claude.json"), "utf8"));
    const before = values();
    bed.run("mcp", "wrap");
    expect(values()).not.toEqual(before);
    rmSync(bed.state, { recursive: true });
    mkdirSync(bed.state);
    expect(bed.run("mcp", "unwrap").code).toBe(0);
    for (const [, scope, path] of CLIENT_FILES)
      expect(readFileSync(join(bed[scope], path), "utf8")).not.toContain(launcher);
    const { projects } = before as { readonly projects: object };
    // an empty list of arguments and none are the same to every client
    expect(values()).toEqual({
      ...(before as object),
      projects: { ...projects, "/p": { mcpServers: { u: { command: "y", args: [] } } } },
    });
  });

  it("one by one", () => {
    const bed = filled();
    const before = bed.tree();
    const one = bed.run("mcp", "wrap", "gemini", "--json");
    expect(JSON.parse(one.out)).toMatchObject({
      written: true,
      files: [
        {
          client: "gemini",
          servers: [{ name: "g", state: "wrapped", notes: [expect.stringContaining("trust: true")] }],
        },
      ],
    });
    expect(bed.run("mcp", "wrap", "--server", "two x").code).toBe(0);
    expect(readFileSync(join(bed.home, ".codex/config.toml"), "utf8").match(/mcp", "run"/g)).toHaveLength(1);
    expect(bed.run("mcp", "unwrap", "--server", "two x").code).toBe(0);
    expect(bed.run("mcp", "unwrap", "gemini").code).toBe(0);
    expect(bed.tree()).toEqual(before);
    const none = bed.run("mcp", "wrap", "--server", "nobody");
    expect([none.code, none.err.split("\n")[0]]).toEqual([65, "ringfence: no client has a server `nobody`"]);
    expect(bed.run("mcp", "wrap", "emacs").code).toBe(64);
  });

  it("`--file` names one, whatever it is called", () => {
    const bed = settingsBed();
    const path = join(bed.project, "servers.json");
    put(path, '{"mcpServers":{"a":{"command":"x"}}}');
    expect(bed.run("mcp", "wrap", "--file", path).code).toBe(64);
    expect(bed.run("mcp", "wrap", "cursor", "--file", path).code).toBe(0);
    expect(readFileSync(path, "utf8")).toContain('"--client", "cursor"');
    expect(bed.run("mcp", "unwrap", "cursor", "--file", path).code).toBe(0);
    expect(readFileSync(path, "utf8")).toBe('{"mcpServers":{"a":{"command":"x"}}}');
  });
});

describe("what happened since", () => {
  const start =
    '{\n  "mcpServers": {\n    "a": { "command": "x", "args": ["1"] },\n    "b": { "command": "y" }\n  }\n}\n';

  it("an edited entry keeps its edits, and entries that came later are not touched", () => {
    const bed = settingsBed();
    const path = join(bed.project, ".mcp.json");
    put(path, start);
    bed.run("mcp", "wrap");
    const edited = readFileSync(path, "utf8")
      .replace('"1"]', '"1", "2"], "env": { "K": "v" }')
      .replace('    "b"', '    "c": { "command": "ringfence", "args": ["mcp"] },\n    "b"');
    writeFileSync(path, edited);
    const back = bed.run("mcp", "unwrap");
    expect(back.out).toContain("changed since it was wrapped");
    expect(readFileSync(path, "utf8")).toBe(
      start
        .replace('["1"]', '["1", "2"], "env": { "K": "v" }')
        .replace('    "b"', '    "c": { "command": "ringfence", "args": ["mcp"] },\n    "b"'),
    );
  });

  it("a file that its client wrote anew comes back in its new spelling", () => {
    const bed = settingsBed();
    const path = join(bed.home, ".claude.json");
    put(path, start);
    bed.run("mcp", "wrap");
    writeFileSync(
      path,
      JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), more: 1 }, undefined, 4),
    );
    expect(bed.run("mcp", "unwrap").code).toBe(0);
    expect(readFileSync(path, "utf8")).toBe(
      JSON.stringify({ ...(JSON.parse(start) as object), more: 1 }, undefined, 4),
    );
  });

  it("a variable that was added to an entry is passed on after the next wrap", () => {
    const bed = settingsBed();
    const path = join(bed.project, ".mcp.json");
    put(path, start);
    bed.run("mcp", "wrap");
    writeFileSync(path, readFileSync(path, "utf8").replace('"b": {', '"b": { "env": { "NEW": "v" },'));
    bed.run("mcp", "wrap");
    expect(readFileSync(path, "utf8")).toContain('"--env", "NEW", "--", "y"');
    bed.run("mcp", "unwrap");
    expect(readFileSync(path, "utf8")).toBe(start.replace('"b": {', '"b": { "env": { "NEW": "v" },'));
  });

  it("variables among what were headers leave no certain way back: said, and left", () => {
    const bed = settingsBed();
    const path = join(bed.project, ".mcp.json");
    put(path, '{"mcpServers":{"h":{"type":"http","url":"https://x.example/mcp","headers":{"K":"v"}}}}');
    bed.run("mcp", "wrap");
    const edited = readFileSync(path, "utf8").replace('"env":{', '"env":{"MINE":"1",');
    writeFileSync(path, edited);
    const back = bed.run("mcp", "unwrap");
    expect(back.out).toMatch(/left +h: it was changed since/);
    expect(readFileSync(path, "utf8")).toBe(edited);
  });
});

describe("what a repository brings", () => {
  it("is never run, and is shown escaped", () => {
    const bed = settingsBed();
    const proof = join(bed.project, "ran");
    put(join(bed.project, "evil"), `#!/bin/sh\ntouch ${proof}\n`);
    chmodSync(join(bed.project, "evil"), 0o755);
    put(
      join(bed.project, ".mcp.json"),
      JSON.stringify({
        mcpServers: { "x\u001b[2J": { command: "./evil" }, ok: { command: "./evil", args: ["$(./evil)", "`./evil`"] } },
      }),
    );
    const { out, code } = bed.run("mcp", "wrap");
    expect(code).toBe(0);
    expect(out).not.toContain("\u001b");
    expect(out).toContain("x\\u{1b}[2J");
    expect(existsSync(proof)).toBe(false);
  });

  it("claims to be wrapped already by another program: it is this one afterwards, whatever was wrapped how often", () => {
    const bed = settingsBed();
    const path = join(bed.project, ".mcp.json");
    const inner = ["mcp", "run", "--server", "z", "--client", "q", "--env", "HOME", "--", "evil"];
    put(
      path,
      JSON.stringify({
        mcpServers: {
          a: {
            command: "/tmp/evil/ringfence",
            args: ["mcp", "run", "--server", "other", "--client", "x", "--", "ringfence", ...inner],
          },
        },
      }),
    );
    bed.run("mcp", "wrap");
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
      mcpServers: {
        a: { command: launcher, args: ["mcp", "run", "--server", "a", "--client", "claude-code", "--", "evil"] },
      },
    });
    // words that no wrapping of ours writes are a server like any other
    put(
      path,
      JSON.stringify({
        mcpServers: {
          a: { command: "ringfence", args: ["mcp", "run", "--policy", "p", "--server", "a", "--", "evil"] },
        },
      }),
    );
    bed.run("mcp", "wrap");
    expect(readFileSync(path, "utf8")).toContain('"--", "ringfence", "mcp","run","--policy"');
  });

  it("leads out of the project by a link, or to a key twice, and is refused; the rest is wrapped", () => {
    const bed = settingsBed();
    const outside = join(tmp(), "mcp.json");
    put(outside, '{"mcpServers":{"a":{"command":"x"}}}');
    symlinkSync(outside, join(bed.project, ".mcp.json"));
    put(join(bed.project, ".cursor/mcp.json"), '{\n"mcpServers":{"a":{"command":"x"},\n"a":{"command":"y"}}}');
    put(join(bed.project, ".vscode/mcp.json"), '{"servers":{"v":{"command":"x"}}}');
    const { code, err, out } = bed.run("mcp", "wrap");
    expect(code).toBe(65);
    expect(err).toContain("a link in it leads elsewhere");
    expect(err).toContain("mcp.json:3:1: this is not JSON that can be changed safely");
    expect(out).toMatch(/wrapped +v/);
    expect(readFileSync(outside, "utf8")).not.toContain("ringfence");
  });
});

describe("files that are not plain", () => {
  it("a link within the home is followed and stays one; the mode stays", () => {
    const bed = settingsBed();
    put(join(bed.home, "dotfiles/claude.json"), '{"mcpServers":{"a":{"command":"x"}}}');
    chmodSync(join(bed.home, "dotfiles/claude.json"), 0o604);
    symlinkSync("dotfiles/claude.json", join(bed.home, ".claude.json"));
    const before = bed.tree();
    bed.run("mcp", "wrap");
    expect(lstatSync(join(bed.home, ".claude.json")).isSymbolicLink()).toBe(true);
    expect(statSync(join(bed.home, ".claude.json")).mode & 0o777).toBe(0o604);
    bed.run("mcp", "unwrap");
    expect(bed.tree()).toEqual(before);
  });

  it("a second name, bytes that are no UTF-8 and TOML that is none are refused", () => {
    const bed = settingsBed();
    put(join(bed.home, ".claude.json"), '{"mcpServers":{"a":{"command":"x"}}}');
    linkSync(join(bed.home, ".claude.json"), join(bed.home, "second"));
    mkdirSync(join(bed.home, ".cursor"));
    writeFileSync(join(bed.home, ".cursor/mcp.json"), Buffer.from([0x7b, 0xff, 0x7d]));
    put(join(bed.home, ".codex/config.toml"), "[mcp_servers.a]\ncommand = \"x\"\ncommand = 'y'\n");
    const before = bed.tree();
    const { code, err } = bed.run("mcp", "wrap");
    expect(code).toBe(65);
    expect(err).toContain("it has 2 names (hard links)");
    expect(err).toContain("is not UTF-8");
    expect(err).toContain("this is not TOML that can be changed safely");
    expect(bed.tree()).toEqual(before);
  });

  it("a state folder that takes nothing: nothing is written", () => {
    const bed = settingsBed();
    put(join(bed.home, ".claude.json"), '{"mcpServers":{"a":{"command":"x"}}}');
    mkdirSync(join(bed.state, "ringfence"), { mode: 0o700 });
    put(join(bed.state, "ringfence/mcp"), "in the way");
    const before = bed.tree();
    const { code, err } = bed.run("mcp", "wrap");
    expect([code, err]).toEqual([65, expect.stringContaining("so nothing is written")]);
    expect(bed.tree()).toEqual(before);
  });
});

it("plugins' servers and servers that the gateway cannot hold are left, with words", () => {
  const bed = settingsBed();
  const url = "https://x.example/mcp";
  put(join(bed.home, ".claude/plugins/cache/m/p/1.0/.mcp.json"), '{"mcpServers":{"plug":{"command":"x"}}}');
  put(
    join(bed.project, ".mcp.json"),
    JSON.stringify({
      mcpServers: {
        d: { command: "docker", args: ["run", "-i", "mcp/x"] },
        t: { command: "timeout", args: ["60", "env", "A=b", "docker", "run", "-i", "mcp/x"] },
        r: { command: "env", args: ["-u", "X", "sudo", "-u", "x", "node"] },
        h: { command: launcher, args: ["mcp", "proxy", "--server", "h", "--header", "X-Key=K", "--url", url] },
        g: { command: launcher, args: ["mcp", "run", "--server", "g", "--env", "K", "--", "node", "server.mjs"] },
        s: { type: "sse", url: "https://x.example/sse" },
        o: { type: "http", url: "https://x.example/mcp", oauth: { clientId: "c" } },
        n: { type: "http", url: "https://x.example/mcp" },
        q: { type: "http", url: "https://x.example/mcp?key=1", headers: { K: "v" } },
        p: { type: "http", url: "https://${HOST}/mcp", headers: { K: "v" } },
        w: { type: "http", url: "https://x.example/mcp", headers: { Host: "v" } },
      },
    }),
  );
  const before = bed.tree();
  const { out, code } = bed.run("mcp", "wrap");
  expect(code).toBe(0);
  for (const line of [
    /left +plug: a plugin brings it/,
    /d: a container is started by a daemon outside of every fence/,
    /t: a container is started by a daemon outside of every fence/,
    /r: it becomes another user/,
    /h: somebody has written the gateway into it by hand/,
    /g: somebody has written the gateway into it by hand/,
    /s: it speaks the older SSE/,
    /o: the client signs in/,
    /n: it has no fixed header/,
    /q: its address may hold a secret/,
    /p: its address has a placeholder/,
    /w: its headers are not all/,
  ])
    expect(out).toMatch(line);
  expect(bed.tree()).toEqual(before);
  expect(bed.run("mcp", "wrap", "--server", "n").code).toBe(0);
  // what was named once stays when nothing is named
  const wrapped = bed.tree();
  bed.run("mcp", "wrap");
  expect(bed.tree()).toEqual(wrapped);
  bed.run("mcp", "unwrap");
  expect(bed.tree()).toEqual(before);
});

it("an entry that only looks like the gateway by hand is wrapped: another program, a policy of its own, no server", () => {
  const bed = settingsBed();
  const run = ["mcp", "run", "--server", "a"];
  const entries = {
    other: { command: "./ringfence", args: [...run, "--", "node"] },
    policy: { command: launcher, args: [...run, "--policy", "p.yaml", "--", "node"] },
    none: { command: launcher, args: [...run, "--"] },
    another: { command: launcher, args: ["run", "--", "node"] },
  };
  put(join(bed.project, ".mcp.json"), JSON.stringify({ mcpServers: entries }));
  expect(bed.run("mcp", "wrap").out).toMatch(/4 servers wrapped/);
});

it("what a client takes for another kind of server than it looks is left, with words", () => {
  const bed = settingsBed();
  const url = "https://x.example/mcp";
  put(
    join(bed.home, ".cline/data/settings/cline_mcp_settings.json"),
    JSON.stringify({
      mcpServers: { c: { url, headers: { K: "v" } }, nested: { transport: { type: "stdio", command: "x" } } },
    }),
  );
  put(join(bed.home, ".qwen/settings.json"), JSON.stringify({ mcpServers: { q: { url, headers: { K: "v" } } } }));
  put(join(bed.home, ".aws/amazonq/mcp.json"), JSON.stringify({ mcpServers: { a: { url, headers: { K: "v" } } } }));
  put(
    join(bed.home, ".config/zed/settings.json"),
    JSON.stringify({ context_servers: { old: { command: { path: "x", args: [] } }, ext: { settings: {} } } }),
  );
  put(
    join(bed.home, ".codex/config.toml"),
    `[mcp_servers.v]\nurl = "${url}"\nenv_http_headers = { "X-Key" = "VARIABLE" }\n`,
  );
  const before = bed.tree();
  const { out, code } = bed.run("mcp", "wrap");
  expect(code).toBe(0);
  for (const line of [
    /c: its `url` is the older SSE.*`"type": "streamableHttp"` is Streamable HTTP/,
    /nested: it has neither a command nor an address/,
    /q: its `url` is the older SSE.*`httpUrl` is Streamable HTTP/,
    /a: it has neither a command nor an address that the client would use/,
    /old: its command is no text/,
    /ext: it has neither/,
    /v: its headers come out of the client's own variables/,
  ])
    expect(out).toMatch(line);
  expect(bed.tree()).toEqual(before);
});
