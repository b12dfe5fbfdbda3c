import { describe, expect, it } from "vitest";
import { type HostFacts, insidePath, isNeverWorkspace, viewCandidates, viewMounts } from "#core/sandbox";

const facts: HostFacts = {
  home: "/home/me",
  path: ["/home/me/.cargo/bin", "/opt/node/bin", "/home/me/private/bin", "relative", "/usr/bin", "/usr/../etc"],
  present: new Map([
    ["/usr", { link: undefined }],
    ["/bin", { link: "usr/bin" }],
    ["/etc/ssl/certs", { link: undefined }],
    ["/opt/node", { link: undefined }],
    ["/home/me/.pyenv", { link: undefined }],
    ["/home/me/.cargo/bin", { link: undefined }],
  ]),
  credentialFiles: ["/home/me/.cargo/bin/credentials.toml"],
};
const user = { name: "me", uid: 1001, gid: 1001 };

describe("the view", () => {
  const mounts = viewMounts(
    facts,
    {
      home: "/s/home",
      tmp: "/s/tmp",
      kept: [{ source: "/c/npm", target: "~/.npm" }],
      shims: [{ source: "/s/home/.pyenv/shims", target: "/home/me/.pyenv/shims" }],
    },
    user,
  );
  it("binds nothing writable but the session's own folders", () => {
    expect(
      mounts.filter(({ kind }) => kind === "bind").map((mount) => ("source" in mount ? mount.source : "")),
    ).toEqual(["/s/tmp", "/s/tmp", "/s/home", "/c/npm", "/s/home/.pyenv/shims"]);
  });
  it("shows the home by its usual name, fresh, with toolchains over it and their credentials covered", () => {
    const targets = mounts.map(({ target }) => target);
    expect(targets.indexOf("/home/me")).toBeLessThan(targets.indexOf("/home/me/.cargo/bin"));
    expect(targets.indexOf("/home/me/.pyenv")).toBeLessThan(targets.indexOf("/home/me/.pyenv/shims"));
    expect(mounts.at(-1)).toEqual({ kind: "file", target: "/home/me/.cargo/bin/credentials.toml", content: "" });
  });
  it("knows one user, and no name of the network outside", () => {
    const file = (target: string): string =>
      mounts.flatMap((mount) => (mount.kind === "file" && mount.target === target ? [mount.content] : [])).join();
    expect(file("/etc/passwd")).toContain("me:x:1001:1001:me:/home/me:/bin/bash");
    expect(file("/etc/hosts")).not.toMatch(/\d+\.\d+\.\d+\.\d+ (?!localhost)/);
  });
  it("keeps the caller's PATH as far as it exists inside", () => {
    expect(insidePath(facts, ["/w"]).split(":").slice(0, 3)).toEqual([
      "/home/me/.cargo/bin",
      "/opt/node/bin",
      "/usr/bin",
    ]);
    expect(insidePath(facts, ["/w"])).not.toContain("private");
    const own = facts.path.find((entry) => entry.includes("private")) ?? "";
    expect(insidePath(facts, ["/w", own])).toContain("private");
  });
  it("asks for no credential file of /etc", () => {
    for (const path of viewCandidates("/home/me", []).filter((path) => path.startsWith("/etc/")))
      expect(path).not.toMatch(/shadow|ssl\/private|sudoers|npmrc|pip\.conf|settings\.xml/);
  });
  it.each(["/", "/etc", "/home", "/root", "/usr", "/proc/1", "/sys/kernel", "/tmp", "/var"])(
    "never takes %s for a workspace",
    (path) => {
      expect(isNeverWorkspace(path)).toBe(true);
    },
  );
});
