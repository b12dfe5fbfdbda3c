// The policy's entries → complete credentials, or what is wrong with each, at its place. Pure.
import { parseEgressRule } from "../net/grammar.ts";
import { parsePathPattern } from "../net/path.ts";
import { meant } from "../policy/suggest.ts";
import { err, ok, type Problem, type Result, type Span } from "../result.ts";
import { forTerminal } from "../text/index.ts";
import type { Credential, CredentialFile, CredentialHost, CredentialSource, Injection } from "./credential.ts";
import {
  type CredentialEntry,
  type CredentialText,
  type FileEntry,
  type InjectEntry,
  placeOf,
  type SourceEntry,
} from "./entry.ts";
import { SHAPE_PATHS } from "./handed-in.ts";
import { type KnownCredential, knownCredential, knownCredentials } from "./known.ts";

/** What they are resolved against. */
export interface Surroundings {
  /** Known credentials of the agent that is run: its model keys. */
  readonly agent: readonly string[];
  /** Names of variables that the caller has set. */
  readonly has: (name: string) => boolean;
  /** Variables whose value the policy hands in itself, `env.pass` and `env.set`. */
  readonly handedIn: readonly string[];
  /** `90s` → 90000. */
  readonly milliseconds: (duration: string) => number | undefined;
}

/** Every credential that the policy describes, then the agent's own keys that the caller has. Strongest layer first; the first of a name counts. */
export function resolveCredentials(
  texts: readonly CredentialText[],
  around: Surroundings,
): Result<readonly Credential[], readonly Problem[]> {
  const problems: Problem[] = [];
  const made = new Map<string, Credential>();
  for (const name of new Set(texts.filter(({ entry }) => entry.ssh === undefined).map(({ entry }) => entry.name))) {
    const own = texts.filter(({ entry }) => entry.name === name);
    const text = own.find(({ entry }) => entry.source !== undefined) ?? own[0];
    const credential = text === undefined ? undefined : resolve(text, around);
    if (credential?.ok === true) made.set(name, credential.value);
    else if (credential !== undefined) problems.push(credential.error);
  }
  const taken = (variable: string): boolean =>
    around.handedIn.includes(variable) || [...made.values()].some(({ env }) => env.includes(variable));
  for (const name of around.agent) {
    const known = knownCredential(name);
    const variable = known?.env.find((one) => around.has(one) && !taken(one));
    if (known === undefined || variable === undefined || made.has(name)) continue;
    const at: Span = { file: `known credential ${name}`, line: 1, column: 1 };
    const credential = resolve({ entry: { name, source: { env: variable } }, at }, around);
    if (credential.ok) made.set(name, credential.value);
    else problems.push(credential.error);
  }
  problems.push(...clashes([...made.values()], around.handedIn));
  return problems.length > 0 ? err(problems) : ok([...made.values()]);
}

function resolve({ entry, at }: CredentialText, around: Surroundings): Result<Credential, Problem> {
  const { name } = entry;
  const said = `credential \`${forTerminal(name, { max: 80 })}\``;
  const bad = (message: string, hint: string): Result<never, Problem> =>
    err({ code: "credential-incomplete", message: `${said} ${message}`, at, hint });
  const known = knownCredential(name);
  if (entry.source === undefined && known === undefined)
    return bad("is not described in the policy, and is none of the known ones", meant(name, knownCredentials, "known"));
  if (entry.inject === undefined && known === undefined)
    return bad("does not say where it may go", "write `inject: {hosts: [HOST], header: authorization}`");
  const source = sourceOf(entry.source ?? { env: known?.env.find(around.has) ?? known?.env[0] }, around);
  const hosts = hostsOf(entry.inject?.hosts ?? known?.hosts ?? [], at);
  if (!hosts.ok) return hosts;
  if (hosts.value.length === 0) return bad("names no host", "name the hosts it belongs to in `inject.hosts`");
  const inject = injectionOf(entry.inject, known, { hosts: hosts.value, isAws: source.kind === "aws" });
  if (inject.sign !== undefined && source.kind !== "aws")
    return bad("has `sign`, which is for keys of AWS", "take `inject.sign` out, or name an `aws` source");
  // left out, it would mean every path
  const path = entry.inject?.paths?.find((text) => parsePathPattern(text) === undefined);
  if (path !== undefined)
    return bad(
      `has a path that no request can have, \`${forTerminal(path, { max: 120 })}\``,
      "a path is such as `/repos/acme/**`",
    );
  const git = entry.git ?? known?.git ?? false;
  return ok({ name, source, inject, env: variablesOf(entry, source), files: (entry.files ?? []).map(fileOf), git, at });
}

function sourceOf(source: SourceEntry, around: Surroundings): CredentialSource {
  const { aws, command, env = "", field, file, githubApp, keyring, vault } = source;
  if (file !== undefined) return { kind: "file", file, ...(field === undefined ? {} : { field }) };
  if (command !== undefined) {
    const timeoutMs = around.milliseconds(source.timeout ?? "15s") ?? 15_000;
    return {
      kind: "command",
      argv: typeof command === "string" ? command.split(" ") : command,
      timeoutMs,
      pass: source.pass ?? [],
    };
  }
  if (keyring !== undefined)
    return { kind: "keyring", attributes: typeof keyring === "string" ? { service: keyring } : keyring };
  if (vault !== undefined) {
    const { auth, ...rest } = vault;
    if ("token" in auth) return { kind: "vault", ...defined(rest), auth: { token: placeOf(auth.token) } };
    const { mount, roleId, secretId } = auth.appRole;
    const appRole = { roleId, secretId: placeOf(secretId), ...(mount === undefined ? {} : { mount }) };
    return { kind: "vault", ...defined(rest), auth: { appRole } };
  }
  if (aws !== undefined) {
    const { duration = "1h", ...rest } = aws;
    return {
      kind: "aws",
      ...defined(rest),
      durationSeconds: Math.round((around.milliseconds(duration) ?? 3_600_000) / 1000),
    };
  }
  if (githubApp !== undefined) {
    const { appId, installationId, key, repositories = [], permissions = {}, api } = githubApp;
    return {
      ...{ kind: "githubApp", appId: String(appId), installationId: String(installationId), key: placeOf(key) },
      ...{ repositories, permissions },
      ...(api === undefined ? {} : { api }),
    };
  }
  return { kind: "env", env };
}

function injectionOf(
  inject: InjectEntry | undefined,
  known: KnownCredential | undefined,
  parts: { readonly hosts: readonly CredentialHost[]; readonly isAws: boolean },
): Injection {
  const headers = listed(inject?.header) ?? known?.headers ?? ["authorization"];
  const sign = inject?.sign ?? (parts.isAws ? {} : undefined);
  return {
    hosts: parts.hosts,
    headers: headers.map((name) => name.toLowerCase()),
    methods: inject?.methods ?? [],
    paths: (inject?.paths ?? []).flatMap((path) => parsePathPattern(path) ?? []),
    query: listed(inject?.query) ?? known?.query ?? [],
    body: inject?.body ?? false,
    always: inject?.always ?? false,
    plainHttp: inject?.plainHttp ?? false,
    ...(inject?.user === undefined ? {} : { user: inject.user }),
    ...(sign === undefined ? {} : { sign: { services: sign.services ?? [], regions: sign.regions ?? [] } }),
  };
}

function hostsOf(texts: readonly string[], at: Span): Result<readonly CredentialHost[], Problem> {
  const hosts: CredentialHost[] = [];
  for (const text of texts) {
    if (text.startsWith("preset:"))
      return err({
        code: "credential-host",
        message: `\`${forTerminal(text, { max: 120 })}\` names a list of hosts, and a credential belongs to named ones`,
        at,
        hint: "write the hosts out in `inject.hosts`",
      });
    const rule = parseEgressRule(text, at);
    if (!rule.ok) return rule;
    const { host, ports, portNamed, wildcard } = rule.value;
    hosts.push({ host, wildcard, ports: portNamed ? ports : [], text });
  }
  return ok(hosts);
}

/** The schema takes a shape, or a path with a template. */
function fileOf({ path, shape, template }: FileEntry): CredentialFile {
  if (shape !== undefined) return { path: path ?? SHAPE_PATHS[shape], shape };
  return { path: path ?? "", shape: { template: template ?? "" } };
}

function variablesOf(entry: CredentialEntry, source: CredentialSource): readonly string[] {
  const named = listed(entry.env);
  if (named !== undefined) return named;
  if (source.kind === "aws") return ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  return source.kind === "env" ? [source.env] : [];
}

/** One variable cannot hold two things, and never the real value beside its placeholder. */
function clashes(credentials: readonly Credential[], handedIn: readonly string[]): readonly Problem[] {
  const owner = new Map<string, string>();
  return credentials.flatMap(({ name, env, at }) =>
    env.flatMap((variable): readonly Problem[] => {
      const other = owner.get(variable);
      owner.set(variable, name);
      const said = `credential \`${forTerminal(name, { max: 80 })}\` and`;
      const problem = { code: "credential-variable", at };
      if (handedIn.includes(variable))
        return [
          {
            ...problem,
            message: `${said} \`env\` both set \`${variable}\``,
            hint: `take \`${variable}\` out of \`env\` (\`--env\`): the placeholder goes there`,
          },
        ];
      if (other === undefined) return [];
      return [
        {
          ...problem,
          message: `${said} credential \`${forTerminal(other, { max: 80 })}\` both set \`${variable}\``,
          hint: "give one of them another `env`",
        },
      ];
    }),
  );
}

function listed(words: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof words === "string" ? [words] : words;
}

/** The fields that are there: absent and `undefined` are two things to the compiler. */
function defined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
