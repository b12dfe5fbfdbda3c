// Which leg a file speaks of, by its name alone: secret, private, foreign, a package's, or the person's own.
import { compilePattern, isDependencyFolder, secretSuspicion } from "../../paths/index.ts";
import { isInside, joinPath } from "../../shell/index.ts";
import type { LegSource } from "../leg-policy.ts";
import type { LegContext } from "./context.ts";

/** What reading `path` (absolute) speaks of; several when its links lead elsewhere. Never empty for a path of interest to no leg but `workspace-file`. */
export function readSources(path: string, context: LegContext): readonly LegSource[] {
  const sources = namesOf(path, context).flatMap((name): readonly LegSource[] => {
    const own = readSource(name, context);
    return [...namedSources(name, context), ...(own === undefined ? [] : [own])];
  });
  return [...new Set(sources)];
}

/** What changing `path` speaks of: nothing inside the workspace and in what vanishes with the session. */
export function writeSources(path: string, context: LegContext): readonly LegSource[] {
  const outside = namesOf(path, context).some((name) => !isInside(context.root, name) && !isScratch(name, context));
  return outside ? ["outside-write"] : [];
}

function namesOf(path: string, context: LegContext): readonly string[] {
  return [...new Set([joinPath("/", path), ...(context.resolve?.(path) ?? [])])];
}

/** Folders of packages beside those that the review knows: caches of whole registries. */
const PACKAGES =
  /\/(?:dist-packages|go\/pkg\/mod|\.cargo\/registry|\.m2\/repository|\.yarn\/cache|\.nuget\/packages)\//;
const PROCESS = /^\/proc\/(?:self|thread-self|\d+)\/(?:task\/\d+\/)?(environ|mem|maps|fd(?:\/.*)?)$/;
const SYSTEM_SECRET =
  /^\/(?:etc\/(?:g?shadow-?|sudoers(?:\.d\/.*)?|krb5\.keytab|ssh\/ssh_host_[^/]*_key)|(?:var\/)?run\/secrets\/.*)$/;
/** Logins that agents and tools keep in their own folders. */
const LOGIN = /\/\.?(?:credentials|auth|oauth[\w-]*|access_tokens?|token|session)\.(?:json|db|yaml|toml)$/;
/** Of the machine, not of a person; `/tmp` is everybody's. */
const SYSTEM =
  /^\/(?:usr|bin|sbin|lib\w*|opt|nix|snap|etc|dev|sys|proc|boot|tmp|var\/tmp|run|var\/lib|var\/cache)(?:\/|$)/;
/** Of a person, but no secret of theirs: toolchains, caches of tools, git's name and e-mail, and the agents' own folders. */
const TOOLS =
  /^\/(?:\.(?:nvm|rustup|cargo|pyenv|rbenv|sdkman|volta|asdf|deno|bun|npm|node-gyp|local\/(?:bin|lib)|gitconfig|config\/git)|go|\.cache\/(?:node|npm|pnpm|yarn|pip|uv|go-build|ms-playwright|typescript|ruff|pre-commit)|\.(?:claude|codex|gemini|copilot|cursor)|\.config\/opencode|\.local\/share\/opencode)(?:\/|$)/;

/** What the policy calls a file comes on top of what it is: a file nobody accepted may add a leg so, and take none away. */
function namedSources(name: string, context: LegContext): readonly LegSource[] {
  const { policy, root, workspace } = context;
  const foreign = matches(name, policy.foreignPaths, context) || (workspace === "foreign" && isInside(root, name));
  return [
    ...(matches(name, policy.privatePaths, context) ? (["secret-file"] as const) : []),
    ...(foreign ? (["foreign-file"] as const) : []),
  ];
}

function readSource(name: string, context: LegContext): LegSource | undefined {
  const { root, home } = context;
  const inside = isInside(root, name);
  const process = PROCESS.exec(name)?.[1];
  if (process === "environ") return context.contained ? undefined : "environment";
  if (process === "mem") return "credential";
  if (SYSTEM_SECRET.test(name) || (!inside && LOGIN.test(name))) return "secret-file";
  const suspicion = secretSuspicion(name.slice(1));
  // what only its content would prove is believed outside, where nobody's tests keep their certificates
  if (suspicion === "name" || (suspicion !== undefined && !inside && isInside(home, name))) return "secret-file";
  const below = inside ? name.slice(root.length) : name;
  const folders = below.split("/");
  if ((inside || isInside(home, name)) && (folders.some(isPackages) || PACKAGES.test(`${below}/`))) return "dependency";
  if (inside) return "workspace-file";
  if (isScratch(name, context) || SYSTEM.test(name)) return undefined;
  if (isInside(home, name) && TOOLS.test(name.slice(home === "/" ? 0 : home.length))) return undefined;
  return "outside-file";
}

/** The review's dependency folders hold build output too; only what came from others counts. */
function isPackages(folder: string): boolean {
  return isDependencyFolder(folder) && !/^(?:target|\.gradle|_build|\.stack-work|\.dart_tool)$/.test(folder);
}

function isScratch(name: string, context: LegContext): boolean {
  return (
    context.vanishing.some((folder) => isInside(folder, name)) ||
    /^\/(?:tmp|var\/tmp|dev\/(?:null|zero|full|tty|stdin|stdout|stderr|shm|fd))(?:\/|$)/.test(name) ||
    (isInside(context.home, name) && /^\/(?:\.cache|\.npm)(?:\/|$)/.test(name.slice(context.home.length)))
  );
}

function matches(name: string, patterns: readonly string[], context: LegContext): boolean {
  return patterns.some((pattern) => compilePattern(pattern, context, { caseless: true })(name));
}
