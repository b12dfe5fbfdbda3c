// doctor tries for real (DESIGN 11); the machines we do not have are tables of facts (src/sandbox/mend.ts).
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { probeState } from "../../src/cli/doctor-checks.ts";
import { mendNamespaces, type NamespaceFacts } from "../../src/sandbox/mend.ts";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";
import { ordinaryUser } from "../support/user.ts";

const ORDINARY: NamespaceFacts = {
  said: "bwrap: setting up uid map: Permission denied",
  isRoot: false,
  maxUserNamespaces: "96365",
  unprivilegedClone: undefined,
  appArmorRestricts: undefined,
  appArmorStrips: false,
  inContainer: false,
};

describe("what mends a refused fence", () => {
  it.each<[string, Partial<NamespaceFacts>, RegExp | undefined]>([
    ["switched off for everybody", { maxUserNamespaces: "0" }, /sysctl -w user\.max_user_namespaces/],
    ["switched off for ordinary users", { unprivilegedClone: "0" }, /sysctl -w kernel\.unprivileged_userns_clone=1/],
    ["the same switch does not bind root", { unprivilegedClone: "0", isRoot: true }, undefined],
    ["Ubuntu without a profile", { appArmorRestricts: "1" }, /^sudo tee \/etc\/apparmor\.d\/bwrap /],
    ["Ubuntu with a profile that takes capabilities", { appArmorStrips: true }, /apparmor_parser -R .*\nsudo tee /s],
    ["a container", { inContainer: true }, /--security-opt/],
    ["nothing known", {}, undefined],
  ])("%s", (_, facts, mend) => {
    const found = mendNamespaces({ ...ORDINARY, ...facts });
    expect(found.reason).not.toBe("");
    if (mend === undefined) expect(found.mend).toBeUndefined();
    else expect(found.mend).toMatch(mend);
  });
});

describe("the state folder", () => {
  it("is made private when it is not there", () => {
    expect(probeState(join(tmp(), "state/ringfence"))).toMatchObject({ available: true });
  });

  it("is refused when others may look into it, with the command that closes it", () => {
    const folder = tmp();
    mkdirSync(join(folder, "open"));
    chmodSync(join(folder, "open"), 0o755);
    expect(probeState(join(folder, "open"))).toMatchObject({ available: false, mend: `chmod 700 '${folder}/open'` });
  });

  it("is refused when it cannot be made", () => {
    expect(probeState("/dev/null/ringfence")).toMatchObject({ available: false });
  });
});

for (const typist of ["root", "user"] as const) {
  test(`a machine that can run a fence is ready, as ${typist}, and doctor leaves nothing behind`, (context) => {
    needs(context, typist, "userns", "bubblewrap", "seccomp", "overlay", "helper");
    const folder = tmp();
    const user = typist === "user" ? ordinaryUser(folder) : undefined;
    const home = user?.home ?? folder;
    const argv = [launcher, "doctor", "--json"];
    const [program = "", ...args] = user?.as(argv) ?? argv;
    const env = { PATH: process.env["PATH"], HOME: home, XDG_STATE_HOME: join(home, "state") };
    const done = spawnSync(program, args, { env, encoding: "utf8" });
    const report = JSON.parse(done.stdout) as {
      ready: boolean;
      checks: { name: string; available: boolean; needed: boolean; evidence: string }[];
    };
    expect(report.checks.filter(({ available, needed }) => needed && !available)).toEqual([]);
    expect(report.checks.map(({ name }) => name)).toContain("whole fence");
    // Each claim was acted out on both sides of the fence, and the limits were hit.
    const said = new Map(report.checks.map(({ name, available, evidence }) => [name, `${available} ${evidence}`]));
    expect(said.get("io_uring")).toMatch(/^true io_uring: \w+ outside, ENOSYS inside$/);
    expect(said.get("filter")).toContain("user-namespace: ok outside, EPERM inside");
    expect(said.get("keyrings")).toBe("true keyring: ok outside, EPERM inside");
    expect(said.get("no capability")).toMatch(/outside, 0 inside$/);
    for (const limit of ["memory hog", "process crowd"]) expect(said.get(limit)).toMatch(/^true /);
    expect([report.ready, done.status]).toEqual([true, 0]);
    expect(readdirSync(join(home, "state/ringfence")).filter((name) => name.startsWith("probe-"))).toEqual([]);
  });
}
