// A patch as agents hand it to a tool: the `*** Begin Patch` form of Codex and its followers, or a unified diff → the files it touches.
// Reads more than an applier might, never less: a line that only looks like a header costs a question, a missed one would cost a file.

/** One file of a patch. */
export interface PatchedFile {
  readonly kind: "write" | "edit" | "delete";
  /** As written, without `a/` and `b/`. */
  readonly path: string;
}

const HEADERS: readonly (readonly [prefix: string, kind: PatchedFile["kind"]])[] = [
  ["*** Add File:", "write"],
  ["*** Update File:", "edit"],
  ["*** Delete File:", "delete"],
  ["*** Move to:", "write"],
];
const MARKS = /^\*\*\* (?:Begin Patch|End Patch|End of File|Environment ID:.*)$/;
const MOST_FILES = 1000;

/** The files, in order; `undefined` when there are none, too many, or a header that is not known. */
export function filesOfPatch(text: string): readonly PatchedFile[] | undefined {
  const lines = text.split(/\r\n|[\n\r\u0085\u2028\u2029]/);
  const files = lines.some((line) => line.trim().startsWith("*** ")) ? starred(lines) : unified(lines);
  return files === undefined || files.length === 0 || files.length > MOST_FILES || files.some(isOdd)
    ? undefined
    : files;
}

/** An applier trims a header before it reads it, so this does too; what starts with `+` or `-` is text of the file. */
function starred(lines: readonly string[]): readonly PatchedFile[] | undefined {
  const files: PatchedFile[] = [];
  for (const line of lines) {
    const trimmed = line.trim();
    if (!trimmed.startsWith("*** ")) continue;
    const header = HEADERS.find(([prefix]) => trimmed.startsWith(prefix));
    if (header !== undefined) files.push({ kind: header[1], path: trimmed.slice(header[0].length).trim() });
    else if (!MARKS.test(trimmed) && line === line.trimStart()) return undefined;
  }
  return files;
}

const NAMED = /^(---|\+\+\+|rename (?:from|to)|copy to) ([^\t]+)/;
function unified(lines: readonly string[]): readonly PatchedFile[] | undefined {
  const files = new Map<string, PatchedFile>();
  for (const line of lines) {
    const [, sign, path] = NAMED.exec(line) ?? [];
    const names = path === undefined ? namesInHeader(line) : [path];
    // an escape in a quoted name stands for another character
    if (names === undefined || names.some((name) => /^".*\\/.test(name))) return undefined;
    for (const name of names.filter((each) => each !== "/dev/null")) {
      // whether the applier strips a first component is its own option
      const plain = name
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .replace(/^[ab]\//, "");
      files.set(plain, { kind: sign === "---" || sign === "rename from" ? "delete" : "write", path: plain });
    }
  }
  return [...files.values()];
}

/** Both names of git's own header: what is binary, empty or changes only its mode has no other. None in other lines. */
function namesInHeader(line: string): readonly string[] | undefined {
  const header = /^diff --git (.+)$/.exec(line)?.[1];
  if (header === undefined) return [];
  // where the first name ends is known when there is one space, or one name twice
  const half = (header.length - 1) / 2;
  const [before, after] = /^\S+ \S+$/.test(header)
    ? header.split(" ")
    : [header.slice(0, half), header.slice(half + 1)];
  const same = before?.replace(/^("?)[a-z]\//, "$1") === after?.replace(/^("?)[a-z]\//, "$1");
  return before !== undefined && after !== undefined && (same || !/ .* /.test(header)) ? [before, after] : undefined;
}

function isOdd({ path }: PatchedFile): boolean {
  return path === "" || path.includes("\0");
}
