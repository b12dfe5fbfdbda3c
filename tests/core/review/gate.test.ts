// The gate by tables: a set of changes in, one word a change out.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Change, type ChangeSet, gitPlace, judgeChanges, linkEnd, type Obeyed } from "#core/review";

interface Case {
  readonly name: string;
  /** `KIND PATH[@MOVED] [TYPE] [-> TARGET [=> END]]`, separated by spaces; `PATH*30` stands for thirty of them. */
  readonly changes: readonly string[];
  readonly losses?: ChangeSet["losses"];
  readonly bare?: readonly string[];
  readonly hostFiles?: number;
  readonly program?: boolean;
  readonly mode?: number;
  readonly size?: number;
  readonly masked?: boolean;
  readonly oddName?: boolean;
  readonly denied?: string;
  readonly holdAll?: string;
  readonly agent?: readonly string[];
  readonly obeyed?: readonly Obeyed[];
  /** One word for all, or one for each change, in order; `clean` or the reason's code. */
  readonly want: string | readonly string[];
}

const folder = new URL("../../cases/gate/", import.meta.url);
const ROOT = "/w/p";
const STARTED = 1_000_000;

describe.each(readdirSync(folder).filter((file) => file !== "links.jsonl"))("%s", (file) => {
  it.each(rows<Case>(file))("$name", (row) => {
    const changes = row.changes.flatMap((text) => parse(text, row));
    const judged = judgeChanges(
      { changes, bareRepositories: row.bare ?? [], losses: row.losses ?? [], hostFiles: row.hostFiles ?? 1_000 },
      {
        root: ROOT,
        startedMs: STARTED,
        denied: (path) => path === row.denied,
        alsoProtected: row.agent ?? [],
        obeyed: row.obeyed ?? [],
        ...(row.holdAll === undefined ? {} : { holdAll: { code: "asked", why: row.holdAll } }),
      },
    );
    const said = judged.map(({ held }) => held?.code ?? "clean");
    expect(said).toEqual(typeof row.want === "string" ? changes.map(() => row.want) : row.want);
  });
});

interface LinkCase {
  readonly path: string;
  readonly target: string;
  readonly links?: Readonly<Record<string, string>>;
  readonly end: string | null;
  readonly why: string;
}

describe("links end where the kernel would end them", () => {
  it.each(rows<LinkCase>("links.jsonl"))("$path -> $target ($why)", ({ path, target, links = {}, end }) => {
    const readLink = (at: string): string | undefined => links[at.slice(ROOT.length + 1)];
    expect(linkEnd(path, target, { root: ROOT, readLink }) ?? null).toBe(end);
  });
});

describe("a repository's place", () => {
  it.each([
    ["a/.git/refs/x", "a/.git", "refs/x"],
    [".git", ".git", ""],
    [".git/hooks/.git/refs/heads/pre-commit", ".git", "hooks/.git/refs/heads/pre-commit"],
    [".git/modules/lib/HEAD", ".git/modules/lib", "HEAD"],
    [".git/modules/a/b/modules/c/objects/pack", ".git/modules/a/b/modules/c", "objects/pack"],
    [".git/modules/config/config", ".git/modules/config", "config"],
    [".git/modules/lib", ".git", "modules/lib"],
  ])("%s", (path, git, inside) => {
    expect(gitPlace(path)).toEqual({ git, inside });
  });
});

function rows<T>(file: string): readonly T[] {
  const text = readFileSync(new URL(file, folder), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function parse(text: string, row: Case): readonly Change[] {
  const [, kind = "", name = "", movedFrom, type = "file", target, end] =
    /^(\w+) (\S+?)(?:@(\S+))?(?: (file|folder|link|fifo|socket|device|moved))?(?: -> (\S+))?(?: => (\S+))?$/.exec(
      text,
    ) ?? [];
  const [path = "", times = "1"] = name.split("*");
  const isMoved = type === "moved";
  const entry = { type: isMoved ? "file" : (type as "file"), mode: row.mode ?? 0o644, size: row.size ?? 1 };
  const host = { ...entry, mode: 0o644, stamp: "1", changedMs: isMoved ? STARTED + 1 : STARTED - 1, uid: 0, gid: 0 };
  const after = {
    ...entry,
    ...(target ? { target } : {}),
    ...(end ? { end } : {}),
    ...(row.program ? { program: true } : {}),
  };
  return Array.from({ length: Number(times) }, (_, index) => ({
    path: times === "1" ? path : `${path}${index}`,
    kind: kind as Change["kind"],
    ...(kind === "add" ? {} : { before: host }),
    ...(kind === "delete" ? {} : { after }),
    ...(movedFrom ? { movedFrom } : {}),
    oddName: row.oddName ?? false,
    masked: row.masked ?? false,
  }));
}
