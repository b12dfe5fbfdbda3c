// What of the person's tools reaches the fence, read from real files: temp homes, and npm folders as a PATH would find them.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ToolConfig } from "#core/net";
import { readToolConfig } from "#egress";
import { tmp } from "../support/tmp.ts";

type Env = Readonly<Record<string, string | undefined>>;

function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** An npm as a package of its own, found through `bin/npm`, whose shipped default is `registry`. */
function fakeNpm(folder: string, registry: string): string {
  const npm = join(folder, "lib/node_modules/npm");
  write(
    join(npm, "node_modules/@npmcli/config/lib/definitions/definitions.js"),
    `define('registry', registry: new Definition('registry', {\n  default: '${registry}',\n`,
  );
  write(join(npm, "bin/npm-cli.js"), "");
  mkdirSync(join(folder, "bin"), { recursive: true });
  symlinkSync(join(npm, "bin/npm-cli.js"), join(folder, "bin/npm"));
  return join(folder, "bin");
}

/** The configuration of a home with this `.npmrc`, and the text that goes into the fence. */
async function read(
  npmrc: string,
  env: Env = {},
): Promise<{ config: ToolConfig; inside: string; hosts: readonly string[] }> {
  const home = tmp();
  write(join(home, ".npmrc"), npmrc);
  const PATH = fakeNpm(tmp(), "https://shipped.test/");
  const config = await readToolConfig({ home, written: [tmp()], env: { PATH, ...env } });
  return {
    config,
    inside: config.files.map(({ content }) => content).join(""),
    hosts: (config.registries.npm ?? []).map(({ host, port }) => `${host}:${port}`),
  };
}

describe("npm's settings", () => {
  it("reads ini as npm does: spaces, quotes, comments, the last of a key", async () => {
    const { hosts, inside } = await read(
      '; a comment\nregistry = https://first.test/\nregistry="https://last.test:8443/npm/" \nfund=false # said once\n[section]\n@x:registry=https://no.test/\n',
    );
    expect(hosts).toEqual(["last.test:8443"]);
    expect(inside).toContain("registry=https://last.test:8443/npm/\n");
    expect(inside).toContain("fund=false\n");
  });
  it("takes scoped registries, and the shipped default where no other is set", async () => {
    const { hosts } = await read("@corp:registry=http://corp.test:4873/\n");
    expect(hosts).toEqual(["corp.test:4873", "shipped.test:443"]);
  });
  it("lets no credential out: keys, userinfo and queries stay behind", async () => {
    const { inside, hosts } = await read(
      "//corp.test/:_authToken=SECRET\n_auth=SECRET\n_password=SECRET\nusername=SECRET\nemail=SECRET\nkey=SECRET\ncertfile=/SECRET\nregistry=https://SECRET:SECRET@corp.test/p?t=SECRET#SECRET\n",
    );
    expect(hosts).toEqual(["corp.test:443"]);
    expect(inside).toContain("registry=https://corp.test/p\n"); // what follows is the machine's own
    expect(inside).not.toMatch(/SECRET|auth|username|email|^key/im);
  });
});

describe("variables in npm's settings", () => {
  it("uses an expanded host for the rule and writes no expanded value", async () => {
    const { inside, hosts } = await read(
      [
        "registry=https://$" + "{PLACE}/$" + "{TOKEN}/",
        "@a:registry=https://a.test/$" + "{TOKEN}/",
        "ca=$" + "{TOKEN}",
        "nodedir=/x/$" + "{TOKEN?}",
        "fund=false",
      ].join("\n"),
      { PLACE: "place.test", TOKEN: "SECRET" },
    );
    expect(hosts).toEqual(["place.test:443", "a.test:443"]);
    expect(inside).toContain("fund=false\n");
    expect(inside).not.toMatch(/SECRET|place\.test|a\.test|nodedir|\$/);
  });
  it("expands what the environment hands to npm no further inside either", async () => {
    const { inside, hosts } = await read("", {
      npm_config_registry: "https://env.test/$" + "{TOKEN}",
      "npm_config_//env.test/:_authToken": "SECRET",
      TOKEN: "SECRET",
    });
    expect(hosts).toEqual(["env.test:443"]);
    expect(inside).not.toContain("SECRET");
  });
});

describe("the workspace has no say", () => {
  it("ignores a configuration in it, named or linked to from outside, and an npm in it", async () => {
    const [home, root, elsewhere] = [tmp(), tmp(), tmp()];
    const evil = write(join(root, "conf/npmrc"), "registry=https://evil.test/\n");
    const PATH = `${fakeNpm(join(root, "tools"), "https://evil.test/")}:${fakeNpm(elsewhere, "https://shipped.test/")}`;
    const hosts = async (env: Env): Promise<readonly string[]> =>
      (await readToolConfig({ home, written: [tmp(), root], env: { PATH, ...env } })).registries.npm?.map(
        ({ host }) => host,
      ) ?? [];
    const outside = write(join(elsewhere, "user.npmrc"), "registry=https://mine.test/\n");
    expect(await hosts({ npm_config_userconfig: outside })).toEqual(["mine.test"]);
    expect(await hosts({ npm_config_userconfig: evil })).toEqual(["shipped.test"]);
    expect(await hosts({ NPM_CONFIG_GLOBALCONFIG: evil })).toEqual(["shipped.test"]);
    expect(await hosts({ npm_config_userconfig: "conf/npmrc" })).toEqual(["shipped.test"]);
    symlinkSync(evil, join(home, ".npmrc"));
    expect(await hosts({})).toEqual(["shipped.test"]);
  });
});

it("gives apt's archives as hosts and ports", async () => {
  const { config } = await read("");
  for (const { host, port } of config.registries.debian ?? []) {
    expect(host).toMatch(/^[a-z0-9.:-]+$/);
    expect(port).toBeGreaterThan(0);
  }
});
