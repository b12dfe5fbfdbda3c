// Every path that any version of a repository ever had, to find the blobs that stood at denied ones. Works on raw tree and commit objects as
// `git cat-file --batch` prints them, reachable or not, so that no reflog, stash, dangling commit or unlisted branch is forgotten.
import { type SecretSuspicion, secretSuspicion } from "#core/paths";
import type { BatchRecord } from "./kept-objects.ts";

/** Which paths are masked besides secrets by name, and which are shown although they are secrets. Paths relative to the workspace root. */
export interface MaskRules {
  /** The policy's denies; folders too. */
  readonly alsoMasked?: (path: string, isFolder: boolean) => boolean;
  /** A person's `showSecrets`. */
  readonly isShown: (path: string) => boolean;
}

/** What a walk found. Names are hex. */
export interface WalkFindings {
  /** Blobs at masked paths. */
  readonly masked: Set<string>;
  /** Blobs whose content decides. */
  readonly suspected: Map<string, Set<SecretSuspicion>>;
  /** Of the blobs that were given, those that some tree names. */
  readonly referenced: Set<string>;
  /** Which trees were looked at, and where. */
  readonly places: Map<string, Set<string>>;
  /** False when something was named that is not there, or stood at no path: what comes later may change what was found. */
  isWhole: boolean;
}

/** Nothing found yet. */
export function noFindings(): WalkFindings {
  return { masked: new Set(), suspected: new Map(), referenced: new Set(), places: new Map(), isWhole: true };
}

/** Raw objects by name. */
export interface RawTrees {
  /** The content of any tree; `undefined` where it is not there. */
  readonly tree: (name: string) => Buffer | undefined;
  /** Those that no walk has met. */
  readonly fresh: readonly string[];
  /** Root trees that commits name which no walk has met. */
  readonly roots: readonly string[];
}

/** More places than this is no repository but a trap (a tree that holds itself many times over, many levels deep). */
const MOST_PLACES = 3_000_000;

// Packages bring test keys and sample `.env` files by the hundred; the same names as in the search of the files.
const PACKAGES = /(?:^|\/)(?:node_modules|bower_components|site-packages)(?:\/|$)/;
// Folders whose files are secrets by their place (core/paths/secret.ts): only below them the whole path is looked at.
const PLACES =
  /(?:^|\/)(?:\.aws|\.ssh|\.gnupg|\.kube|\.docker|\.config|\.azure|\.cargo|\.gem|\.terraform\.d|\.password-store|\.?secrets?)\//i;

/** Commits and trees as the walk takes them: `fresh` are to be walked, `tree` gives any of them. */
export function rawTrees(fresh: readonly BatchRecord[], wide: boolean, tree: RawTrees["tree"]): RawTrees {
  const length = wide ? 64 : 40;
  const of = (kind: string): readonly BatchRecord[] => fresh.filter(({ type }) => type === kind);
  const roots = new Set(of("commit").map(({ content }) => content.toString("latin1", 5, 5 + length)));
  return { tree, fresh: of("tree").map(({ name }) => name), roots: [...roots] };
}

/**
 * Walks all of them, and adds to `found`, of which earlier walks may have made a part. `prefix` is where the repository's files stand in the
 * workspace. `undefined`: more places than can be looked at.
 */
export function walkTrees(
  raw: RawTrees,
  options: {
    readonly rules: MaskRules;
    readonly prefix: string;
    readonly wide: boolean;
    /** Blobs of which is asked whether some tree names them. */
    readonly candidates: ReadonlySet<string>;
    readonly found: WalkFindings;
  },
): WalkFindings | undefined {
  const { found } = options;
  const seen = found.places;
  let places = [...seen.values()].reduce((sum, paths) => sum + paths.size, 0);
  const walk = (root: string, prefix: string): boolean => {
    const todo: { readonly tree: string; readonly path: string; readonly masked: boolean }[] = [
      { tree: root, path: prefix, masked: false },
    ];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const { tree, path, masked } = next;
      const known = seen.get(tree) ?? new Set();
      if (known.has(path)) continue;
      seen.set(tree, known.add(path));
      places += 1;
      if (places > MOST_PLACES) return false;
      const look = lookIn(path);
      const bytes = raw.tree(tree);
      if (bytes === undefined) {
        found.isWhole = false; // of a shallow or partial clone: not there inside either
        continue;
      }
      eachEntry(bytes, options.wide ? 32 : 20, (mode, name, id) => {
        const full = `${path}${name}`;
        if (mode === "40000") {
          const isMasked = masked || options.rules.alsoMasked?.(full, true) === true;
          todo.push({ tree: id(), path: `${full}/`, masked: isMasked });
        } else if (mode.startsWith("100")) {
          if (options.candidates.has(id())) found.referenced.add(id());
          else found.isWhole = false;
          // A deny of the policy outweighs what a person shows.
          const isDenied = masked || options.rules.alsoMasked?.(full, false) === true;
          const why = isDenied ? "name" : look(name);
          if (why === undefined || (!isDenied && options.rules.isShown(full))) return;
          if (why === "name") found.masked.add(id());
          else found.suspected.set(id(), (found.suspected.get(id()) ?? new Set()).add(why));
        }
      });
    }
    return true;
  };
  for (const root of raw.roots) if (!walk(root, options.prefix)) return undefined;
  // What no commit leads to: trees of a lost index, or written by hand. Roots among them first would need an order; every one is looked at.
  for (const tree of raw.fresh) {
    if (seen.has(tree)) continue;
    found.isWhole = false;
    if (!walk(tree, options.prefix)) return undefined;
  }
  return found;
}

/** Why a file at this path is masked, or its content to be asked; as in a walk, for a path that comes from elsewhere. */
export function suspicionAt(path: string, rules: MaskRules): SecretSuspicion | undefined {
  const parts = path.split("/");
  const isDenied = parts.some((_, at) => rules.alsoMasked?.(parts.slice(0, at + 1).join("/"), at < parts.length - 1));
  if (isDenied) return "name";
  return rules.isShown(path) || PACKAGES.test(path) ? undefined : secretSuspicion(path);
}

/** Why a file of this folder is suspected, by its name alone where the folder says nothing. */
function lookIn(folder: string): (name: string) => SecretSuspicion | undefined {
  if (PACKAGES.test(folder)) return () => undefined;
  if (PLACES.test(folder)) return (name) => secretSuspicion(`${folder}${name}`);
  return suspicionOfName;
}

const NAMES = new Map<string, SecretSuspicion | undefined>();

/** A history has the same few names again and again. */
function suspicionOfName(name: string): SecretSuspicion | undefined {
  if (!NAMES.has(name)) {
    if (NAMES.size > 200_000) NAMES.clear();
    NAMES.set(name, secretSuspicion(name));
  }
  return NAMES.get(name);
}

/** `mode SP name NUL id`, as gitformat says. What is cut short ends the tree. */
function eachEntry(bytes: Buffer, width: number, act: (mode: string, name: string, id: () => string) => void): void {
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at);
    const nul = space < 0 ? -1 : bytes.indexOf(0, space);
    if (nul < 0 || nul + 1 + width > bytes.length) return;
    const start = nul + 1;
    act(bytes.toString("latin1", at, space), bytes.toString("utf8", space + 1, nul), () =>
      bytes.toString("hex", start, start + width),
    );
    at = start + width;
  }
}
