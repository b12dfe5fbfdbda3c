// The files of MCP clients that are there: the person's own and this project's, or one that is named. Those of the machine and of plugins are found
// to be told, never to be changed. Nothing that stands in a file is run.
import { existsSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import {
  AGENT_FOLDERS,
  CLIENT_IDS,
  type ClientFile,
  type ClientId,
  clientFiles,
  clientNamed,
  clientOfFile,
} from "#core/mcp";
import { hookSite } from "../hook/site.ts";

/** What was asked for. */
export interface ClientChoice {
  readonly clients: readonly string[];
  readonly file?: string;
  readonly user?: boolean;
  readonly project?: boolean;
}

/** The files to work on, those that are only told, and where Ringfence's own things are. */
export interface FoundFiles {
  readonly files: readonly ClientFile[];
  readonly told: readonly ClientFile[];
  readonly stateDir: string;
  readonly installation: string;
}

/** Finds them. */
export function findClientFiles(choice: ClientChoice): Result<FoundFiles, Problem> {
  if (choice.file !== undefined && (choice.user === true || choice.project === true))
    return err({
      code: "usage",
      message: "`--file` names one file, so `--user` and `--project` say nothing",
      hint: "leave them out",
    });
  const clients = namedClients(choice.clients);
  if (!clients.ok) return clients;
  const own = hookSite({});
  if (!own.ok) return own;
  const { site, stateDir, installation } = own.value;
  const given = { stateDir, installation: installation.root };
  if (choice.file !== undefined) {
    const file = namedFile(choice.file, choice.clients.length === 0 ? [] : clients.value);
    return file.ok ? ok({ ...given, files: [file.value], told: [] }) : file;
  }
  if (choice.user === true && choice.project === true)
    return err({
      code: "usage",
      message: "`--user` and `--project` exclude each other",
      hint: "give one of them, or none for both",
    });
  const project = hookSite({ project: true });
  if (choice.project === true && !project.ok) return project;
  const root = project.ok ? project.value.site.root : undefined;
  const all = clientFiles({ home: site.home, root, env: site.env }, clients.value).filter(({ path }) =>
    existsSync(path),
  );
  const at = { home: site.home, root };
  const wanted = choice.user === true ? ["user"] : choice.project === true ? ["project"] : ["user", "project"];
  return ok({
    ...given,
    files: [...all, ...agents(at, clients.value)]
      .filter(({ scope }) => wanted.includes(scope))
      .concat(profiles(all, wanted)),
    told:
      choice.project === true
        ? []
        : [...all.filter(({ scope }) => scope === "managed"), ...plugins(site.home, clients.value)],
  });
}

function namedClients(words: readonly string[]): Result<readonly ClientId[], Problem> {
  if (words.length === 0) return ok(CLIENT_IDS);
  const named = words.map((word) => ({ word, client: clientNamed(word) }));
  const unknown = named.find(({ client }) => client === undefined);
  if (unknown !== undefined)
    return err({
      code: "usage",
      message: `\`${unknown.word}\` is no client whose servers can be wrapped`,
      hint: `one of ${CLIENT_IDS.join(", ")}`,
    });
  return ok(named.map(({ client }) => client).filter((client) => client !== undefined));
}

// A person names the file, so where it leads is theirs to say.
function namedFile(word: string, clients: readonly ClientId[]): Result<ClientFile, Problem> {
  const path = resolve(word);
  const client = clients.length === 1 ? clients[0] : clients.length === 0 ? clientOfFile(path) : undefined;
  if (client === undefined)
    return err({
      code: "usage",
      message: `\`${word}\` may be the file of several clients`,
      hint: `name the one, for example \`ringfence mcp wrap cursor --file ${basename(path)}\``,
    });
  return existsSync(path)
    ? ok({ client, scope: "user", path, base: "/" })
    : err({ code: "settings-file", message: `there is no \`${word}\``, hint: "look at the path" });
}

// VS Code keeps a folder for each further profile, Codex a file.
function profiles(files: readonly ClientFile[], wanted: readonly string[]): readonly ClientFile[] {
  if (!wanted.includes("user")) return [];
  return files
    .filter(({ scope }) => scope === "user")
    .flatMap((file) => {
      const folder = file.path.slice(0, file.path.lastIndexOf("/"));
      const names =
        file.client === "vscode"
          ? namesIn(join(folder, "profiles")).map((name) => `profiles/${name}/mcp.json`)
          : file.client === "codex"
            ? namesIn(folder).filter((name) => name.endsWith(".config.toml"))
            : [];
      return names.map((name) => ({ ...file, path: join(folder, name) })).filter(({ path }) => existsSync(path));
    });
}

function agents(
  { home, root }: { readonly home: string; readonly root: string | undefined },
  clients: readonly ClientId[],
): readonly ClientFile[] {
  return AGENT_FOLDERS.filter(({ client }) => clients.includes(client)).flatMap(({ client, ...folders }) => {
    const inFolder = (scope: "user" | "project", base: string, folder: string): readonly ClientFile[] =>
      namesIn(join(base, folder))
        .filter((name) => name.endsWith(".json"))
        .map((name) => ({ client, scope, base, path: join(base, folder, name) }));
    const shared = root === undefined || root === home ? [] : inFolder("project", root, folders.project);
    return [...inFolder("user", home, folders.home), ...shared];
  });
}

const PLUGIN_DEPTH = 5;
const PLUGIN_FOLDERS_MOST = 2_000;

function plugins(home: string, clients: readonly ClientId[]): readonly ClientFile[] {
  const found: ClientFile[] = [];
  const add = (client: ClientId, path: string): void => {
    if (existsSync(path)) found.push({ client, scope: "managed", path, base: home });
  };
  if (clients.includes("claude-code"))
    for (const folder of foldersBelow(join(home, ".claude/plugins/cache")))
      add("claude-code", join(folder, ".mcp.json"));
  if (clients.includes("gemini"))
    for (const name of namesIn(join(home, ".gemini/extensions")))
      add("gemini", join(home, ".gemini/extensions", name, "gemini-extension.json"));
  return found;
}

function foldersBelow(top: string): readonly string[] {
  const found = [top];
  const depths = new Map([[top, 0]]);
  for (let at = 0; at < found.length && found.length < PLUGIN_FOLDERS_MOST; at++) {
    const folder = found[at] ?? top;
    const depth = depths.get(folder) ?? 0;
    if (depth >= PLUGIN_DEPTH) continue;
    for (const name of namesIn(folder).filter((each) => each !== "node_modules" && each !== ".git")) {
      found.push(join(folder, name));
      depths.set(join(folder, name), depth + 1);
    }
  }
  return found;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.isFile())
      .map(({ name }) => name)
      .sort();
  } catch {
    return []; // no such folder, or not a folder: nothing to tell
  }
}
