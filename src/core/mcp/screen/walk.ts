// Every text of a definition or a result: values and keys, however deep, with its place. Iterative, so that no depth is too deep.
import { isList, isObject, type Json } from "../json.ts";
import { textOfBlob } from "./decode.ts";
import { atOnce, type Work } from "./work.ts";

/** One text where it stands. */
export interface Field {
  /** JSON pointer. */
  readonly at: string;
  readonly text: string;
  /** The key that it stands under, or is. */
  readonly key: string;
  readonly isKey: boolean;
}

/** Bytes of pictures and sound: nobody reads them as words. */
const BLOBS: ReadonlySet<string> = new Set(["blob", "data"]);
/** What no base64 has: letters of words, and lines that are shorter than those in which bytes are sent. */
const NO_BYTES = /[^\w+/=\-\r\n]|(?<![^\n]{60})\n(?=[^\n])/;
/** But a file of words in base64 is unpacked by its client, and read. */
const WORDY = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|ya?ml|toml|javascript|x-sh)\b|image\/svg)/i;
/** The dialect of a schema, by one of its few addresses, is no text. */
const DIALECT = /^https?:\/\/json-schema\.org\/(?:draft-0[3-7]|draft\/20\d\d-\d\d)\/schema#?$/;
/** Names of JSON Schema and MCP that say nothing. */
const PLAIN_KEY = /^[$]?[A-Za-z][A-Za-z0-9]{0,23}$/;

/** The texts of a value, in order of reading. */
export function fieldsOf(value: Json, root = ""): readonly Field[] {
  return atOnce(fieldWork(value, root));
}

/** The same, found in pieces. */
export function* fieldWork(value: Json, root = ""): Work<readonly Field[]> {
  const fields: Field[] = [];
  const open: {
    readonly value: Json;
    readonly at: string;
    readonly key: string;
    readonly isBlob: boolean;
    readonly isWordy?: boolean;
  }[] = [{ value, at: root, key: "", isBlob: false }];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const { value: now, at, key, isBlob, isWordy } = one;
    yield;
    if (typeof now === "string") {
      const unpacked = isWordy === true ? textOfBlob(now) : undefined;
      if (unpacked !== undefined) fields.push({ at, text: unpacked, key: "text", isKey: false });
      else if (!(isBlob && isBytes(now)) && now !== "" && !(key === "$schema" && DIALECT.test(now)))
        fields.push({ at, text: now, key, isKey: false });
    } else if (isList(now)) {
      for (let index = now.length - 1; index >= 0; index -= 1)
        open.push({ value: now[index] as Json, at: `${at}/${index}`, key, isBlob: false });
    } else if (isObject(now)) {
      const isMedia = now["type"] === "image" || now["type"] === "audio" || Object.hasOwn(now, "mimeType");
      const type = now["mimeType"];
      const isWordy = typeof type === "string" && WORDY.test(type);
      const entries = Object.entries(now);
      for (const [name] of entries)
        if (!PLAIN_KEY.test(name)) fields.push({ at: `${at}/${escaped(name)}`, text: name, key: name, isKey: true });
      for (let index = entries.length - 1; index >= 0; index -= 1) {
        const [name, member] = entries[index] as [string, Json];
        open.push({
          value: member,
          at: `${at}/${escaped(name)}`,
          key: name,
          isBlob: isMedia && BLOBS.has(name),
          isWordy: isWordy && name === "blob",
        });
      }
    }
  }
  return fields;
}

/** Whether it is bytes, as it stands where they do: whoever writes words there is read. */
function isBytes(text: string): boolean {
  return !NO_BYTES.test(text.replace(/^data:[\w/+.;=-]{1,80},/, ""));
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The parameter that a text at this place describes. */
export function parameterAt(at: string): string | undefined {
  return /^\/(?:inputSchema|arguments)\/(?:.*\/)?(?:properties|patternProperties|\$defs|definitions)\/([^/]{1,64})\/(?:description|title|\$comment|examples\/\d+|default)$/.exec(
    at,
  )?.[1];
}

/** The words of a value that was written as a name (`dump_env_into_code`), where they are enough to say something. */
export function namedWords(text: string): string | undefined {
  if (!/^[A-Za-z][\w-]{24,200}$/.test(text)) return undefined;
  const parts = text.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ");
  return parts.split(" ").length >= 5 ? parts : undefined;
}
