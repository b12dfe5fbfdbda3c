// Wrapping the servers of a client's file and taking it back is identity on the bytes, whatever the file looks like; wrapping twice is wrapping once;
// what a client then starts is the gateway with exactly its old words behind; nothing else of the file changes; and no value of a variable or a
// header gets into arguments or into what is remembered.
import fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { CLIENT_IDS, CLIENTS, type ClientId, type EntryHints, type Rewritten, unwrapText, wrapText } from "#core/mcp";
import { jsonValue, parseJsonText } from "#core/settings";
import { configurationOf, type Plain, SECRET } from "../support/client-configs.ts";

const RUNS = process.env["SLOW"] === "1" ? 3_000 : 120;
const PROGRAM = "/opt/ring fence/ringfence";

function wrapped(client: ClientId, text: string, hints: readonly EntryHints[] = []): Rewritten {
  const done = wrapText({ client, text, file: "f", hints }, { program: PROGRAM, servers: [] });
  if (!done.ok) throw new Error(`${done.error.message} ${JSON.stringify(done.error.at)}\n${text}`);
  return done.value;
}

function unwrapped(client: ClientId, { text, hints }: Rewritten): string {
  const done = unwrapText({ client, text, file: "f", hints }, []);
  if (!done.ok) throw new Error(done.error.message);
  return done.value.text;
}

/** What another reader sees in the file. */
function read(client: ClientId, text: string): Plain {
  if (CLIENTS[client].text === "toml") return JSON.parse(JSON.stringify(parse(text.replace(/^\ufeff/, "")))) as Plain;
  const root = parseJsonText(text, "f");
  if (!root.ok) throw new Error(root.error.message);
  return jsonValue(root.value) as Plain;
}

function at(value: Plain, path: readonly string[]): Readonly<Record<string, Plain>> {
  return path.reduce<Plain>((inner, key) => (inner as Readonly<Record<string, Plain>>)[key] ?? null, value) as Readonly<
    Record<string, Plain>
  >;
}

function words(client: ClientId, entry: Readonly<Record<string, Plain>>): readonly Plain[] {
  return CLIENTS[client].command === "joined"
    ? (entry["command"] as readonly Plain[])
    : [entry["command"] ?? null, ...((entry["args"] as readonly Plain[] | undefined) ?? [])];
}

describe.each(CLIENT_IDS)("%s", (client) => {
  const form = CLIENTS[client];

  test("there and back is the same text, and again is once", () => {
    fc.assert(
      fc.property(configurationOf(client), ({ text }) => {
        const once = wrapped(client, text);
        expect(unwrapped(client, once)).toBe(text);
        expect(wrapped(client, once.text, once.hints).text).toBe(once.text);
        // without what was remembered, too
        expect(wrapped(client, once.text).text).toBe(once.text);
      }),
      { numRuns: RUNS },
    );
  });

  test("the client starts the gateway with its old words, and nothing else changes", () => {
    let seen = 0;
    fc.assert(
      fc.property(configurationOf(client), ({ text }) => {
        const value = read(client, text);
        const once = wrapped(client, text);
        const after = read(client, once.text);
        let expected = value;
        for (const { kind, place } of once.outcomes) {
          if (kind !== "wrapped") continue;
          seen++;
          const [old, now] = [at(value, place), at(after, place)];
          const [program, ...rest] = words(client, now);
          expect(program).toBe(PROGRAM);
          const http = rest[1] === "proxy";
          const behind = rest.slice(rest.indexOf(http ? "--url" : "--") + 1);
          expect(behind).toEqual(http ? [old["url"] ?? old["httpUrl"] ?? old["serverUrl"]] : words(client, old));
          if (http)
            expect(Object.values((now[form.env] as object | undefined) ?? {})).toEqual(
              Object.values((old[form.headers] as object | undefined) ?? {}),
            );
          const changed = http
            ? [
                "command",
                "args",
                "type",
                "url",
                "httpUrl",
                "serverUrl",
                "env_vars",
                "bearer_token_env_var",
                form.env,
                form.headers,
              ]
            : ["command", "args"];
          const without = (entry: Readonly<Record<string, Plain>>): Plain =>
            Object.fromEntries(Object.entries(entry).filter(([key]) => !changed.includes(key)));
          expect(without(now)).toEqual(without(old));
          expect(JSON.stringify(words(client, now))).not.toContain(SECRET);
          expected = put(expected, place, now);
        }
        expect(after).toEqual(expected);
        expect(JSON.stringify(once.hints)).not.toContain(SECRET);
      }),
      { numRuns: RUNS },
    );
    expect(seen).toBeGreaterThan(50);
  });
});

function put(value: Plain, path: readonly string[], inner: Plain): Plain {
  const [key, ...rest] = path;
  if (key === undefined) return inner;
  const table = value as Readonly<Record<string, Plain>>;
  return { ...table, [key]: put(table[key] ?? null, rest, inner) };
}
