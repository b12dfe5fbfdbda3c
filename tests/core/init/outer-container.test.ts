// What `init --devcontainer` and `--compose` write: valid, closed, and no line that gives the host away.
import { expect, test } from "vitest";
import { parse } from "yaml";
import { composeFiles, devcontainerFiles } from "../../../src/monitor/init/outer-container.ts";

const fileOf = (files: ReturnType<typeof composeFiles>, path: string): string =>
  files.find((file) => file.path === path)?.text ?? "";

test("the devcontainer: its feature, its profile, and three options that a fence needs", () => {
  const files = devcontainerFiles("x64");
  expect(files.map(({ path }) => path)).toEqual([
    ".devcontainer/devcontainer.json",
    ".devcontainer/ringfence/devcontainer-feature.json",
    ".devcontainer/ringfence/install.sh",
    ".devcontainer/ringfence-seccomp.json",
  ]);
  expect(JSON.parse(fileOf(files, ".devcontainer/devcontainer.json"))).toEqual({
    name: "ringfence",
    image: "mcr.microsoft.com/devcontainers/base:trixie",
    features: { "./ringfence": {} },
    runArgs: [
      "--security-opt",
      "seccomp=${localWorkspaceFolder}/.devcontainer/ringfence-seccomp.json",
      ...["--security-opt", "systempaths=unconfined", "--security-opt", "apparmor=unconfined"],
    ],
    mounts: [
      "source=${localWorkspaceFolder}/.devcontainer,target=${containerWorkspaceFolder}/.devcontainer,type=bind,readonly",
    ],
    remoteUser: "vscode",
  });
  expect(JSON.parse(fileOf(files, ".devcontainer/ringfence/devcontainer-feature.json"))).toMatchObject({
    id: "ringfence",
    version: "1.0.0",
  });
  expect(fileOf(files, ".devcontainer/ringfence/install.sh")).toMatch(
    /^#!\/bin\/sh\n[\s\S]*apt-get install[\s\S]*bubblewrap/,
  );
});

test("the compose file: closed, limited, with one way out", () => {
  const compose = parse(fileOf(composeFiles("x64"), "compose.ringfence.yaml"));
  const { agent, proxy } = compose.services;
  for (const service of [agent, proxy]) {
    expect(service).toMatchObject({ read_only: true, cap_drop: ["ALL"], mem_limit: expect.any(String), restart: "no" });
    expect(service.security_opt).toContain("no-new-privileges:true");
    expect(service.pids_limit).toBeGreaterThan(0);
    expect(service).not.toHaveProperty("privileged");
    expect(service).not.toHaveProperty("ports");
    expect(service).not.toHaveProperty("cap_add");
    expect(service).not.toHaveProperty("healthcheck");
    expect(JSON.stringify(service)).not.toContain("docker.sock");
  }
  expect(agent).toMatchObject({ user: "1000:1000", networks: ["inside"] });
  expect(agent.volumes).toEqual([
    ".:/workspace",
    "./compose.ringfence.yaml:/workspace/compose.ringfence.yaml:ro",
    "./ringfence-seccomp.json:/workspace/ringfence-seccomp.json:ro",
  ]);
  expect(fileOf(composeFiles("x64"), "compose.ringfence.yaml")).toContain('restart: "no"');
  expect(agent.security_opt).toEqual([
    ...["no-new-privileges:true", "seccomp=./ringfence-seccomp.json"],
    ...["systempaths=unconfined", "apparmor=unconfined"],
  ]);
  expect(proxy.networks).toEqual(["inside", "outside"]);
  expect(compose.networks).toEqual({ inside: { internal: true }, outside: {} });
});

test("the proxy: only allowed names are looked up, and then only public addresses are dialled", () => {
  const compose = parse(fileOf(composeFiles("x64"), "compose.ringfence.yaml"));
  const access = compose.configs.allowed.content.split("\n").filter((line: string) => line.startsWith("http_access"));
  expect(access).toEqual([
    "http_access deny !web",
    "http_access deny CONNECT !tls",
    "http_access deny !allowed",
    "http_access deny private",
    "http_access allow allowed",
    "http_access deny all",
  ]);
  expect(compose.configs.allowed.content).toContain("acl allowed dstdomain -n ");
  for (const range of ["10.0.0.0/8", "169.254.0.0/16", "fc00::/7", "64:ff9b::/96"])
    expect(compose.configs.allowed.content).toContain(range);
});

test("the profile is one for each machine, and refuses what loads code into the kernel", () => {
  for (const architecture of ["x64", "arm64"] as const) {
    const text = fileOf(composeFiles(architecture), "ringfence-seccomp.json");
    expect(JSON.parse(text).defaultAction).toBe("SCMP_ACT_ERRNO");
    expect(text).not.toMatch(/"(bpf|init_module|kexec_load|io_uring_setup)"/);
  }
});
