// The lock as text: what it says is what is read, and what does not fit together is refused whole.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  commandTarget,
  isSameTarget,
  type Lock,
  lockOf,
  lockText,
  readDescription,
  readLock,
  type ServerDescription,
  urlTarget,
} from "#core/mcp";

const sha256 = (data: Uint8Array): Uint8Array => createHash("sha256").update(data).digest();
const lock: Lock = new Map([
  [
    "weather",
    {
      ...lockOf(described(), { target: { argv: ["npx", "weather"] } }),
      accepted: new Map([["tool a/b~c", ["sink /description"]]]),
    },
  ],
  [
    "other",
    lockOf(
      { ...described(), tools: [] },
      { target: { url: "https://example.com/mcp" }, package: { name: "x", version: "1" } },
    ),
  ],
]);
const text = lockText(lock, sha256);

function described(): ServerDescription {
  const tools = [
    { name: "a/b~c", description: "One.\nTwo \u202e.", inputSchema: { type: "object", required: ["x"] } },
    { name: "forecast", description: "Gives the forecast." },
  ];
  const read = readDescription({
    capabilities: { tools: {} },
    serverInfo: { name: "w", version: "1" },
    instructions: "Go.",
    tools,
  });
  if (!read.ok) throw new Error(read.error);
  return read.value.description;
}

function reading(changed: string): string {
  const read = readLock(changed, { file: "f", sha256 });
  return read.ok ? "read" : `${read.error.at?.line}: ${read.error.message}`;
}

describe("the text of a lock", () => {
  it("is read as what it was written from", () => {
    const read = readLock(text, { file: "f", sha256 });
    expect(read.ok && lockText(read.value, sha256)).toBe(text);
    expect(read.ok && read.value.get("weather")).toEqual({
      ...lock.get("weather"),
      pins: expect.arrayContaining([...(lock.get("weather")?.pins ?? [])]),
    });
  });

  it("has one line a field, in order, and no character that nobody sees", () => {
    const keys = text.split("\n").flatMap((line) => /^ {2}"(\/[^"]*)"/.exec(line)?.[1] ?? []);
    expect(keys.filter((key) => key.startsWith("/weather/tools/"))).toEqual([
      "/weather/tools/a~1b~0c",
      "/weather/tools/a~1b~0c/description",
      "/weather/tools/a~1b~0c/inputSchema",
      "/weather/tools/a~1b~0c/name",
      "/weather/tools/forecast",
      "/weather/tools/forecast/description",
      "/weather/tools/forecast/name",
    ]);
    expect(text).toContain("\\u202e");
    expect(text).not.toContain("\u202e");
    expect(lockText(new Map([...lock].reverse()), sha256)).toBe(text);
  });

  it("may be written anew with its lines in another order, as a merge leaves them", () => {
    const lines = text.split("\n");
    const swapped = [...lines.slice(0, 2), ...lines.slice(2, -3).reverse(), ...lines.slice(-3)].join("\n");
    const read = readLock(swapped, { file: "f", sha256 });
    expect(read.ok && lockText(read.value, sha256)).toBe(text);
  });
});

describe("a lock is refused", () => {
  const at = (part: string): number => text.split("\n").findIndex((line) => line.includes(part)) + 1;
  const line = (part: string): string => text.split("\n").find((one) => one.includes(part)) ?? "";
  const forecast = "/weather/tools/forecast";
  it.each([
    ["cut off", text.slice(0, 500), /is not to be read|has no end/],
    ["without its last line", text.replace(/,\n {2}"end": true/, ""), /has no end/],
    ["empty", "", /is not to be read/],
    ["a list", "[]", /is no object/],
    [
      "with a mark of a conflict",
      text.replace(line("forecast/name"), `<<<<<<< HEAD\n${line("forecast/name")}`),
      /holds a merge conflict/,
    ],
    ["of another version", text.replace(": 1,", ": 2,"), /another version/],
    ["of another form", text.replace("ringfence mcp lock", "lockfileVersion"), /does not begin/],
    [
      "with a line twice",
      text.replace(line("forecast/name"), `${line("forecast/name")}\n${line("forecast/name")}`),
      /says one thing twice/,
    ],
    [
      "with an edited text",
      text.replace("Gives the forecast.", "Gives all."),
      new RegExp(`${at("forecast/description")}: .*does not fit its digest`),
    ],
    [
      "with an edited text and its digest",
      text.replace(/"\/weather\/tools\/forecast\/name".*/, `"/weather/tools/forecast/name": ["${hex('"x"')}", "x"],`),
      /do not fit the digest/,
    ],
    ["without a field", text.replace(`${line("forecast/description")}\n`, ""), /do not fit the digest/],
    ["without a digest", text.replace(/ {2}"\/weather\/tools\/forecast": .*\n/, ""), /lacks the digest/],
    ["with a name that is another's", text.replaceAll(forecast, "/weather/tools/nowcast"), /gives two names/],
    ["with a part that nobody knows", text.replace('"/weather/version"', '"/weather/approved"'), /understands/],
    ["with a place that is none", text.replace('"/weather/version"', '"weather"'), /no place/],
    [
      "with findings accepted in nothing",
      text.replace("/weather/accepted/tools/a~1b~0c", "/weather/accepted/tools/q"),
      /accepts findings/,
    ],
    ["with a target that is none", text.replace('{"argv":["npx","weather"]}', "true"), /understands/],
    ["with a byte order mark", `\ufeff${text}`, /is not to be read/],
  ])("%s", (_, changed, why) => {
    expect(changed).not.toBe(text);
    expect(reading(changed)).toMatch(why);
  });
});

function hex(data: string): string {
  return createHash("sha256").update(data).digest("hex");
}

describe("which server a lock speaks of", () => {
  const places = { workspace: "/w/project", home: "/home/me" };
  it("is written without places of this machine and without secrets", () => {
    const token = `glpat-${"aB3xY9".repeat(4)}`;
    expect(
      commandTarget(
        [
          "/home/me/bin/s",
          "--root",
          "/w/project/src",
          "--token",
          "abc",
          "--api-key=abc",
          "https://u:p@h/x",
          "/w/projects",
        ],
        places,
        { seal: hex },
      ),
    ).toEqual({
      argv: [
        "${home}/bin/s",
        "--root",
        "${workspace}/src",
        "--token",
        "${secret}",
        "--api-key=${secret}",
        "https://${secret}@h/x",
        "/w/projects",
      ],
    });
    expect(JSON.stringify(commandTarget(["s", token], places, { seal: hex }))).not.toContain(token.slice(0, 12));
    expect(urlTarget("https://u:p@Example.com/mcp?key=abc&a=1#x", hex)).toEqual({
      url: "https://example.com/mcp?a=…&key=…",
      sealed: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(urlTarget("file:///etc/passwd", hex)).toBeUndefined();
  });

  it("is the same by every word of it", () => {
    expect(isSameTarget({ argv: ["a", "b"] }, { argv: ["a", "b"] })).toBe(true);
    expect(isSameTarget({ argv: ["a", "b"] }, { argv: ["a b"] })).toBe(false);
    expect(isSameTarget({ argv: ["url", "x"] }, { url: "x" })).toBe(false);
  });
});
