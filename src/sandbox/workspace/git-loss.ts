// What a repository would lose by a session's deletions: branches, tags and stashes by name, and objects that no pack keeps. Only counted where
// something of it is deleted or its list of refs is rewritten. Reads git's files as files.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Change, gitPlace, type RepositoryLoss } from "#core/review";
import { entriesIn } from "../folder-entries.ts";
import { type PackIndex, readPackIndex } from "./git-pack.ts";

/** The host's workspace and the session's layer over it. */
export interface Layers {
  readonly lower: string;
  readonly upper: string;
}

/** One entry for each repository of the host that loses something. */
export function repositoryLosses(changes: readonly Change[], layers: Layers): readonly RepositoryLoss[] {
  const byGit = new Map<string, Map<string, Change>>();
  for (const change of changes) {
    const place = gitPlace(change.path);
    if (place === undefined) continue;
    const inside = byGit.get(place.git) ?? new Map<string, Change>();
    byGit.set(place.git, inside.set(place.inside, change));
  }
  return [...byGit].flatMap(([git, inside]) => {
    if (!existsSync(join(layers.lower, git))) return [];
    const refs = refsLost(git, inside, layers);
    const objects = objectsLost(git, inside, layers);
    return refs.lostRefs + objects.lostObjects > 0 ? [{ git, ...refs, ...objects }] : [];
  });
}

type Inside = ReadonlyMap<string, Change>;

// What a person made here. Remote-tracking refs come again with the next fetch.
const OWN_REF = /^refs\/(?:heads\/|tags\/|stash$)/;

function refsLost(
  git: string,
  inside: Inside,
  { lower, upper }: Layers,
): { readonly refs: number; readonly lostRefs: number } {
  const isTouched = [...inside].some(
    ([path, { kind }]) => (path.startsWith("refs/") && kind === "delete") || (path === "packed-refs" && kind !== "add"),
  );
  if (!isTouched) return { refs: 0, lostRefs: 0 };
  const folder = join(lower, git);
  const before = new Set(
    [...looseRefs(folder, "refs"), ...packedRefs(join(folder, "packed-refs"))].filter((name) => OWN_REF.test(name)),
  );
  const packed = inside.get("packed-refs");
  const packedFile = join(packed === undefined ? lower : upper, git, "packed-refs");
  const packedAfter = new Set(packed?.kind === "delete" ? [] : packedRefs(packedFile));
  let lost = 0;
  for (const name of before) {
    const change = inside.get(name);
    const isLoose =
      change === undefined ? existsSync(join(folder, name)) : change.kind !== "delete" && change.after?.type === "file";
    if (!isLoose && !packedAfter.has(name)) lost += 1;
  }
  return { refs: before.size, lostRefs: lost };
}

function looseRefs(folder: string, path: string): readonly string[] {
  return entriesIn(join(folder, path)).flatMap((entry) => {
    const name = `${path}/${entry.name}`;
    return entry.isDirectory() ? looseRefs(folder, name) : [name];
  });
}

function packedRefs(file: string): readonly string[] {
  try {
    return [...readFileSync(file, "latin1").matchAll(/^[0-9a-f]{40,64} (\S+)$/gm)].map(([, name]) => name ?? "");
  } catch {
    return []; // none is packed
  }
}

function objectsLost(
  git: string,
  inside: Inside,
  { lower, upper }: Layers,
): Pick<RepositoryLoss, "lostObjects" | "newPacks"> {
  const loose: string[] = [];
  const packs = new Set<string>();
  for (const [path, { kind }] of inside) {
    if (kind !== "delete") continue;
    const object = /^objects\/([0-9a-f]{2})\/([0-9a-f]{38,62})$/.exec(path);
    if (object !== null) loose.push(`${object[1]}${object[2]}`);
    const pack = /^objects\/pack\/(pack-[0-9a-f]+)\.(?:pack|idx)$/.exec(path)?.[1];
    if (pack !== undefined) packs.add(pack);
  }
  if (loose.length + packs.size === 0) return { lostObjects: 0, newPacks: 0 };
  const folder = (layer: string): string => join(layer, git, "objects/pack");
  const fresh = readPacks(folder(upper), (name) => inside.get(`objects/pack/${name}.idx`)?.kind === "add");
  const kept = [...readPacks(folder(lower), (name) => !packs.has(name)), ...fresh];
  const isKept = (name: string): boolean => {
    const file = `objects/${name.slice(0, 2)}/${name.slice(2)}`;
    const change = inside.get(file);
    return (
      kept.some((pack) => pack.has(name)) ||
      (change === undefined
        ? existsSync(join(lower, git, file))
        : change.kind !== "delete" && change.after?.type === "file")
    );
  };
  let lost = loose.filter((name) => !isKept(name)).length;
  for (const pack of packs) {
    const index = readPackIndex(join(folder(lower), pack));
    if (index === undefined) lost += 1; // nobody can say what was in it
    for (let place = 0; place < (index?.count ?? 0); place += 1) if (!isKept(index?.nameAt(place) ?? "")) lost += 1;
  }
  return { lostObjects: lost, newPacks: fresh.length };
}

function readPacks(folder: string, wanted: (name: string) => boolean): readonly PackIndex[] {
  return entriesIn(folder)
    .flatMap(({ name }) => /^(pack-[0-9a-f]+)\.idx$/.exec(name)?.[1] ?? [])
    .filter(wanted)
    .flatMap((name) => readPackIndex(join(folder, name)) ?? []);
}
