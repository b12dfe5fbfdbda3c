// The fence's SSH agent (CRED-4) before a real ssh-agent and a real sshd: one key logs in at one host, and everything else that an agent can be asked for is
// refused. First the protocol, then a whole session.

import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RecordBody } from "#core/log";
import { openSshAgent, type SshAgent } from "#credentials";
import { callersIn } from "../support/caller.ts";
import { helperPath } from "../support/installation.ts";
import { missing, needs } from "../support/needs.ts";
import { recordsOf } from "../support/session-records.ts";
import { type SshScene, sshScene } from "../support/ssh-scene.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-ssh-")));
chmodSync(folder, 0o755);
const [caller] = callersIn(folder).slice(-1);
if (caller === undefined) throw new Error("nobody to test as");
const HOSTS = ["git.test", "other.test"] as const;
let scene: SshScene | undefined;
beforeAll(async () => {
  if (missing("sshd") === undefined) scene = await sshScene(caller, HOSTS);
});
afterAll(() => {
  scene?.close();
  execFileSync(helperPath, ["remove", folder]);
});

function theScene(): SshScene {
  if (scene === undefined) throw new Error("no scene");
  return scene;
}

const text = (value: Buffer | string): Buffer => {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const flag = (value: boolean): Buffer => Buffer.of(value ? 1 : 0);

/** A host's key, made here: what it says is what a host would say. */
function hostKey(): { readonly blob: Buffer; readonly signed: (data: Buffer) => Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "jwk" }).x ?? "";
  const blob = Buffer.concat([text("ssh-ed25519"), text(Buffer.from(raw, "base64url"))]);
  return { blob, signed: (data) => Buffer.concat([text("ssh-ed25519"), text(sign(null, data, privateKey))]) };
}

/** What one connection to an agent is answered, message by message. */
async function ask(path: string, messages: readonly Buffer[]): Promise<readonly Buffer[]> {
  const socket = net.connect(path);
  socket.write(Buffer.concat(messages.map(text)));
  const answers: Buffer[] = [];
  let rest = Buffer.alloc(0);
  await new Promise<void>((done, failed) => {
    socket.setTimeout(5_000, () => failed(new Error("no answer")));
    socket.once("error", failed);
    socket.once("close", () => done());
    socket.on("data", (piece: Buffer) => {
      rest = Buffer.concat([rest, piece]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
        answers.push(rest.subarray(4, 4 + rest.readUInt32BE()));
        rest = rest.subarray(4 + rest.readUInt32BE());
      }
      if (answers.length === messages.length) socket.end(() => done());
    });
  });
  socket.destroy();
  return answers;
}

describe("the protocol", () => {
  const named = hostKey();
  const stranger = hostKey();
  const session = createHash("sha256").update("a session").digest();
  const records: RecordBody[] = [];
  let agent: SshAgent | undefined;
  let isFull = false;
  const socketPath = join(folder, "protocol.sock");
  let deploy: Buffer = Buffer.alloc(0);
  let personal: Buffer = Buffer.alloc(0);
  beforeAll(async () => {
    if (scene === undefined) return;
    const blob = (name: string): Buffer =>
      Buffer.from(readFileSync(join(theScene().repository, `../${name}.pub`), "utf8").split(" ")[1] ?? "", "base64");
    deploy = blob("deploy");
    personal = blob("personal");
    const opened = await openSshAgent({
      ...{ socketPath, upstream: theScene().agent },
      grants: [{ name: "deploy", keys: ["deploy"], hosts: [{ host: HOSTS[0], keys: [named.blob] }] }],
      append: async (body) => {
        if (isFull) throw new Error("the disk is full");
        return records.push(body);
      },
    });
    if (opened.ok) agent = opened.value;
  });
  afterAll(async () => agent?.close());
  beforeEach((context) => {
    needs(context, "sshd", "user");
    records.length = 0;
    isFull = false;
  });

  const bind = (
    key: ReturnType<typeof hostKey>,
    changes: { forwarding?: boolean; session?: Buffer; by?: ReturnType<typeof hostKey> } = {},
  ): Buffer => {
    const bound = changes.session ?? session;
    return Buffer.concat([
      ...[Buffer.of(27), text("session-bind@openssh.com"), text(key.blob), text(bound)],
      ...[text((changes.by ?? key).signed(session)), flag(changes.forwarding === true)],
    ]);
  };
  const login = (
    changes: {
      session?: Buffer;
      key?: Buffer;
      method?: string;
      service?: string;
      signs?: boolean;
      hostKey?: Buffer;
      more?: Buffer;
      type?: number;
    } = {},
  ): Buffer =>
    Buffer.concat([
      ...[
        text(changes.session ?? session),
        Buffer.of(changes.type ?? 50),
        text("git"),
        text(changes.service ?? "ssh-connection"),
      ],
      ...[
        text(changes.method ?? "publickey"),
        flag(changes.signs ?? true),
        text("ssh-ed25519"),
        text(changes.key ?? deploy),
      ],
      ...(changes.hostKey === undefined ? [] : [text(changes.hostKey)]),
      ...(changes.more === undefined ? [] : [changes.more]),
    ]);
  const signRequest = (data: Buffer, key: Buffer = deploy): Buffer =>
    Buffer.concat([Buffer.of(13), text(key), text(data), Buffer.alloc(4)]);

  test("a login at the named host is signed, and on record before it is", async () => {
    const answers = await ask(socketPath, [bind(named), signRequest(login())]);
    expect(answers.map((answer) => answer[0])).toEqual([6, 14]);
    expect(records.map(({ data }) => data)).toEqual([
      expect.objectContaining({ credential: "deploy", act: "ssh-login", host: HOSTS[0], user: "git" }),
    ]);
    const hostBound = login({ method: "publickey-hostbound-v00@openssh.com", hostKey: named.blob });
    expect((await ask(socketPath, [bind(named), signRequest(hostBound)]))[1]?.[0]).toBe(14);
  });

  test("only named keys are shown; the person's agent has more", async () => {
    const count = async (path: string): Promise<number | undefined> =>
      (await ask(path, [Buffer.of(11)]))[0]?.readUInt32BE(1);
    expect([await count(theScene().agent), await count(socketPath)]).toEqual([2, 1]);
  });

  const refused: readonly (readonly [string, () => readonly Buffer[]])[] = [
    ["a login that no host vouched for", () => [signRequest(login())]],
    ["a login at a host that is not named", () => [bind(stranger), signRequest(login())]],
    ["a named host's key with another's signature", () => [bind(named, { by: stranger }), signRequest(login())]],
    [
      "a session that the host did not sign",
      () => [bind(named, { session: Buffer.alloc(32) }), signRequest(login({ session: Buffer.alloc(32) }))],
    ],
    ["another session than the bound one", () => [bind(named), signRequest(login({ session: Buffer.alloc(32) }))]],
    ["a login on a connection that was led on", () => [bind(named, { forwarding: true }), signRequest(login())]],
    [
      "a login on a connection that was bound and then led on",
      () => [bind(named), bind(stranger, { forwarding: true }), signRequest(login())],
    ],
    [
      "a host-bound login at another host",
      () => [
        bind(named),
        signRequest(login({ method: "publickey-hostbound-v00@openssh.com", hostKey: stranger.blob })),
      ],
    ],
    [
      "a host-bound login without its host",
      () => [bind(named), signRequest(login({ method: "publickey-hostbound-v00@openssh.com" }))],
    ],
    ["a key that is not named", () => [bind(named), signRequest(login({ key: personal }), personal)]],
    ["a login with another key's name in it", () => [bind(named), signRequest(login({ key: personal }))]],
    ["raw bytes", () => [bind(named), signRequest(Buffer.from("sign this"))]],
    ["nothing", () => [bind(named), signRequest(Buffer.alloc(0))]],
    [
      "a file's signature (sshsig)",
      () => [
        bind(named),
        signRequest(Buffer.concat([Buffer.from("SSHSIG"), text("git"), text(""), text("sha512"), text(session)])),
      ],
    ],
    ["a login with something behind it", () => [bind(named), signRequest(login({ more: Buffer.of(0) }))]],
    ["a login to another service", () => [bind(named), signRequest(login({ service: "ssh-userauth" }))]],
    ["a login by host-based authentication", () => [bind(named), signRequest(login({ method: "hostbased" }))]],
    ["a login that signs nothing", () => [bind(named), signRequest(login({ signs: false }))]],
    ["another message than a login", () => [bind(named), signRequest(login({ type: 51 }))]],
    ["a sign request cut short", () => [bind(named), signRequest(login()).subarray(0, -1)]],
    [
      "a sign request with something behind it",
      () => [bind(named), Buffer.concat([signRequest(login()), Buffer.of(0)])],
    ],
    ["a key to be added", () => [Buffer.concat([Buffer.of(17), text("ssh-ed25519")])]],
    ["a constrained key to be added", () => [Buffer.concat([Buffer.of(25), text("ssh-ed25519")])]],
    ["a card to be added", () => [Buffer.concat([Buffer.of(20), text("/tmp/x.so"), text("")])]],
    ["all keys to be removed", () => [Buffer.of(19)]],
    ["one key to be removed", () => [Buffer.concat([Buffer.of(18), text(deploy)])]],
    ["to be locked", () => [Buffer.concat([Buffer.of(22), text("x")])]],
    ["another extension", () => [Buffer.concat([Buffer.of(27), text("query")])]],
    ["a request of protocol 1", () => [Buffer.of(1)]],
  ];
  test.each(refused)("%s is refused", async (_name, messages) => {
    const answers = await ask(socketPath, messages());
    expect(answers.at(-1)).toEqual(Buffer.of(5));
    expect(records.filter(({ data }) => data["act"] === "ssh-login")).toEqual([]);
    expect((await ask(theScene().agent, [Buffer.of(11)]))[0]?.readUInt32BE(1)).toBe(2);
  });

  test("what is bound on one connection does not hold on another", async () => {
    expect((await ask(socketPath, [bind(named)]))[0]?.[0]).toBe(6);
    expect((await ask(socketPath, [signRequest(login())]))[0]?.[0]).toBe(5);
  });

  test("what cannot be recorded is not signed", async () => {
    isFull = true;
    expect((await ask(socketPath, [bind(named), signRequest(login())]))[1]?.[0]).toBe(5);
  });

  test("a message that is too long, or has no length, ends the connection", async () => {
    for (const bytes of [Buffer.from("ffffffff", "hex"), Buffer.alloc(4)]) {
      const socket = net.connect(socketPath);
      socket.write(bytes);
      await new Promise<void>((done) => socket.resume().once("close", () => done()));
    }
    expect((await ask(socketPath, [Buffer.of(11)]))[0]?.[0]).toBe(12);
  });
});

describe("a session", () => {
  beforeEach((context) =>
    needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper", "git", "sshd", "user"),
  );

  const policy = (keys: string, hosts: string): string => {
    const { otherPort, port } = theScene();
    const file = join(folder, "policy.yaml");
    const privates = HOSTS.map((host) => `{ host: ${host}, cidr: 127.0.0.1/32, reason: "the test's own server" }`);
    writeFileSync(
      file,
      `sandbox: { network: { allow: ["${HOSTS[0]}:${port}", "${HOSTS[1]}:${otherPort}"], allowPrivate: [${privates}] } }
credentials: [{ name: deploy, ssh: { keys: [${keys}], hosts: ["${hosts}"] } }]
`,
    );
    return file;
  };
  const run = (
    script: string,
    file: string,
    env: Record<string, string> = { SSH_AUTH_SOCK: theScene().agent },
  ): ReturnType<typeof caller.ringfence> => {
    const cwd = caller.folder("work");
    return caller.ringfence(["run", "--policy", file, "--", "bash", "-c", script], { cwd, env });
  };

  test("pushes by SSH to the named host with the named key, and nothing else", (context) => {
    // known_hosts is that of the passwd entry's home: only a user made for the test has one that may be written
    needs(context, "root");
    const { otherPort, port, repository, user } = theScene();
    const batch = "ssh -o BatchMode=yes -o StrictHostKeyChecking=no";
    const { stdout, stderr } = run(
      `cd $HOME; git init -q . && git -c user.name=a -c user.email=a@b.test commit -q --allow-empty -m inside
       ssh-add -L | cut -d' ' -f3
       git push -q ssh://${user}@${HOSTS[0]}:${port}${repository} HEAD:pushed && echo pushed
       ${batch} -p ${otherPort} ${user}@${HOSTS[1]} echo elsewhere || echo refused
       ssh-add -L > key.pub; echo x > file; ssh-keygen -q -Y sign -f key.pub -n file file || echo unsigned
       ssh-add -q -D || echo kept
       ${batch} -A -p ${port} ${user}@${HOSTS[0]} 'ssh-add -L' | grep -c ssh-
       true`,
      policy("deploy", `${HOSTS[0]}:${port}`),
    );
    expect(stdout).toMatch(/^deploy\npushed\nrefused\nunsigned\nkept\n0\n/);
    expect(stderr).toContain("agent refused operation");
    expect(caller.outside(["git", "-C", repository, "log", "--format=%s", "pushed"], { cwd: folder }).stdout).toBe(
      "inside\n",
    );
    const records = recordsOf(caller);
    const said = records.map(({ data }) => data);
    expect(said).toContainEqual(
      expect.objectContaining({
        ...{ credential: "deploy", act: "ssh-login", host: expect.stringContaining("[git.test]") },
      }),
    );
    for (const reason of ["ssh-host-not-named", "ssh-no-login"])
      expect(said).toContainEqual(expect.objectContaining({ reason }));
    expect(existsSync(join(caller.state, "ringfence/sessions", records[0]?.session ?? ""))).toBe(false);
  });

  test("the control: outside both keys log in at both hosts", () => {
    const { agent, otherPort, port, user } = theScene();
    for (const at of [port, otherPort])
      expect(
        caller.outside(
          [
            "ssh",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-p",
            `${at}`,
            `${user}@127.0.0.1`,
            "echo in",
          ],
          {
            cwd: folder,
            env: { SSH_AUTH_SOCK: agent },
          },
        ).stdout,
      ).toBe("in\n");
  });

  test("without an agent, or with a host that nobody knows, nothing runs", () => {
    const file = policy("deploy", `${HOSTS[0]}:${theScene().port}`);
    expect(run("echo ran", file, {})).toMatchObject({
      status: 125,
      stdout: "",
      stderr: expect.stringContaining("none runs"),
    });
    const unknown = policy("deploy", "nobody.test");
    expect(run("echo ran", unknown)).toMatchObject({
      status: 125,
      stdout: "",
      stderr: expect.stringContaining("in your known_hosts"),
    });
  });
});
