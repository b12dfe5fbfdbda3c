// TOML as a Tree with places. The parser (smol-toml) knows no places, so lines are found by a second look at the text: a table's header,
// then the key at the start of a line below it. What stands inside one value shares the line of its key, or of its own text where that is unique.
import { parse } from "smol-toml";
import { err, ok, type Problem, type Result, type Span } from "../../result.ts";
import { forTerminal } from "../../text/show.ts";
import { MAX_DEPTH, type Tree } from "./tree.ts";

/** Reads one TOML text. */
export function readToml(file: string, text: string): Result<Tree, Problem> {
  let value: unknown;
  try {
    value = parse(text, { maxDepth: MAX_DEPTH });
  } catch (thrown) {
    const place = thrown as { readonly line?: unknown; readonly column?: unknown; readonly message?: unknown };
    const [line, column] = [Number(place.line), Number(place.column)];
    return err({
      code: "import-unreadable",
      message: `the file is not TOML: ${forTerminal(String(place.message ?? thrown).split("\n")[0] ?? "", { max: 200 })}`,
      at: {
        file,
        line: Number.isInteger(line) && line > 0 ? line : 1,
        column: Number.isInteger(column) && column > 0 ? column : 1,
      },
      hint: "mend the file; what cannot be read is not imported in part",
    });
  }
  return ok(new Placer(file, text).tree(value, [], 1));
}

/** Lines of headers and keys. `[[rule]]` counts up: its path is `rule`, its number, the key. */
class Placer {
  private readonly file: string;
  private readonly lines: readonly string[];
  private readonly places = new Map<string, number>();

  constructor(file: string, text: string) {
    this.file = file;
    this.lines = text.split("\n");
    let table: readonly string[] = [];
    const counts = new Map<string, number>();
    let fence = "";
    this.lines.forEach((line, index) => {
      if (fence !== "") {
        if (line.includes(fence)) fence = "";
        return;
      }
      const header = /^\s*(\[{1,2})\s*([^[\]]+?)\s*\]{1,2}/.exec(line);
      if (header?.[2] !== undefined) {
        table = keys(header[2]);
        if (header[1] === "[[") {
          const name = JSON.stringify(table);
          const number = counts.get(name) ?? 0;
          counts.set(name, number + 1);
          table = [...table, String(number)];
        }
        this.put(table, index + 1);
        return;
      }
      const key = /^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=/.exec(
        line,
      );
      if (key?.[1] !== undefined) this.put([...table, ...keys(key[1])], index + 1);
      const opened = /("""|''')/.exec(line)?.[1];
      if (opened !== undefined && line.split(opened).length % 2 === 0) fence = opened;
    });
  }

  tree(value: unknown, path: readonly string[], above: number): Tree {
    const line = this.places.get(JSON.stringify(path)) ?? above;
    const at = this.span(line);
    if (Array.isArray(value))
      return {
        kind: "list",
        at,
        items: value.map((item, i) => this.tree(item, [...path, String(i)], this.within(item, line))),
      };
    if (typeof value === "object" && value !== null && !isDate(value))
      return {
        kind: "map",
        at,
        entries: Object.entries(value).map(([key, inner]) => {
          const own = [...path, key];
          const place = this.places.get(JSON.stringify(own)) ?? line;
          return { key, at: this.span(place), value: this.tree(inner, own, place) };
        }),
      };
    const plain =
      typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : String(value);
    return { kind: "plain", at, value: plain };
  }

  /** The line of one text of a list that goes over several lines. */
  private within(item: unknown, line: number): number {
    if (typeof item !== "string") return line;
    for (let i = line - 1; i < Math.min(this.lines.length, line + 200); i++) {
      const text = this.lines[i] ?? "";
      if (text.includes(JSON.stringify(item)) || text.includes(`'${item}'`)) return i + 1;
      if (i >= line && /^\s*\[/.test(text) && !text.trim().endsWith(",")) break;
    }
    return line;
  }

  private put(path: readonly string[], line: number): void {
    for (let length = 1; length <= path.length; length++) {
      const name = JSON.stringify(path.slice(0, length));
      if (!this.places.has(name)) this.places.set(name, line);
    }
  }

  private span(line: number): Span {
    return { file: this.file, line, column: 1 };
  }
}

function isDate(value: object): boolean {
  return "toISOString" in value;
}

/** `a."b.c".d` as its parts. */
function keys(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? "");
}
