// One program against the server outside whose TLS is read: outside first, where its POST arrives, then inside, by the proxy's variables and without
// them, where its GET arrives and its POST is refused; and both are on record with the name and the program.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, type TestContext } from "vitest";
import { javaStore } from "../../src/egress/inspect/java-store.ts";
import { parseBundle } from "../../src/egress/inspect/roots.ts";
import type { Caller } from "./caller.ts";
import { HOST, type InspectWorld } from "./inspect-world.ts";
import { recordsOf } from "./session-records.ts";

/** A program. `$U` is the server's address, `$P` the program where it was fetched; `get` may be asked, `post` may not. */
export interface Runtime {
  readonly name: string;
  /** The end of the path of the program that connects, as the record names it. */
  readonly exe: RegExp;
  /** Fails where it is not installed. */
  readonly probe: string;
  readonly get: string;
  readonly post: string;
  /** What the GET says. */
  readonly says: RegExp;
  /** What the refused one says; the status or the reason. */
  readonly refusal?: RegExp;
  /** What the control says of the POST outside, where that is not the server's echo. */
  readonly control?: RegExp;
  /** Set where it reads no variable: for the control the system's bundle is covered, in a mount namespace of its own. */
  readonly trustsBundleOnly?: boolean;
  /** What it needs beside it. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What the server echoes to an allowed GET. */
export const SERVED: RegExp = /served GET \/ok\/g 0/;
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const REFUSED = /method-not-allowed|\b403\b/;

/** Where it is shown. */
export interface Stage {
  readonly world: InspectWorld;
  readonly caller: Caller;
  /** Of the test; everybody may enter it. */
  readonly folder: string;
  /** A program that was fetched. */
  readonly program?: string;
  /** Puts more beside the program. */
  readonly prepare?: (place: string) => void;
}

/** Shows it; skips, with the reason, what is not installed. */
export function showRuntime(context: TestContext, runtime: Runtime, stage: Stage): void {
  const { caller, world, folder, program } = stage;
  const { name, probe, get, post, says, refusal = REFUSED, control = /served P\w+ \/ok\/p/ } = runtime;
  const named = name.replaceAll(/\W+/g, "-");
  const [cwd, outside] = [caller.folder(named), caller.folder(`${named}-outside`)];
  for (const place of [cwd, outside]) {
    for (const [file, text] of Object.entries(runtime.files ?? {})) writeFileSync(join(place, file), text);
    stage.prepare?.(place);
  }
  const P = program ?? "";
  const probed = caller.outside(["sh", "-c", probe], { cwd, env: { P } });
  context.skip(probed.status !== 0, `needs ${name}: ${probed.stderr.trim().split("\n")[0]}`);
  const url = `https://localhost:${world.port}`;
  const cover = `cat ${BUNDLE} $SSL_CERT_FILE >both.pem; mount --bind both.pem ${BUNDLE}; `;
  const argv = runtime.trustsBundleOnly === true ? ["unshare", "-Urm", "sh", "-c", cover + post] : ["sh", "-c", post];
  const act = (): string => {
    const { stdout, stderr } = caller.outside(argv, { cwd: outside, env: { ...trusting(world, folder), U: url, P } });
    return stdout + stderr;
  };
  expect(asked(act, (said) => control.test(said))).toMatch(control);

  const before = world.requests().length;
  // The second time in a fresh copy, as one who knows of no proxy.
  const script = `export U=https://${HOST}:${world.port} P=${P}; T=$(mktemp -d); cp -R . $T/; (${get}); echo =====; (${post})
    echo =====; cd $T; unset $(env | sed -n 's/^\\([A-Za-z_]*proxy\\)=.*/\\1/Ip'); (${get}); echo =====; ${post}`;
  const read = program === undefined ? [] : ["--allow-read", dirname(program)];
  const run = ["run", "--quiet", "--policy", world.policyFile, ...read, "--", "sh", "-c", script];
  const env = { SSL_CERT_FILE: world.caFile, NODE_EXTRA_CA_CERTS: world.caFile };
  const inside = (): Said => {
    const { stdout, stderr } = caller.ringfence(run, { cwd, env, timeoutMs: 150_000 });
    const [got = "", refused = "", gotTurned = "", refusedTurned = ""] = stdout.split("=====");
    return { got, refused, gotTurned, refusedTurned, stderr };
  };
  const heard = ({ got, gotTurned, refused, refusedTurned, stderr }: Said): boolean =>
    says.test(got) &&
    says.test(gotTurned) &&
    refusal.test(`${refused}${stderr}`) &&
    refusal.test(`${refusedTurned}${stderr}`);
  const { got, refused, gotTurned, refusedTurned, stderr } = asked(inside, heard);
  const [wanted, no] = [expect.stringMatching(says), expect.stringMatching(refusal)];
  expect({ got, gotTurned, stderr }).toEqual({ got: wanted, gotTurned: wanted, stderr: expect.anything() });
  expect([refused, refusedTurned].map((text) => `${text}${stderr}`)).toEqual([no, no]);
  const arrived = world.requests().slice(before);
  expect(arrived.length).toBeGreaterThan(1);
  for (const { method, url: asked } of arrived) expect(`${method} ${asked}`).toMatch(/^(GET|HEAD) \/ok\//);
  expectOnRecord(stage, runtime);
}

type Said = Readonly<Record<"got" | "refused" | "gotTurned" | "refusedTurned" | "stderr", string>>;

/** Programs have times of their own for a connection, and a busy machine has others: what did not come as far as an answer is asked again. */
function asked<T>(act: () => T, heard: (said: T) => boolean): T {
  let said = act();
  for (let again = 0; again < 2 && !heard(said); again += 1) said = act();
  return said;
}

function expectOnRecord({ caller }: Stage, { exe }: Runtime): void {
  const records = recordsOf(caller, "net.*");
  for (const type of ["net.connect", "net.blocked"]) {
    const programs = records
      .filter((record) => record.type === type && record.data["host"] === HOST)
      .map(({ actor }) => actor?.exe ?? "nobody");
    expect(programs.length, type).toBeGreaterThan(1);
    expect(programs).toEqual(programs.map(() => expect.stringMatching(exe)));
  }
}

/** The variables by which the control is told whom to trust, as a person would set them. */
function trusting({ caFile: file }: InspectWorld, folder: string): Readonly<Record<string, string>> {
  const { certificates } = parseBundle(readFileSync(file, "utf8"));
  const made = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  return {
    ...{ SSL_CERT_FILE: file, NODE_EXTRA_CA_CERTS: file, CURL_CA_BUNDLE: file, REQUESTS_CA_BUNDLE: file },
    ...{ PIP_CERT: file, GIT_SSL_CAINFO: file, CARGO_HTTP_CAINFO: file, npm_config_cafile: file },
    JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${made("cacerts", javaStore(certificates, new Date()))}`,
    WGETRC: made("wgetrc", `ca_certificate = ${file}\n`),
    APT_CONFIG: made("apt.conf", `Acquire::https::CaInfo "${file}";\n`),
  };
}
