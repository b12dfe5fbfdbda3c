// Secrets out of records (AUD-4): every disguise, wherever it stands, and nothing else of the record.
import { describe, expect, it } from "vitest";
import { LeakSearch, Redactor } from "#core/leak";
import type { Json, RecordBody } from "#core/log";
import { unpack } from "#egress";
import { DISGUISES } from "../../support/disguises.ts";

const SECRET = "zq83Jd0aLx92mWqPz71xKv";
const secrets = [
  { name: ".env:API_KEY", value: Buffer.from(SECRET) },
  { name: "other", value: Buffer.from("another-Secret-4711-value") },
];
const redactor = (): Redactor => new Redactor({ secrets, unpack, shown: new Set() });

function taken(body: RecordBody, by = redactor()): RecordBody {
  const work = by.record(body);
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/** Everything that stands in a record, each text alone and all of them together, looked at by the search that knows every disguise. */
function stands(body: RecordBody): boolean {
  const look = (text: string, as: "utf8" | "latin1" = "utf8"): boolean =>
    new LeakSearch(secrets, unpack).request().look(Buffer.from(text, as), true).kind !== "clean";
  const texts: string[] = [];
  const walk = (value: Json): void => {
    if (typeof value === "string") texts.push(value);
    else if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        texts.push(key);
        walk(inner);
      }
  };
  walk([(body.actor ?? {}) as Json, body.data]);
  return look(JSON.stringify([body.actor, body.data])) || texts.some((text) => look(text) || look(text, "latin1"));
}

const call = (data: RecordBody["data"], actor?: RecordBody["actor"]): RecordBody => ({
  ...{ type: "tool.call", origin: "claimed", data },
  ...(actor === undefined ? {} : { actor }),
});

const PLACES: Readonly<Record<string, (said: string) => RecordBody>> = {
  "a command": (said) =>
    call({ tool: "Bash", input: { command: `rm -rf build && echo '${said}' > /tmp/x; git status` } }),
  "a text of lines": (said) => call({ text: `line one of it\nand ${said}\nthe last line of it` }),
  "a word of its own": (said) => call({ argv: ["/bin/echo", said, "--last-option"] }),
  "a key": (said) => call({ input: { [said]: "value", other: 1 } }),
  "a program's path": (said) => call({ done: true }, { pid: 7, exe: said }),
  "a call's id": (said) => call({ done: true }, { tool_use_id: said }),
};

/** Compressed without a mark, and with no beginning: nobody can tell where it is, with whatever program. */
const UNMARKED: ReadonlySet<string> = new Set(["deflate", "brotli", "deflate in a part"]);
const WITHIN: ReadonlySet<string> = new Set(["a command", "a text of lines"]);

describe.each(Object.entries(PLACES))("in %s", (where, place) => {
  const disguises = Object.entries(DISGUISES).filter(([name]) => !(UNMARKED.has(name) && WITHIN.has(where)));
  it.each(disguises)("%s", (_name, disguise) => {
    const disguised = disguise(SECRET);
    const said = typeof disguised === "string" ? disguised : disguised.toString("latin1");
    const body = place(said);
    const out = taken(body);
    expect(stands(out)).toBe(false);
    expect(JSON.stringify(out)).toContain("[.env:API_KEY]");
    if (body.actor?.pid !== undefined) expect(out.actor?.pid).toBe(7);
  });
});

it("leaves the rest of a command as it was said", () => {
  const word = Buffer.from(`key=${SECRET}`).toString("base64");
  const out = taken(call({ command: `rm -rf build; echo ${word}|base64 -d; curl https://evil.example/` }));
  expect(out.data["command"]).toMatch(
    /^rm -rf build; echo \S{0,8}\[\.env:API_KEY\]\|base64 -d; curl https:\/\/evil\.example\/$/,
  );
  const spaced = taken(call({ command: `rm -rf build; echo ${[...SECRET].join(" ")}; curl https://evil.example/` }));
  expect(spaced.data["command"]).toMatch(
    /^rm -rf build; echo .{0,3}\[\.env:API_KEY\].{0,3}; curl https:\/\/evil\.example\/$/,
  );
});

it("takes out the arguments that hold it together, and no others", () => {
  const out = taken(
    call({ argv: ["/bin/sh", "-c", "ls", SECRET.slice(0, 11), SECRET.slice(11), "--all", "src/index.ts"] }),
  );
  const argv = out.data["argv"] as readonly string[];
  expect(argv.slice(0, 3)).toEqual(["/bin/sh", "-c", "ls"]);
  expect(argv.slice(-2)).toEqual(["--all", "src/index.ts"]);
  expect(argv.join("")).not.toContain(SECRET.slice(0, 11));
});

it("takes out what says something only beside the rest each time that it comes", () => {
  const by = redactor();
  const packed = DISGUISES["base64 of deflate in JSON"]?.(SECRET);
  const path = `/tmp/ringfence-test-vpdjfu/shop/${String(packed)}`;
  const again = (): RecordBody =>
    call({ path, operation: "create", via: "recorder" }, { pid: 542, exe: "/usr/bin/touch" });
  for (let time = 0; time < 3; time += 1) expect(stands(taken(again(), by))).toBe(false);
});

it("hands on what is clean as it is", () => {
  const body = call({ path: "/home/me/shop/.git/objects/ab/cdef0123456789abcdef0123456789abcdef01", n: 3 }, { pid: 1 });
  expect(taken(body)).toBe(body);
});

it("knows tokens that nobody told of, also encoded", () => {
  const token = `hvs.${"CAESIJ1234567890abcdefGHIJKLMNOP"}`;
  expect(taken(call({ a: `x ${token} y` })).data).toEqual({ a: "x [Vault token] y" });
  const twice = Buffer.from(Buffer.from(`t=${token}`).toString("base64")).toString("base64");
  expect(JSON.stringify(taken(call({ a: `echo ${twice} | sh` })))).toContain("[Vault token]");
  const shown = new Redactor({ secrets: [], unpack, shown: new Set([token]) });
  expect(taken(call({ a: `x ${token} y` }), shown).data).toEqual({ a: `x ${token} y` });
});

it.each([1, 3, 4, 7, 11, 21])("does not let a stream say it in pieces of %i", (size) => {
  const by = redactor();
  const said = `the key of the service is ${SECRET}, as you asked; nothing else is of interest here. `.repeat(2);
  let out = "";
  for (let at = 0; at < said.length; at += size) {
    const text = said.slice(at, at + size);
    const body: RecordBody = { type: "model.output", origin: "claimed", data: { text } };
    out += taken(body, by).data["text"] as string;
  }
  expect(out).not.toContain(SECRET);
  expect(out.replaceAll("[.env:API_KEY]", "")).not.toContain(SECRET.slice(0, 18));
  expect(out).toContain("nothing else is of interest here.");
});
