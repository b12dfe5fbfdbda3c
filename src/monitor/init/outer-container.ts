// What `init --devcontainer` and `init --compose` write: containers in which a fence can be made, with as little given away for it as that takes. Pure.
// Tried for real in podman: the engine's usual profile refuses the fence's namespaces, and its masks over /proc keep the kernel from making a new one.
// So both get a seccomp profile of ours instead of none, and an unmasked /proc, which the fence covers itself for the agent.
import { stringify } from "yaml";
import { type Architecture, containerProfile } from "#core/sandbox";

/** One file to write, its path relative to the repository. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** Debian packages that a run needs. Of Debian 13: the Node of 12 is older than a run needs. */
const PACKAGES = "bubblewrap ca-certificates gcc git libc6-dev make nodejs npm";

const COMPOSE = "compose.ringfence.yaml";
const SECCOMP = "ringfence-seccomp.json";

function profile(folder: string, architecture: Architecture): NewFile {
  return { path: `${folder}${SECCOMP}`, text: `${containerProfile(architecture)}\n` };
}

/** What makes the container is not for the container to change: the next start would give it what it wrote. */
const OWN = ".devcontainer";

/** A devcontainer with a local feature that brings what Ringfence needs. */
export function devcontainerFiles(architecture: Architecture): readonly NewFile[] {
  const container = {
    name: "ringfence",
    image: "mcr.microsoft.com/devcontainers/base:trixie",
    features: { "./ringfence": {} },
    mounts: [`source=\${localWorkspaceFolder}/${OWN},target=\${containerWorkspaceFolder}/${OWN},type=bind,readonly`],
    runArgs: securityOptions(`\${localWorkspaceFolder}/.devcontainer/${SECCOMP}`).flatMap((option) => [
      "--security-opt",
      option,
    ]),
    remoteUser: "vscode",
  };
  const feature = {
    id: "ringfence",
    version: "1.0.0",
    name: "What `ringfence run` needs",
    description: "bubblewrap, a compiler for the helper, git and node. Ringfence itself is cloned by a person.",
    installsAfter: ["ghcr.io/devcontainers/features/common-utils"],
  };
  const install = `#!/bin/sh
# Runs once, as root, while the container is built. It installs packages and nothing else.
set -eu
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${PACKAGES}
rm -rf /var/lib/apt/lists/*
`;
  return [
    { path: ".devcontainer/devcontainer.json", text: json(container) },
    { path: ".devcontainer/ringfence/devcontainer-feature.json", text: json(feature) },
    { path: ".devcontainer/ringfence/install.sh", text: install },
    profile(".devcontainer/", architecture),
  ];
}

/** A compose file: the agent's container on a network that ends at the proxy, and the proxy, which lets named hosts through and nothing private. */
export function composeFiles(architecture: Architecture): readonly NewFile[] {
  const hardened = {
    read_only: true,
    cap_drop: ["ALL"],
    pids_limit: 4096,
    mem_limit: "4g",
    cpus: 2,
    ipc: "private",
    restart: "no",
  };
  const compose = {
    services: {
      agent: {
        build: { context: ".", dockerfile_inline: dockerfile() },
        ...hardened,
        user: "1000:1000",
        security_opt: ["no-new-privileges:true", ...securityOptions(`./${SECCOMP}`)],
        networks: ["inside"],
        environment: Object.fromEntries(
          ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].map((name) => [name, "http://proxy:3128"]),
        ),
        tmpfs: ["/tmp:mode=1777,size=1g", "/home/agent:uid=1000,gid=1000,mode=0700,size=2g"],
        // What makes the container is not for the container to change: the next start would give it what it wrote.
        volumes: [".:/workspace", ...[COMPOSE, SECCOMP].map((own) => `./${own}:/workspace/${own}:ro`)],
        working_dir: "/workspace",
        command: ["sleep", "infinity"],
        depends_on: ["proxy"],
      },
      proxy: {
        build: { context: ".", dockerfile_inline: proxyDockerfile() },
        ...hardened,
        pids_limit: 256,
        mem_limit: "512m",
        user: "proxy",
        security_opt: ["no-new-privileges:true"],
        networks: ["inside", "outside"],
        tmpfs: ["/run:mode=1777,size=16m", "/tmp:mode=1777,size=16m"],
        configs: [{ source: "allowed", target: "/etc/squid/squid.conf" }],
      },
    },
    networks: { inside: { internal: true }, outside: {} },
    configs: { allowed: { content: squidConfiguration() } },
  };
  return [
    // Some engines read YAML 1.1, where a bare `no` is false.
    { path: COMPOSE, text: `${COMPOSE_HEAD}${stringify(compose, { lineWidth: 0, compat: "yaml-1.1" })}` },
    profile("", architecture),
  ];
}

const COMPOSE_HEAD = `# Written by \`ringfence init --compose\`; yours from now on. docker compose -f ${COMPOSE} up -d --build
# The agent's container has no way out but the proxy, and the proxy lets through the hosts of \`allowed\` below, which you name.
# A fence inside it works too (\`ringfence run\`), with its own record and review, but without a network: its proxy cannot go through another one.
`;

/** Where /proc and AppArmor stand in the fence's way. Docker's words; podman has \`unmask=ALL\` for the second. */
function securityOptions(profilePath: string): readonly string[] {
  return [`seccomp=${profilePath}`, "systempaths=unconfined", "apparmor=unconfined"];
}

function dockerfile(): string {
  return `FROM debian:13-slim
RUN apt-get update && apt-get install -y --no-install-recommends ${PACKAGES} && rm -rf /var/lib/apt/lists/* \\
 && useradd --uid 1000 --home-dir /home/agent --create-home agent
USER 1000:1000
`;
}

function proxyDockerfile(): string {
  return `FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends squid && rm -rf /var/lib/apt/lists/*
ENTRYPOINT ["/usr/sbin/squid", "-N", "-f", "/etc/squid/squid.conf"]
`;
}

// The first rule that matches decides. Only names that are allowed are ever looked up (`-n` and the order see to it): a lookup is a way out, too. What
// they resolve to must not be private.
function squidConfiguration(): string {
  return `http_port 3128
pid_filename none
cache deny all
access_log stdio:/dev/stdout
cache_log /dev/stderr
acl private dst 0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 198.18.0.0/15 224.0.0.0/3
acl private dst ::/127 64:ff9b::/96 fc00::/7 fe80::/10 ff00::/8
acl web port 80 443
acl tls port 443
acl CONNECT method CONNECT
# The hosts that the agent may reach, one a word; \`.example.com\` is every name below it.
acl allowed dstdomain -n api.example.invalid
http_access deny !web
http_access deny CONNECT !tls
http_access deny !allowed
http_access deny private
http_access allow allowed
http_access deny all
`;
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
