// JSON, with the comments and trailing commas that agents accept, as a Tree with places. Comments are blanked out in place, the strict
// grammar is JSON.parse's word, and the places come from the YAML parser, which reads JSON too.
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { err, ok, type Problem, type Result, type Span } from "../../result.ts";
import { forTerminal } from "../../text/show.ts";
import { MAX_DEPTH, type Tree } from "./tree.ts";

/** Reads one JSON or JSONC text. */
export function readJson(file: string, text: string): Result<Tree, Problem> {
  const fail = (message: string, at?: Span): Result<never, Problem> =>
    err({
      code: "import-unreadable",
      message: forTerminal(message, { max: 300 }),
      at: at ?? { file, line: 1, column: 1 },
      hint: "mend the file; what cannot be read is not imported in part",
    });
  const plain = blanked(text.startsWith("\uFEFF") ? ` ${text.slice(1)}` : text);
  if (plain === undefined) return fail("the file is nested too deeply, or a comment or text in it does not end");
  if (plain.trim() === "") return fail("the file is empty");
  const lines = new LineCounter();
  const span = (offset: number): Span => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const document = parseDocument(plain, {
    version: "1.2",
    schema: "core",
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
    lineCounter: lines,
  });
  const [first] = document.errors;
  let value: unknown;
  try {
    value = JSON.parse(plain);
  } catch (thrown) {
    const place = /position (\d+)/.exec(String(thrown))?.[1];
    return fail(
      // V8 quotes a piece of the text, which may hold anything
      `the file is not JSON: ${(thrown as Error).message.replace(/, (?:\.\.\.)?"[\s\S]*" is not valid JSON$/, "").replace(/ in JSON at position \d+[\s\S]*$/, "")}`,
      place !== undefined ? span(Number(place)) : first === undefined ? undefined : span(first.pos[0]),
    );
  }
  if (first !== undefined || document.contents === null) {
    // a lone `null` is JSON, and holds nothing
    return value === null
      ? ok({ kind: "plain", at: span(0), value: null })
      : fail("the file is not JSON", first && span(first.pos[0]));
  }
  return ok(treeOf(document.contents, span));
}

function treeOf(node: Node | null, span: (offset: number) => Span): Tree {
  const at = span(node?.range?.[0] ?? 0);
  if (isMap(node))
    return {
      kind: "map",
      at,
      entries: node.items.map(({ key, value }) => ({
        key: String(isScalar(key) ? key.value : key),
        at: span((key as Node).range?.[0] ?? 0),
        value: treeOf(value as Node | null, span),
      })),
    };
  if (isSeq(node)) return { kind: "list", at, items: node.items.map((item) => treeOf(item as Node | null, span)) };
  const value = isScalar(node) ? node.value : null;
  const plain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return { kind: "plain", at, value: plain ? value : null };
}

/** Comments and trailing commas as spaces, so that every place stays where it was. `undefined`: too deep, or without an end. */
function blanked(text: string): string | undefined {
  let out = "";
  let depth = 0;
  let comma = -1;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === '"') {
      const end = endOfString(text, i);
      if (end < 0) return undefined;
      out += text.slice(i, end + 1);
      i = end;
      comma = -1;
    } else if (c === "/" && (text.charAt(i + 1) === "/" || text.charAt(i + 1) === "*")) {
      const line = text.charAt(i + 1) === "/";
      const found = text.indexOf(line ? "\n" : "*/", i + 2);
      if (found < 0 && !line) return undefined;
      const end = found < 0 ? text.length : line ? found : found + 2;
      out += text.slice(i, end).replace(/[^\n]/g, " ");
      i = end - 1;
    } else {
      if (c === "{" || c === "[") depth++;
      if (depth > MAX_DEPTH) return undefined;
      if (c === "}" || c === "]") {
        depth--;
        if (comma >= 0) out = `${out.slice(0, comma)} ${out.slice(comma + 1)}`;
      }
      if (c === ",") comma = out.length;
      else if (!/\s/.test(c)) comma = -1;
      // a tab is a space to JSON, and indentation to nobody here
      out += c === "\t" ? " " : c;
    }
  }
  return out;
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === "\\") i++;
    else if (c === '"') return i;
  }
  return -1;
}
