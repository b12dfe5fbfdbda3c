// What the commands of a pipeline write, where that is constant text: a shell behind the pipe is judged by it (DESIGN 7 rule 3).
import type { Command } from "./facts.ts";
import type { Standard } from "./use.ts";

const UNKNOWN: Standard = { kind: "unknown" };

/** What the commands write to standard output. `likely` text is what bash would write; other shells read escapes otherwise. */
export function constantOutput(commands: readonly Command[], stdin: Standard): Standard {
  const [only, more] = commands;
  if (only === undefined || more !== undefined || only.effects.some((e) => e.kind !== "read")) return UNKNOWN;
  const [name, ...args] = only.words.map((w) => w.value ?? w.likely?.join(" "));
  const certain = only.words.every((w) => w.value !== undefined);
  if (name === "cat" && args.length === 0) return stdin ?? UNKNOWN;
  if (args.some((a) => a === undefined)) return UNKNOWN;
  const values = args as readonly string[];
  const text = name === "echo" ? echoed(values) : name === "printf" ? printed(values) : undefined;
  if (text === undefined) return UNKNOWN;
  const plain = certain && !values.some((value) => /[\\%]/.test(value)) && !/^-[neE]+$/.test(values[0] ?? "");
  return plain ? { kind: "text", text } : { kind: "unknown", likely: text };
}

function echoed(args: readonly string[]): string {
  let at = 0;
  let escapes = false;
  for (; /^-[neE]+$/.test(args[at] ?? ""); at++) escapes = /e[^E]*$/.test(args[at] ?? "");
  const text = args.slice(at).join(" ");
  return escapes ? unescaped(text) : text;
}

/** `printf`: `%s`, `%b`, `%c`, `%%` and escapes; any other conversion is not followed. */
function printed([format, ...values]: readonly string[]): string | undefined {
  if (format === undefined || /^-./.test(format) || /%(?![sbc%])/.test(format)) return undefined;
  const each = format.match(/%[sbc]/g)?.length ?? 0;
  let rest = [...values];
  let out = "";
  do {
    out += unescaped(format).replace(/%([sbc%])/g, (_, kind: string) => {
      if (kind === "%") return "%";
      const value = rest.shift() ?? "";
      return kind === "b" ? unescaped(value) : kind === "c" ? value.slice(0, 1) : value;
    });
  } while (each > 0 && rest.length > 0 && out.length < 10_000);
  if (each === 0) rest = [];
  return out;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", a: "", b: "", f: "", v: "", e: "" };

function unescaped(text: string): string {
  return text.replace(
    /\\(x[\da-fA-F]{1,2}|u[\da-fA-F]{1,4}|U[\da-fA-F]{1,8}|0?[0-7]{1,3}|[\s\S])/g,
    (_, code: string) => {
      if (/^[xuU]./.test(code)) {
        const point = Number.parseInt(code.slice(1), 16);
        return point > 0x10ffff ? "" : String.fromCodePoint(point);
      }
      if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 255);
      return ESCAPES[code] ?? (code === "\\" ? "\\" : `\\${code}`);
    },
  );
}
