// MCP clients' configurations as people, tools and clients write them, by chance: every form of entry, every spelling of the text.
import fc from "fast-check";
import { CLIENTS, type ClientId } from "#core/mcp";

/** A plain value of JSON. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** One configuration. */
export interface Configuration {
  readonly text: string;
  readonly value: Plain;
}

/** A value that must get nowhere: it stands in variables and headers. */
export const SECRET = "s3cr3t-of-the-person";

const word = fc.oneof(
  fc.constantFrom(
    "npx",
    "-y",
    "--",
    "${HOME}/x",
    "@scope/pkg@1.2.3",
    "a b",
    "",
    "--flag=1",
    '"q"',
    "C:\\x",
    "é\u2028",
    "--url",
    "mcp",
  ),
  fc.string({ maxLength: 8 }),
);
const command = fc.oneof(
  fc.constantFrom("npx", "uvx", "/usr/bin/node", "docker", "${BIN}", "sudo"),
  fc.string({ minLength: 1, maxLength: 8 }),
);
const variable = fc.constantFrom("API_KEY", "PATH", "npm_config_x", "_a");
const secrets = fc.dictionary(variable, fc.constantFrom(SECRET, `Bearer ${SECRET}`, "${input:key}"), {
  maxKeys: 3,
  noNullPrototype: true,
});
const header = fc.constantFrom("Authorization", "X-Api-Key", "x-a");
const headers = fc.dictionary(header, fc.constantFrom(SECRET, `Bearer ${SECRET}`, "${TOKEN}"), {
  maxKeys: 3,
  noNullPrototype: true,
});
const address = fc.constantFrom(
  "https://x.example/mcp",
  "http://127.0.0.1:3000/mcp",
  "https://x.example/sse",
  "https://x.example/mcp?key=1",
  "https://u:p@x.example/",
  "${URL}",
  "ftp://x",
);
const more = fc.record(
  {
    cwd: fc.constant("/x"),
    timeout: fc.nat(9),
    trust: fc.boolean(),
    tools: fc.array(word, { maxLength: 2 }),
    disabled: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** An entry of one client; often a good one, at times none that it would take. */
function entryOf(client: ClientId): fc.Arbitrary<Plain> {
  const form = CLIENTS[client];
  const type = fc.constantFrom(...form.programTypes, ...form.httpTypes, "sse", "odd");
  const args = fc.array(word, { maxLength: 4 });
  const start: fc.Arbitrary<Readonly<Record<string, Plain>>> =
    form.command === "joined"
      ? fc.tuple(command, args).map(([first, rest]) => ({ command: [first, ...rest] }))
      : fc.record({ command, args }, { requiredKeys: ["command"] });
  const program = fc
    .tuple(
      start,
      fc.record({ [form.env]: secrets }, { requiredKeys: [] }),
      fc.constantFrom(...form.programTypes, undefined),
    )
    .map(([words, env, kind]) => ({
      ...(kind === undefined || form.programTypes.length === 0 ? {} : { type: kind }),
      ...words,
      ...env,
    }));
  const http = fc
    .tuple(
      fc.constantFrom("url", ...form.urls),
      address,
      fc.record({ [form.headers]: headers }, { requiredKeys: [] }),
      fc.constantFrom(...form.httpTypes, undefined),
    )
    .map(([key, url, own, kind]) => ({ ...(kind === undefined ? {} : { type: kind }), [key]: url, ...own }));
  const odd = fc.record(
    { type, command: fc.nat(), url: address, oauth: fc.constant({ clientId: "x" }) },
    { requiredKeys: [] },
  );
  const bearer = fc.constantFrom({}, { bearer_token_env_var: "TOKEN" });
  return fc
    .tuple(
      fc.oneof({ weight: 5, arbitrary: program }, { weight: 3, arbitrary: http }, { weight: 1, arbitrary: odd }),
      more,
      form.text === "toml" ? bearer : fc.constant({}),
    )
    .map(([entry, rest, token]) => ({ ...entry, ...rest, ...token }) as Plain);
}

const name = fc
  .oneof(fc.constantFrom("github", "a b", "x.y", "-x", "${N}", "fs", "ключ"), fc.string({ maxLength: 6 }))
  .filter((text) => text !== "__proto__");

function configOf(client: ClientId): fc.Arbitrary<Plain> {
  const { roots } = CLIENTS[client];
  const servers = fc.dictionary(name, entryOf(client), { maxKeys: 4, noNullPrototype: true });
  const at = (path: readonly string[], value: Plain): Plain =>
    path.reduceRight<Plain>((inner, key) => ({ [key === "*" ? "/home/me/p" : key]: inner }), value);
  const rooted = fc.tuple(
    ...roots.map((path) => servers.map((value) => at(path, value) as Readonly<Record<string, Plain>>)),
  );
  const rest = fc.record(
    { model: word, inputs: fc.array(word, { maxLength: 2 }), nested: fc.record({ command: word, url: word }) },
    { requiredKeys: [] },
  );
  return fc.tuple(rest, rooted, fc.boolean()).map(([others, found, first]) => {
    const all = [others, ...found] as readonly Readonly<Record<string, Plain>>[];
    return Object.assign({}, ...(first ? all : [...all].reverse())) as Plain;
  });
}

/** A JSON text as a person or a tool might have written it. */
function jsonOf(value: fc.Arbitrary<Plain>): fc.Arbitrary<Configuration> {
  return fc
    .record({
      value,
      indent: fc.constantFrom(undefined, "  ", "\t", "    "),
      line: fc.constantFrom("\n", "\r\n"),
      bom: fc.boolean(),
      end: fc.constantFrom("", "\n", "\n\n", "  "),
      comments: fc.boolean(),
      commas: fc.boolean(),
      every: fc.integer({ min: 2, max: 5 }),
    })
    .map(({ value: whole, indent, line, bom, end, comments, commas, every }) => {
      const lines = JSON.stringify(whole, undefined, indent).split("\n");
      const trailing = lines.map((each, at) =>
        commas && /[\]}"0-9el]$/.test(each) && /^\s*[\]}]/.test(lines[at + 1] ?? "") ? `${each},` : each,
      );
      const commented = trailing.map((each, at) =>
        comments && indent !== undefined && at % every === 1
          ? at % 2 === 0
            ? `${each} // "note" ${at}, [`
            : `/* { ${at} */ ${each}`
          : each,
      );
      return { value: whole, text: `${bom ? "\ufeff" : ""}${commented.join(line)}${end.replaceAll("\n", line)}` };
    });
}

/** How one TOML text is spelled: a stream of choices. */
class Pen {
  readonly #choices: readonly number[];
  #at = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  one<T>(...of: readonly T[]): T {
    const found = of[(this.#choices[this.#at++ % this.#choices.length] ?? 0) % of.length];
    if (found === undefined) throw new Error("nothing to choose from");
    return found;
  }

  key(text: string): string {
    return /^[\w-]+$/.test(text) ? this.one(text, JSON.stringify(text), `'${text}'`) : tomlString(text);
  }

  value(value: Plain, inline: boolean): string {
    if (typeof value === "string") {
      const isPlain = !/['\p{Cc}]/u.test(value);
      return this.one(
        tomlString(value),
        isPlain ? `'${value}'` : tomlString(value),
        inline || !isPlain || value.includes('"') || value.includes("\\") ? tomlString(value) : `"""\n${value}"""`,
      );
    }
    if (Array.isArray(value)) {
      const items = (value as readonly Plain[]).map((item) => this.value(item, true));
      if (inline || this.one(true, false))
        return `[${this.one("", " ")}${items.join(this.one(", ", ",", " , "))}${this.one("", " ")}]`;
      return `[ # list\n${items.map((item) => `  ${item},${this.one("", " # one, [")}\n`).join("")}]`;
    }
    if (typeof value === "object" && value !== null)
      return `{ ${Object.entries(value)
        .map(([key, inner]) => `${this.key(key)} = ${this.value(inner, true)}`)
        .join(", ")} }`;
    return String(value);
  }

  table(path: readonly string[], value: Readonly<Record<string, Plain>>): string {
    const own = Object.entries(value);
    const isTable = (inner: Plain): inner is Readonly<Record<string, Plain>> =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner);
    const apart = own.filter(([, inner]) => isTable(inner) && this.one(true, false));
    const here = own.filter((each) => !apart.includes(each));
    const lines = here.flatMap(([key, inner]): readonly string[] =>
      isTable(inner) && Object.keys(inner).length > 0 && this.one(true, false)
        ? Object.entries(inner).map(
            ([sub, leaf]) =>
              `${this.one("", "  ")}${this.key(key)}${this.one(".", " . ")}${this.key(sub)} = ${this.value(leaf, false)}`,
          )
        : [
            `${this.one("", "  ", "\t")}${this.key(key)}${this.one(" = ", "=")}${this.value(inner, false)}${this.one("", " # why", "  ")}`,
          ],
    );
    const head = `${this.one("", "\n", "# a table\n")}[${path.map((key) => this.key(key)).join(this.one(".", " . "))}]${this.one("", " # here")}`;
    const below = apart.map(([key, inner]) => this.table([...path, key], inner as Readonly<Record<string, Plain>>));
    return `${[head, ...lines].join("\n")}\n${below.join("")}`;
  }
}

function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}

function tomlOf(value: fc.Arbitrary<Plain>, root: string): fc.Arbitrary<Configuration> {
  return fc
    .record({
      value,
      choices: fc.array(fc.nat(59), { minLength: 7, maxLength: 60 }),
      crlf: fc.boolean(),
      end: fc.constantFrom("", "\n", "# end"),
    })
    .map(({ value: whole, choices, crlf, end }) => {
      const pen = new Pen(choices);
      const { [root]: servers = {}, ...rest } = whole as Readonly<Record<string, Plain>>;
      const top = Object.entries(rest).map(([key, inner]) => `${pen.key(key)} = ${pen.value(inner, false)}\n`);
      const named = Object.entries(servers as Readonly<Record<string, Plain>>);
      const dotted = named.filter(() => pen.one(false, false, true));
      const inline = dotted.map(([key, inner]) => `${pen.key(root)}.${pen.key(key)} = ${pen.value(inner, true)}\n`);
      const tables = named
        .filter((each) => !dotted.includes(each))
        .map(([key, inner]) => pen.table([root, key], inner as Readonly<Record<string, Plain>>));
      const text = `${top.join("")}${inline.join("")}${tables.join("")}${end}`;
      // A value over several lines would change with its line ends.
      return { value: whole, text: crlf && !text.includes('"""') ? text.replaceAll("\n", "\r\n") : text };
    });
}

/** A client's configuration by chance. */
export function configurationOf(client: ClientId): fc.Arbitrary<Configuration> {
  const form = CLIENTS[client];
  const value = configOf(client).map((whole) => JSON.parse(JSON.stringify(whole)) as Plain);
  return form.text === "toml" ? tomlOf(value, form.roots[0]?.[0] ?? "") : jsonOf(value);
}
