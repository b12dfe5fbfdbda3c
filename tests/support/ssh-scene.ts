// Two SSH servers on loopback, a person's agent with two keys, and a known_hosts: everything below one folder, as one caller.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Caller } from "./caller.ts";

/** A running one. */
export interface SshScene {
  /** Ports of the two servers; both let both keys in. */
  readonly port: number;
  readonly otherPort: number;
  /** Where the person's agent listens, and its keys' comments. */
  readonly agent: string;
  /** Whom to log in as. */
  readonly user: string;
  /** The bare repository on it. */
  readonly repository: string;
  close(): void;
}

/** Where Debian has it; sshd wants to be called by its whole path. */
const SSHD = "/usr/sbin/sshd";

/** Starts it. `names` are the two hosts as known_hosts has them. */
export async function sshScene(caller: Caller, names: readonly [string, string]): Promise<SshScene> {
  const folder = caller.folder("ssh");
  const at = (name: string): string => join(folder, name);
  const said = caller.outside(
    [
      "sh",
      "-ec",
      `cd ${folder}; git init -q --bare repository.git; mkdir -p ${caller.home}/.ssh
       ssh-keygen -q -t ed25519 -N '' -f host; ssh-keygen -q -t ecdsa -N '' -f other-host
       ssh-keygen -q -t ed25519 -N '' -C deploy -f deploy; ssh-keygen -q -t rsa -b 2048 -N '' -C personal -f personal
       cat deploy.pub personal.pub > authorized; id -un`,
    ],
    { cwd: folder },
  );
  const ports = [await freePort(), await freePort()] as const;
  const children: ChildProcess[] = [];
  const start = (argv: readonly string[]): void => {
    const [file = "", ...args] = caller.as(argv);
    children.push(spawn(file, args, { env: caller.env, stdio: "ignore" }));
  };
  for (const [index, key] of ["host", "other-host"].entries()) {
    const lines = [
      `Port ${ports[index]}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${at(key)}`,
      `AuthorizedKeysFile ${at("authorized")}`,
      ...["UsePAM no", "StrictModes no", "PidFile none"],
    ];
    writeFileSync(at(`${key}.conf`), `${lines.join("\n")}\n`);
    start([SSHD, "-D", "-f", at(`${key}.conf`)]);
  }
  const agent = at("agent.sock");
  start(["ssh-agent", "-D", "-a", agent]);
  for (let tries = 0; !existsSync(agent) && tries < 100; tries++) await sleep(50);
  const added = caller.outside(["ssh-add", "-q", at("deploy"), at("personal")], {
    cwd: folder,
    env: { SSH_AUTH_SOCK: agent },
  });
  if (added.status !== 0) throw new Error(`no agent: ${added.stderr}${said.stderr}`);
  const keyOf = (name: string): string =>
    readFileSync(at(`${name}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  const known = [`[${names[0]}]:${ports[0]} ${keyOf("host")}`, `[${names[1]}]:${ports[1]} ${keyOf("other-host")}`];
  writeFileSync(join(caller.home, ".ssh/known_hosts"), `${known.join("\n")}\n`);
  return {
    ...{ port: ports[0], otherPort: ports[1], agent, user: said.stdout.trim(), repository: at("repository.git") },
    close: () => {
      for (const child of children) {
        // `as` may stand in between: the process itself is its only child.
        const below =
          child.pid === undefined
            ? ""
            : execFileSync("ps", ["-o", "pid=", "--ppid", `${child.pid}`, "--pid", `${child.pid}`], {
                encoding: "utf8",
              });
        for (const pid of below.split("\n").filter(Boolean)) process.kill(Number(pid), "SIGTERM");
      }
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
