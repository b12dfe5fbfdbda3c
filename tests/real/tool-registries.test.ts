// Where pip, uv, cargo, go, gem, bundler, Maven and nix fetch from, read from real files of a temporary home; never from the workspace.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Registry, ToolConfig } from "#core/net";
import { readToolConfig } from "#egress";
import { tmp } from "../support/tmp.ts";

/** A home with these files, and what is read from it. */
async function read(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<ToolConfig & { readonly home: string }> {
  const home = tmp();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text);
  }
  // PIP_CONFIG_FILE and GOENV point away from this machine's own settings
  const config = await readToolConfig({ home, written: [tmp()], env: { PATH: "/nowhere", ...env } });
  return { ...config, home };
}

function hosts(config: ToolConfig, tool: Registry): readonly string[] {
  return (config.registries[tool] ?? []).map(({ host, port }) => `${host}:${port}`);
}

function file(config: ToolConfig & { readonly home: string }, name: string): string | undefined {
  return config.files.find(({ target }) => target === join(config.home, name))?.content;
}

const SECRET = "s3cr3t-t0ken";

describe("pip and uv", () => {
  it("take the index of the environment, then of the user's file", async () => {
    const conf = `[global]\nindex-url = https://me:${SECRET}@mirror.test/pypi/simple\nextra-index-url =\n    https://one.test/simple\n    https://two.test:8443/simple\n`;
    const config = await read({ ".config/pip/pip.conf": conf });
    expect(hosts(config, "pypi")).toEqual(["mirror.test:443", "one.test:443", "two.test:8443"]);
    expect(config.env).toMatchObject({
      PIP_INDEX_URL: "https://mirror.test/pypi/simple",
      PIP_EXTRA_INDEX_URL: "https://one.test/simple https://two.test:8443/simple",
    });
    expect(JSON.stringify(config)).not.toContain(SECRET);
    const other = await read({ ".config/pip/pip.conf": conf }, { PIP_INDEX_URL: "http://env.test/simple" });
    expect(hosts(other, "pypi")[0]).toBe("env.test:80");
  });
  it("keep the shipped default, with the host of its files", async () => {
    const config = await read({ ".config/pip/pip.conf": "[global]\nindex-url = https://pypi.org/simple\n" });
    expect(hosts(config, "pypi")).toEqual(["pypi.org:443", "files.pythonhosted.org:443"]);
  });
  it("read uv.toml", async () => {
    const uv =
      '[[index]]\nurl = "https://uv.test/simple"\ndefault = true\n[[index]]\nname = "x"\nurl = "https://more.test/simple"\n';
    const config = await read({ ".config/uv/uv.toml": uv }, { PIP_INDEX_URL: "https://pip.test/simple" });
    expect(hosts(config, "pypi")).toEqual(expect.arrayContaining(["pip.test:443", "uv.test:443", "more.test:443"]));
    expect(config.env).toMatchObject({
      UV_DEFAULT_INDEX: "https://uv.test/simple",
      UV_INDEX: "https://more.test/simple",
    });
  });
});

describe("cargo", () => {
  it("follows replacements and keeps tokens out", async () => {
    const text = `[source.crates-io]\nreplace-with = "mirror"\n[source.mirror]\nregistry = "sparse+https://u:${SECRET}@crates.test/index/"\n[registries.corp]\nindex = "sparse+https://corp.test/"\ntoken = "${SECRET}"\n`;
    const config = await read({ ".cargo/config.toml": text });
    expect(hosts(config, "crates")).toEqual(["crates.test:443", "corp.test:443"]);
    expect(file(config, ".cargo/config.toml")).toContain('registry = "sparse+https://crates.test/index/"');
    expect(file(config, ".cargo/config.toml")).toContain('replace-with = "mirror"');
    expect(JSON.stringify(config)).not.toContain(SECRET);
  });
  it("has no host for a folder, and the public ones where nothing is said", async () => {
    const vendored = '[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "/v"\n';
    expect(hosts(await read({ ".cargo/config.toml": vendored }), "crates")).toEqual([]);
    expect(hosts(await read({}), "crates")).toEqual(["index.crates.io:443", "static.crates.io:443", "crates.io:443"]);
  });
});

describe("go", () => {
  it("takes GOPROXY and GOSUMDB of `go env -w`, the environment first", async () => {
    const text = `GOPROXY=https://u:${SECRET}@go.test/x|https://two.test,direct\nGOSUMDB=sum.corp.test\n`;
    const config = await read({ ".config/go/env": text });
    expect(hosts(config, "go")).toEqual(["go.test:443", "two.test:443", "sum.corp.test:443"]);
    expect(config.env).toMatchObject({
      GOPROXY: "https://go.test/x,https://two.test/,direct",
      GOSUMDB: "sum.corp.test",
    });
    const env = await read({ ".config/go/env": text }, { GOPROXY: "off", GOSUMDB: "off" });
    expect(hosts(env, "go")).toEqual([]);
  });
  it("has documented defaults", async () => {
    expect(hosts(await read({}, { GOENV: "off" }), "go")).toEqual(["proxy.golang.org:443", "sum.golang.org:443"]);
  });
});

describe("gem, Maven, nix", () => {
  it("gem: sources and bundler's mirrors", async () => {
    const config = await read({
      ".gemrc": `---\n:sources:\n- https://u:${SECRET}@gems.test/\n:update_sources: true\n`,
      ".bundle/config": `---\nBUNDLE_MIRROR__HTTPS://RUBYGEMS__ORG/: "https://bundle.test/"\nBUNDLE_GEMS__TEST: "${SECRET}"\n`,
    });
    expect(hosts(config, "rubygems")).toEqual(["gems.test:443", "bundle.test:443"]);
    expect(file(config, ".gemrc")).toContain("https://gems.test/");
    expect(JSON.stringify(config)).not.toContain(SECRET);
    expect(hosts(await read({}), "rubygems")).toEqual(["rubygems.org:443", "index.rubygems.org:443"]);
  });
  it("Maven: mirrors stand for Central, servers stay behind", async () => {
    const xml = `<settings><servers><server><id>m</id><password>${SECRET}</password></server></servers>
      <!-- <mirrors><mirror><url>https://no.test/</url></mirror></mirrors> -->
      <mirrors><mirror><id>m</id><mirrorOf>central</mirrorOf><url>https://u:${SECRET}@maven.test/central</url></mirror></mirrors>
      <profiles><profile><repositories><repository><url>https://repo.test/x</url></repository></repositories></profile></profiles></settings>`;
    const config = await read({ ".m2/settings.xml": xml });
    expect(hosts(config, "maven")).toEqual(expect.arrayContaining(["maven.test:443", "repo.test:443"]));
    expect(file(config, ".m2/settings.xml")).toContain("<url>https://maven.test/central</url>");
    expect(JSON.stringify(config)).not.toContain(SECRET);
    expect(hosts(config, "maven")).not.toContain("no.test:443");
  });
  it("nix: substituters", async () => {
    const text = "substituters = https://nix.test https://two.test # x\nextra-substituters = http://three.test\n";
    expect(hosts(await read({ ".config/nix/nix.conf": text }), "nix")).toEqual(
      expect.arrayContaining(["nix.test:443", "two.test:443", "three.test:80"]),
    );
  });
});

describe("a workspace", () => {
  it("has no say, by whatever name its files are reached", async () => {
    const [home, root] = [tmp(), tmp()];
    const bad: Readonly<Record<string, string>> = {
      "pip/pip.conf": "[global]\nindex-url = https://evil.test/\n",
      "config.toml": '[source.crates-io]\nreplace-with = "m"\n[source.m]\nregistry = "sparse+https://evil.test/"\n',
      env: "GOPROXY=https://evil.test\n",
      gemrc: "---\n:sources: [https://evil.test/]\n",
      "settings.xml": "<mirrors><mirror><url>https://evil.test/</url></mirror></mirrors>",
    };
    for (const [name, text] of Object.entries(bad)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    for (const name of [".m2", ".cargo"]) mkdirSync(join(home, name));
    symlinkSync(join(root, "settings.xml"), join(home, ".m2/settings.xml"));
    symlinkSync(join(root, "gemrc"), join(home, ".gemrc"));
    symlinkSync(root, join(home, ".config"));
    const env = {
      PATH: "/nowhere",
      CARGO_HOME: root,
      GOENV: join(root, "env"),
      PIP_CONFIG_FILE: join(root, "pip/pip.conf"),
    };
    expect(JSON.stringify(await readToolConfig({ home, written: [tmp(), root], env }))).not.toContain("evil");
    // the same files elsewhere are the person's own
    expect(JSON.stringify(await readToolConfig({ home, written: [tmp()], env }))).toContain("evil");
  });
});
