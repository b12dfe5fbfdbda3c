// The sieve in front of the rules of secrets (native/name_filter.c) lets through whatever any of them names, and a search by what it lets through finds
// what a search by every name finds. The names are made from the rules themselves, so that a new one without a word for it is seen here.
import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { secretSuspicion } from "#core/paths";
import { findSecretFiles, judgeNames, openLookout } from "#sandbox";
import { helperPath } from "../support/installation.ts";
import { tmp } from "../support/tmp.ts";

const SAMPLES = 24;
const KEY = "-----BEGIN PRIVATE KEY-----\n";

/** One generator for each pattern of the rules; where one says what must not follow, that is left out, and the rule itself judges. */
function namesByRule(): readonly fc.Arbitrary<string>[] {
  const text = readFileSync(new URL("../../src/core/paths/secret.ts", import.meta.url), "utf8");
  const rules = [...text.matchAll(/^ {2}\/(.+)\/,$/gm)].map(([, source = ""]) => source);
  const env = [String.raw`^[\w-]{0,4}\.env(?:rc)?(?:[.-][\w-]{1,8})?$`, String.raw`^env\.(?:local|prod|dev)$`];
  expect(rules.length).toBeGreaterThan(40);
  return [...rules, ...env].map((source) => {
    const plain = source.replaceAll(/\(\?:\^\|\\\/\)/g, "").replaceAll(/\(\?!(?:[^()]|\([^()]*\))*\)/g, "");
    return fc.stringMatching(new RegExp(plain));
  });
}

const disguise = fc.constantFrom<(name: string) => string>(
  (name) => name,
  (name) => name.toUpperCase(),
  (name) => `${name}.bak`,
  (name) => `${name}.`,
  (name) => name.replace("e", "\uff45"),
  (name) => `${name}\u200b`,
);

function isName(part: string): boolean {
  return part !== "" && part !== "." && part !== ".." && !part.includes("\0") && Buffer.byteLength(part) < 200;
}

function write(file: string): boolean {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, KEY, { flag: "wx" });
    return true;
  } catch {
    return false; // another sample has the name, or a folder of it
  }
}

async function firstLook(
  root: string,
): Promise<{ readonly names: readonly string[]; readonly repositories: readonly string[] }> {
  const lookout = openLookout({ helper: helperPath, root });
  const look = await lookout.first;
  lookout.close();
  if (!look.ok) throw new Error(look.error.message);
  return look.value;
}

describe("the sieve of names", () => {
  it("lets through whatever a rule names", async () => {
    const root = tmp();
    const seed = Date.now() % 2 ** 31;
    const secrets = namesByRule().flatMap((rule, number) =>
      fc.sample(fc.tuple(rule, disguise), { numRuns: SAMPLES, seed }).flatMap(([made, change]) => {
        const path = `${number}/${change(made)}${made.endsWith("/") ? "x" : ""}`;
        const isMade = path.split("/").every(isName) && !/\p{Surrogate}/u.test(path) && write(join(root, path));
        return isMade && secretSuspicion(path) !== undefined ? [path] : [];
      }),
    );
    const { names } = await firstLook(root);
    const found = new Set(names);
    expect(secrets.length, `seed ${seed}`).toBeGreaterThan(200);
    expect(
      secrets.filter((path) => !found.has(path)),
      `seed ${seed}`,
    ).toEqual([]);
    expect(judgeNames(root, { names, repositories: [] }, {}).paths.toSorted()).toEqual(
      findSecretFiles(root).paths.toSorted(),
    );
  });

  it("finds what the search by every name finds: places, links, hard links, depths, and nothing of packages or of git's objects", async () => {
    const root = tmp();
    const deep = Array.from({ length: 300 }, () => "d").join("/");
    for (const path of [
      ...[
        ".env",
        "a/.env.example",
        "a/server.pem",
        "certs/ca.crt",
        ".aws/credentials",
        ".AWS/config",
        "secrets/plain.txt",
        "x/secrets./plain.txt",
      ],
      ...[
        "node_modules/p/.env",
        "site-packages/.env",
        `${deep}/.env`,
        "keyboard.ts",
        "src/environment.ts",
        "shown/.env",
      ],
      ...[".git/HEAD", ".git/objects/aa/id_rsa", ".git/config", ".git/modules/m/HEAD", ".git/modules/m/objects/.env"],
      ...[
        "bare/HEAD",
        "bare/objects/.env",
        "b.git/HEAD",
        "b.git/objects/.env",
        ".git/modules/objects/.env",
        "n/.git/objects/.env",
      ],
    ])
      expect(write(join(root, path)), path).toBe(true);
    linkSync(join(root, ".env"), join(root, "a/other.txt"));
    symlinkSync("../keyboard.ts", join(root, "a/.env.local"));
    symlinkSync("/etc/hostname", join(root, "a/.netrc"));
    const isShown = (path: string): boolean => path.startsWith("shown/");
    const by = judgeNames(root, await firstLook(root), { isShown });
    const all = findSecretFiles(root, { isShown });
    expect(by.paths.toSorted()).toEqual(all.paths.toSorted());
    expect(by.paths).toContain(join(root, deep, ".env"));
    expect(by.paths).toContain(join(root, "a/other.txt"));
    expect(by.shown).toEqual(all.shown);
    expect(by.repositories.toSorted()).toEqual(all.repositories.toSorted());
  });

  it("refuses to answer for a folder that no path reaches", async () => {
    const root = join(tmp(), "root");
    const made = spawnSync("bash", [
      "-c",
      'mkdir "$0"; cd "$0"; n=$(printf %0200d 1); for i in {1..25}; do mkdir $n && cd -P $n || exit 1; done 2>/dev/null; echo K=1 >.env',
      root,
    ]);
    onTestFinished(() => void spawnSync(helperPath, ["remove", root]));
    expect(made.status).toBe(0);
    const lookout = openLookout({ helper: helperPath, root });
    const look = await lookout.first;
    lookout.close();
    expect(look.ok ? "" : look.error.code).toBe("workspace-too-large");
  });

  it("says so when the folder is not there or the helper is none", async () => {
    for (const parts of [
      { helper: helperPath, root: join(tmp(), "none") },
      { helper: "/none", root: tmp() },
    ]) {
      const lookout = openLookout(parts);
      const look = await lookout.first;
      expect(look.ok ? "" : look.error.code).toBe("workspace-unsearched");
      lookout.close();
    }
  });
});
