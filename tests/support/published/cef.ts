// A reader of CEF, as the format's guide describes it: seven header fields between pipes, then key=value pairs, where a value goes on until
// the next ` key=`. Written here, because no reader is published as a package; it knows the dictionary's keys that we may use.
const KEYS: ReadonlySet<string> = new Set([
  ...[
    "rt",
    "externalId",
    "act",
    "outcome",
    "reason",
    "suser",
    "spid",
    "sproc",
    "dproc",
    "filePath",
    "fname",
    "oldFilePath",
  ],
  ...[
    "fileHash",
    "dhost",
    "dst",
    "dpt",
    "c6a3",
    "c6a3Label",
    "proto",
    "app",
    "out",
    "in",
    "deviceDirection",
    "requestMethod",
  ],
  ...["request", "cn1", "cn1Label", "cn2", "cn2Label", "msg"],
  ...[1, 2, 3, 4, 5, 6].flatMap((n) => [`cs${n}`, `cs${n}Label`]),
]);

const INTEGERS: ReadonlySet<string> = new Set([
  "rt",
  "externalId",
  "spid",
  "dpt",
  "in",
  "out",
  "cn1",
  "cn2",
  "deviceDirection",
]);

/** Takes a line apart; throws where it is not one. */
export function parseCef(line: string): {
  readonly header: readonly string[];
  readonly extension: ReadonlyMap<string, string>;
} {
  if (/[\n\r]/.test(line)) throw new Error("more than one line");
  const match = /^((?:[^|\\]|\\[|\\])*\|){7}/.exec(line);
  if (match === null) throw new Error(`no header: ${line.slice(0, 200)}`);
  const header = [...match[0].matchAll(/((?:[^|\\]|\\[|\\])*)\|/g)].map(([, field = ""]) =>
    field.replace(/\\(.)/g, "$1"),
  );
  const severity = Number(header[6]);
  if (!Number.isInteger(severity) || severity < 0 || severity > 10) throw new Error(`severity ${header[6]}`);
  const extension = new Map<string, string>();
  const pairs = line.slice(match[0].length);
  for (const [, key = "", value = ""] of pairs.matchAll(
    /(?:^| )([A-Za-z0-9]+)=((?:[^\\=]|\\[\\=nr])*?)(?=$| [A-Za-z0-9]+=)/g,
  )) {
    if (!KEYS.has(key)) throw new Error(`no key of the dictionary: ${key}`);
    if (extension.has(key)) throw new Error(`twice: ${key}`);
    if (INTEGERS.has(key) && !/^[0-9]+$/.test(value)) throw new Error(`${key} is no number: ${value}`);
    extension.set(
      key,
      value.replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c === "r" ? "\r" : c)),
    );
  }
  const length = [...extension].reduce((sum, [key, value]) => sum + key.length + 2 + escaped(value).length, -1);
  if (length !== pairs.length)
    throw new Error(`left over: ${pairs.length - length} characters of ${pairs.slice(0, 300)}`);
  return { header, extension };
}

function escaped(value: string): string {
  return value.replace(/[\\=]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}
