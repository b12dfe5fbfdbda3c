// One policy text → typed values with places (YAML 1.2, so JSON works too). Everything YAML offers beyond plain data is refused:
// anchors and aliases (bombs), tags, merge keys, directives, several documents, duplicate keys. One file, one meaning.
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseAllDocuments,
  type YAMLMap,
} from "yaml";
import type { z } from "zod";
import { err, ok, type Problem, type Result, type Span } from "../result.ts";
import { forTerminal } from "../text/show.ts";
import type { PolicyFile } from "./file.ts";
import { policyFileSchema } from "./schema.ts";
import { nearest } from "./suggest.ts";

/** Longest policy text that is read, in characters. */
export const MAX_POLICY_CHARACTERS: number = 256 * 1024;
const MAX_DEPTH = 32;

/** A way into the document: keys and indexes from the root. */
export type DocumentPath = readonly (string | number)[];

/** A policy file that holds the schema, and the place of each value in it. */
export interface PolicyDocument {
  readonly file: string;
  readonly value: PolicyFile;
  /** The place of a value; of the nearest parent when there is none. */
  at(path: DocumentPath): Span;
}

/** Parses and checks one policy text. All problems of the file are returned, each with its place. */
export function parsePolicyDocument(file: string, text: string): Result<PolicyDocument, readonly Problem[]> {
  const start: Span = { file, line: 1, column: 1 };
  const fail = (code: string, message: string, at: Span = start, hint?: string): Result<never, readonly Problem[]> =>
    err([{ code, message, at, ...(hint === undefined ? {} : { hint }) }]);
  if (text.startsWith("\uFEFF"))
    return fail("policy-bom", "the file starts with a byte order mark", start, "save it as UTF-8 without BOM");
  if (text.length > MAX_POLICY_CHARACTERS)
    return fail("policy-too-large", `the file is longer than ${MAX_POLICY_CHARACTERS} characters`);
  if (deepest(text) > MAX_DEPTH * 4) return fail("policy-too-deep", "the file is nested too deeply");

  const lines = new LineCounter();
  const span = (offset: number): Span => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  let documents: ReturnType<typeof parseAllDocuments<ParsedNode>>;
  try {
    documents = parseAllDocuments<ParsedNode>(text, {
      version: "1.2",
      schema: "core",
      merge: false,
      strict: true,
      uniqueKeys: false, // quadratic in the library; `plainData` below does it with a set
      prettyErrors: false,
      logLevel: "silent",
      lineCounter: lines,
    });
  } catch (thrown) {
    if (thrown instanceof RangeError) return fail("policy-too-deep", "the file is nested too deeply");
    throw thrown;
  }
  if (!Array.isArray(documents)) return ok({ file, value: {}, at: () => start });
  const [document, second] = documents;
  if (document === undefined) return ok({ file, value: {}, at: () => start });
  const problems: Problem[] = [...document.errors, ...document.warnings].map((e) => ({
    code: "policy-syntax",
    message: forTerminal(firstLine(e.message), { max: 200 }),
    at: span(e.pos[0]),
  }));
  if (second !== undefined) {
    const [from] = second.range;
    problems.push({
      code: "policy-syntax",
      message: "the file holds more than one document",
      at: span(from),
      hint: "keep one document and no `---` after it",
    });
  }
  if (document.directives.yaml.explicit === true || Object.keys(document.directives.tags).some((t) => t !== "!!"))
    problems.push({ code: "policy-syntax", message: "directives such as `%YAML` are not used in a policy", at: start });
  if (problems.length > 0) return err(problems);

  plainData(document.contents, 0, (node, code, message) =>
    problems.push({ code, message, at: span(node?.range?.[0] ?? 0) }),
  );
  if (problems.length > 0) return err(problems);

  const raw: unknown = document.contents === null ? {} : (document.toJS({ maxAliasCount: 0 }) ?? {});
  const index = new NodeIndex();
  const at = (path: DocumentPath): Span => {
    const found = index.along(document.contents, path).findLast((node) => node.range);
    return found?.range ? span(found.range[0]) : start;
  };
  // A text is parsed once: to compile the schema for it would take longer than to read it.
  const parsed = policyFileSchema.safeParse(raw, { jitless: true });
  if (parsed.success) return ok({ file, value: parsed.data, at });
  const keyAt = (path: DocumentPath, key: string): Span => {
    const nodes = index.along(document.contents, path);
    const written = path.length === nodes.length ? index.keyIn(nodes.at(-1) ?? document.contents, key) : undefined;
    return written?.range ? span(written.range[0]) : at(path);
  };
  const valueAt = (path: DocumentPath): unknown => document.getIn(path);
  return err(parsed.error.issues.flatMap((issue) => schemaProblems(issue, [], { at, keyAt, valueAt })));
}

/** Unknown keys of one map that are told; nobody reads more, and a stranger's file may hold thousands. */
const PROBLEMS_MOST = 50;

/** Finds nodes by their path. Each map's keys are looked through once, however often they are asked for. */
class NodeIndex {
  private readonly maps = new WeakMap<object, ReadonlyMap<unknown, { readonly key: Node; readonly value: unknown }>>();

  /** The nodes from below the root to the end of the path, or to where it ends in the document. */
  along(root: unknown, path: DocumentPath): readonly Node[] {
    const nodes: Node[] = [];
    let node = root;
    for (const step of path) {
      node = isMap(node) ? this.entries(node).get(step)?.value : isSeq(node) ? node.items[Number(step)] : undefined;
      if (!isNode(node)) break;
      nodes.push(node);
    }
    return nodes;
  }

  keyIn(node: unknown, key: string): Node | undefined {
    return isMap(node) ? this.entries(node).get(key)?.key : undefined;
  }

  private entries(map: YAMLMap): ReadonlyMap<unknown, { readonly key: Node; readonly value: unknown }> {
    const known = this.maps.get(map);
    if (known !== undefined) return known;
    const made = new Map(
      map.items.flatMap(({ key, value }) => (isScalar(key) ? [[key.value, { key: key as Node, value }] as const] : [])),
    );
    this.maps.set(map, made);
    return made;
  }
}

type Issue = z.core.$ZodIssue;

/** What stands where in the document. */
interface Spots {
  readonly at: (path: DocumentPath) => Span;
  readonly keyAt: (path: DocumentPath, key: string) => Span;
  readonly valueAt: (path: DocumentPath) => unknown;
}

/** Problems of one schema issue. Of a union, the branch that got furthest speaks. */
function schemaProblems(issue: Issue, base: DocumentPath, spots: Spots): readonly Problem[] {
  const { at, keyAt, valueAt } = spots;
  const path = [...base, ...issue.path.map((p) => (typeof p === "symbol" ? String(p) : p))];
  const where = path.length === 0 ? "the policy" : `\`${forTerminal(path.join("."), { max: 100 })}\``;
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(path);
    return issue.keys.slice(0, PROBLEMS_MOST).map((key) => {
      const near = nearest(key, known);
      const told = Object.hasOwn(HINTS, key) ? HINTS[key] : undefined;
      const hint = near === undefined ? told : `did you mean \`${near}\`?`;
      return {
        code: "policy-unknown-key",
        message: `unknown key \`${forTerminal(key, { max: 80 })}\`${path.length === 0 ? "" : ` in ${where}`}`,
        at: keyAt(path, key),
        hint: hint ?? `known here: ${known.join(", ")}`,
      };
    });
  }
  if (issue.code === "invalid_union") {
    const deeper = issue.errors.filter((branch) =>
      branch.some((i) => i.path.length > 0 || i.code === "unrecognized_keys"),
    );
    const [branch] = deeper;
    if (branch !== undefined) return branch.flatMap((inner) => schemaProblems(inner, path, spots));
  }
  if (issue.code === "invalid_value") {
    const words = issue.values.map(String);
    const given = valueAt(path);
    const near = typeof given === "string" ? nearest(given, words) : undefined;
    return [
      {
        code: "policy-bad-value",
        message: `${where}: expected ${words.map((w) => `\`${w}\``).join(" or ")}`,
        at: at(path),
        ...(near === undefined ? {} : { hint: `did you mean \`${near}\`?` }),
      },
    ];
  }
  return [{ code: "policy-bad-value", message: `${where}: ${lowerFirst(issue.message)}`, at: at(path) }];
}

/** Keys of other tools that have no equal here, with what to write instead. */
const HINTS: Readonly<Record<string, string>> = {
  additionalDirectories: "name the folders in `sandbox.filesystem.allowRead` or `allowWrite`",
  allowLocalBinding: "binding inside the fence is always possible; `sandbox.ports` publishes a port",
  allowAllUnixSockets: "name each socket in `sandbox.unixSockets`",
  excludedCommands: "nothing runs outside the fence",
};

/** The keys that the schema knows at a path, for the hint. */
function keysAt(path: DocumentPath): readonly string[] {
  let node: unknown = policyFileSchema;
  for (const step of path) node = typeof step === "number" ? elementOf(node) : shapeOf(node)?.[step];
  return Object.keys(shapeOf(node) ?? {});
}

function unwrapped(schema: unknown): unknown {
  let node = schema as { def?: { type?: string; innerType?: unknown } } | undefined;
  while (node?.def?.type === "optional") node = node.def.innerType as typeof node;
  return node;
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  const node = unwrapped(schema) as
    | { def?: { type?: string; options?: unknown[] }; shape?: Record<string, unknown> }
    | undefined;
  if (node?.def?.type === "union") return node.def.options?.map(shapeOf).find((shape) => shape !== undefined);
  return node?.def?.type === "object" ? node.shape : undefined;
}

function elementOf(schema: unknown): unknown {
  return (unwrapped(schema) as { def?: { element?: unknown } } | undefined)?.def?.element;
}

/** Refuses everything in a tree that is not plain data with unique string keys. */
function plainData(
  node: unknown,
  depth: number,
  report: (node: Node | undefined, code: string, message: string) => void,
): void {
  if (!isNode(node)) return;
  if (depth > MAX_DEPTH) return report(node, "policy-too-deep", "the file is nested too deeply");
  if (isAlias(node)) return report(node, "policy-syntax", "aliases are not used in a policy: write the value out");
  if ("anchor" in node && node.anchor !== undefined) report(node, "policy-syntax", "anchors are not used in a policy");
  if (node.tag !== undefined)
    report(node, "policy-syntax", `the tag \`${forTerminal(node.tag, { max: 60 })}\` is not used in a policy`);
  if (isScalar(node)) {
    if (typeof node.value === "string" && /[\0-\x08\x0b-\x1f\x7f]/.test(node.value))
      report(node, "policy-bad-value", "a text holds a control character");
    return;
  }
  if (isSeq(node)) for (const item of node.items) plainData(item, depth + 1, report);
  if (!isMap(node)) return;
  const seen = new Set<string>();
  for (const { key, value } of node.items) {
    const place = isNode(key) ? key : node;
    if (!isScalar(key) || typeof key.value !== "string") {
      report(place, "policy-syntax", "a key must be a word");
      continue;
    }
    plainData(key, depth + 1, report);
    if (key.value === "<<" || key.value === "__proto__")
      report(place, "policy-syntax", `the key \`${key.value}\` is not used in a policy`);
    if (seen.has(key.value))
      report(place, "policy-duplicate-key", `the key \`${forTerminal(key.value, { max: 80 })}\` stands twice`);
    seen.add(key.value);
    plainData(value, depth + 1, report);
  }
}

/** Upper bound of the nesting that brackets and indentation can make, so that no recursive parser meets a tower. */
function deepest(text: string): number {
  let open = 0;
  let most = 0;
  for (const line of text.split("\n")) {
    // `- - - -` and `? ? ?` nest once for each mark
    const marks = /^[\s]*((?:[-?:]\s+)*)/.exec(line)?.[1]?.length ?? 0;
    most = Math.max(most, marks / 2);
    for (const c of line) {
      if (c === "[" || c === "{") open++;
      else if ((c === "]" || c === "}") && open > 0) open--;
      if (open > most) most = open;
    }
  }
  return most;
}

function firstLine(text: string): string {
  return lowerFirst(text.split("\n")[0] ?? text);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
