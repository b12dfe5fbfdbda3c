// The words that start a wrapped server: the mark by which an entry of ours is known, in any file and on any machine. No further key is
// written, because clients refuse keys that they do not know.

/** A wrapped program. */
export interface RunVector {
  readonly kind: "run";
  readonly server: string;
  readonly client: string;
  /** Names of the variables that the entry declares. */
  readonly env: readonly string[];
}

/** A wrapped Streamable HTTP server. */
export interface ProxyVector {
  readonly kind: "proxy";
  readonly server: string;
  readonly client: string;
  /** Header → the variable that holds its value. */
  readonly headers: readonly (readonly [string, string])[];
  /** The variable that holds a bearer token. */
  readonly bearer?: string;
}

/** What an entry of ours says of itself. */
export type Vector = RunVector | ProxyVector;

/** The words behind the program; the old command, or the address, comes behind them. */
export function vectorWords(vector: Vector): readonly string[] {
  const { kind, server, client } = vector;
  const common = ["mcp", kind, "--server", server, "--client", client];
  switch (vector.kind) {
    case "run":
      return [...common, ...vector.env.flatMap((name) => ["--env", name]), "--"];
    case "proxy":
      return [
        ...common,
        ...vector.headers.flatMap(([header, variable]) => ["--header", `${header}=${variable}`]),
        ...(vector.bearer === undefined ? [] : ["--bearer", vector.bearer]),
        "--url",
      ];
    default:
      return vector satisfies never;
  }
}

/** The vector that words begin with and how many of them are ours, or undefined when no wrapping wrote them. */
export function readVector(
  program: string | undefined,
  words: readonly string[],
): { readonly vector: Vector; readonly length: number } | undefined {
  const kind = words[1];
  if (program === undefined || !/(?:^|\/)ringfence$/.test(program) || words[0] !== "mcp") return undefined;
  if (kind !== "run" && kind !== "proxy") return undefined;
  const options: (readonly [string, string])[] = [];
  let at = 2;
  for (; words[at] !== undefined && words[at] !== END[kind]; at += 2) {
    const [option, value] = [words[at], words[at + 1]];
    if (option === undefined || value === undefined || !OPTIONS[kind].has(option)) return undefined;
    options.push([option, value]);
  }
  // Something has to follow: the command, or the address.
  if (words[at] !== END[kind] || words[at + 1] === undefined) return undefined;
  const all = (option: string): readonly string[] =>
    options.filter(([name]) => name === option).map(([, value]) => value);
  const [server, client] = [all("--server")[0], all("--client")[0]];
  if (server === undefined || client === undefined) return undefined;
  const bearer = all("--bearer")[0];
  const headers = all("--header").map((text): readonly [string, string] => {
    const cut = text.lastIndexOf("=");
    return [text.slice(0, Math.max(cut, 0)), text.slice(cut + 1)];
  });
  const vector: Vector =
    kind === "run"
      ? { kind, server, client, env: all("--env") }
      : { kind, server, client, headers, ...(bearer === undefined ? {} : { bearer }) };
  return { vector, length: at + 1 };
}

/** True for the words of ours that a person wrote by hand: the gateway, by the path that is this one's, without the client that a wrapping names. */
export function isByHand(ours: string, [program, mcp = "", kind = "", ...words]: readonly string[]): boolean {
  return program === ours && readVector(program, [mcp, kind, "--client", "by-hand", ...words]) !== undefined;
}

const END = { run: "--", proxy: "--url" } as const;
const OPTIONS = {
  run: new Set(["--server", "--client", "--env"]),
  proxy: new Set(["--server", "--client", "--header", "--bearer"]),
} as const;
