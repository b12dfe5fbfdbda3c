import { describe, expect, it } from "vitest";
import { buildEnvironment } from "#core/sandbox";

const parts = {
  caller: {
    AWS_SECRET_ACCESS_KEY: "s3cret",
    GITHUB_TOKEN: "t",
    LANG: "de_DE.UTF-8",
    TERM: "tmux",
    BASH_ENV: "/x",
    LD_PRELOAD: "/y",
  },
  home: "/home/me",
  userName: "me",
  path: "/usr/bin",
  session: "s1",
  terminal: false,
  pass: [] as string[],
  set: {},
  agent: {},
  proxy: {},
};

describe("the environment inside", () => {
  it("is built from nothing", () => {
    expect(buildEnvironment(parts)).toEqual({
      variables: {
        PATH: "/usr/bin",
        HOME: "/home/me",
        USER: "me",
        LOGNAME: "me",
        SHELL: "/bin/bash",
        TMPDIR: "/tmp",
        LANG: "de_DE.UTF-8",
        RINGFENCE: "1",
        RINGFENCE_SESSION: "s1",
      },
      exposed: [],
    });
  });
  it("names what a person let in", () => {
    const { variables, exposed } = buildEnvironment({ ...parts, pass: ["GITHUB_TOKEN", "ABSENT", "LANG"] });
    expect(variables["GITHUB_TOKEN"]).toBe("t");
    expect(exposed).toEqual(["GITHUB_TOKEN"]);
  });
  it.each([
    ["TOKEN", `ghp_${"abcdefghij".repeat(4)}`, true],
    ["DATABASE_URL", "postgres://app:Tr0ub4dor3@db.example.org/app", true],
    ["X", "Bearer AKIAQZ7KTW4HNM2RVX3P", true],
    ["CI", "1", false],
    ["NODE_OPTIONS", "--max-old-space-size=4096", false],
    ["API_TOKEN", "changeme", false],
    ["RINGFENCE_SESSION", `ghp_${"abcdefghij".repeat(4)}`, false],
  ])("names a secret that a person wrote out: %s=%s", (name, value, isNamed) => {
    const { exposed } = buildEnvironment({ ...parts, set: { [name]: value } });
    expect(exposed).toEqual(isNamed ? [name] : []);
  });
  it("names what was let in and written out once", () => {
    const set = { GITHUB_TOKEN: `ghp_${"abcdefghij".repeat(4)}` };
    expect(buildEnvironment({ ...parts, pass: ["GITHUB_TOKEN"], set }).exposed).toEqual(["GITHUB_TOKEN"]);
  });
  it("keeps Ringfence's own names from being set", () => {
    const { variables } = buildEnvironment({ ...parts, set: { RINGFENCE: "0", CI: "1" } });
    expect(variables).toMatchObject({ RINGFENCE: "1", CI: "1" });
  });
  it("knows the terminal only where there is one", () => {
    expect(buildEnvironment({ ...parts, terminal: true }).variables["TERM"]).toBe("tmux");
  });
});
