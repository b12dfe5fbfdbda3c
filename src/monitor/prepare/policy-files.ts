// Reads the policy's layers from the disk and keeps the list of files a person accepted (PERM-6). Parsing and merging are core's.
import { createHash } from "node:crypto";
import { constants, realpathSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { type LayerText, type LoadedPolicy, loadPolicy, MAX_POLICY_CHARACTERS, type ServerWords } from "#core/policy";

/** The managed file. Only root can write it; nothing below loosens what it sets. */
export const MANAGED_POLICY = "/etc/ringfence/policy.yaml";

/** Where to look. Nothing is read from the environment here. */
export interface PolicyPlaces {
  readonly workspaceRoot: string;
  readonly stateDir: string;
  /** The home directory of the passwd entry, not of the environment. */
  readonly home: string;
  /** `--policy FILE`, absolute. Naming a file is the person's word for it, wherever it stands. */
  readonly policyFile?: string;
  /** What the options of the command line say, in the shape of a policy file. */
  readonly commandLine?: object;
  /** The MCP server to which the layers speak; the agent where there is none. */
  readonly server?: ServerWords;
  /** For tests: another place than `/etc/ringfence/policy.yaml`. */
  readonly managedFile?: string;
}

/** Reads every layer and merges. A layer that exists and cannot be read is a problem, never an absent one. */
export async function readPolicy(places: PolicyPlaces): Promise<Result<LoadedPolicy, readonly Problem[]>> {
  const layers = await readLayers(places);
  return layers.ok ? loadPolicy(layers.value, places.server) : layers;
}

/** The layers as texts, each with its digest and whether a person accepted it. */
export async function readLayers(places: PolicyPlaces): Promise<Result<readonly LayerText[], readonly Problem[]>> {
  const accepted = await readAccepted(places.stateDir);
  if (!accepted.ok) return err([accepted.error]);
  const named = places.policyFile === undefined ? undefined : resolve(places.policyFile);
  const layers: LayerText[] = [];
  const problems: Problem[] = [];
  if (places.commandLine !== undefined && Object.keys(places.commandLine).length > 0) {
    const text = JSON.stringify(places.commandLine);
    layers.push({ name: "command-line", file: "command line", text, digest: sha256(Buffer.from(text)), trusted: true });
  }
  for (const { name, file } of layerFiles(places)) {
    // named by the person: read once, as their word; but the managed file stays what it is, whoever names it
    if (file === named && name !== "command-line" && name !== "managed") continue;
    const workspaceFile = name === "local" || name === "project";
    const read = await readPolicyFile(file, { followLinks: !workspaceFile });
    if (!read.ok) problems.push(read.error);
    else if (read.value !== undefined)
      layers.push({ name, file, ...read.value, trusted: !workspaceFile || accepted.value[file] === read.value.digest });
    else if (name === "command-line")
      problems.push({
        code: "policy-unreadable",
        message: `there is no file \`${file}\``,
        hint: "check the path after `--policy`",
      });
  }
  return problems.length > 0 ? err(problems) : ok(layers);
}

/** Every file whose contents a policy depends on, whether or not it is there. */
export function policyFiles(places: PolicyPlaces): readonly string[] {
  return [join(places.stateDir, "trust.json"), ...layerFiles(places).map(({ file }) => file)];
}

/** The same, of the files outside the workspace, by every path that leads there: who could write one would write the next session's policy. */
export function outerPolicyFiles(places: PolicyPlaces): readonly string[] {
  const outside = layerFiles(places).filter(({ name }) => name !== "local" && name !== "project");
  return outside.flatMap(({ file }) => [join(realPath(dirname(file)), basename(file)), realPath(file)]);
}

/** Links followed as far as there is something. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(realPath(dirname(path)), basename(path));
  }
}

function layerFiles(places: PolicyPlaces): readonly { readonly name: LayerText["name"]; readonly file: string }[] {
  const inside = (name: string): string => join(places.workspaceRoot, ".ringfence", name);
  return [
    { name: "managed", file: places.managedFile ?? MANAGED_POLICY },
    ...(places.policyFile === undefined ? [] : [{ name: "command-line" as const, file: resolve(places.policyFile) }]),
    { name: "local", file: inside("policy.local.yaml") },
    { name: "project", file: inside("policy.yaml") },
    { name: "user", file: join(places.home, ".config/ringfence/policy.yaml") },
  ];
}

/** One policy file as text with its digest; `undefined` when there is none. Never blocks on a pipe and never reads a device. */
export async function readPolicyFile(
  file: string,
  options: { readonly followLinks: boolean },
): Promise<Result<{ readonly text: string; readonly digest: string } | undefined, Problem>> {
  const bad = (message: string, hint: string): Result<never, Problem> =>
    err({ code: "policy-unreadable", message: `\`${file}\` ${message}`, hint });
  let handle: FileHandle | undefined;
  try {
    handle = await open(
      file,
      constants.O_RDONLY | constants.O_NONBLOCK | (options.followLinks ? 0 : constants.O_NOFOLLOW),
    );
    const stat = await handle.stat();
    if (!stat.isFile()) return bad("is not a plain file", "a policy is a plain YAML file");
    if (stat.size > MAX_POLICY_CHARACTERS * 4)
      return bad("is too large for a policy", `keep it under ${MAX_POLICY_CHARACTERS} characters`);
    const bytes = await handle.readFile();
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return bad("is not UTF-8 text", "save it as UTF-8");
    }
    return ok({ text, digest: sha256(bytes) });
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return ok(undefined);
    if (code === "ELOOP") return bad("is a symbolic link", "a policy inside a workspace must be a plain file");
    return bad(
      `cannot be read (${code ?? "unknown error"})`,
      "make it readable, or remove it: an unreadable policy refuses everything",
    );
  } finally {
    await handle?.close();
  }
}

type Accepted = Readonly<Record<string, string>>;

async function readAccepted(stateDir: string): Promise<Result<Accepted, Problem>> {
  const file = join(stateDir, "trust.json");
  const read = await readPolicyFile(file, { followLinks: false });
  if (!read.ok) return read;
  if (read.value === undefined) return ok({});
  try {
    const value = JSON.parse(read.value.text) as { version?: unknown; accepted?: unknown };
    const entries = Object.entries(value.accepted as object);
    if (
      value.version === 1 &&
      entries.every(([path, digest]) => path.startsWith("/") && /^[0-9a-f]{64}$/.test(String(digest)))
    )
      return ok(Object.fromEntries(entries) as Accepted);
  } catch {
    // falls through to the problem below: a broken list accepts nothing and says so
  }
  return err({
    code: "trust-unreadable",
    message: `\`${file}\` is not a list of accepted files`,
    hint: `remove it and accept the files again with \`ringfence policy trust\``,
  });
}

/** Records that a person accepted exactly these bytes of `file`. Atomic; the list is private to its owner. */
export async function acceptPolicyFile(stateDir: string, file: string, digest: string): Promise<Result<void, Problem>> {
  const accepted = await readAccepted(stateDir);
  if (!accepted.ok) return accepted;
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const target = join(stateDir, "trust.json");
  const temporary = `${target}.${process.pid}`;
  await rm(temporary, { force: true });
  const handle = await open(temporary, "wx", 0o600);
  try {
    await handle.writeFile(
      `${JSON.stringify({ version: 1, accepted: { ...accepted.value, [file]: digest } }, undefined, 2)}\n`,
    );
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, target);
  return ok(undefined);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
