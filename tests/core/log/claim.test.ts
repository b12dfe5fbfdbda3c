// What an outside program may say, and what is refused because two readers could read it differently.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseClaim } from "#core/log";

const claim = (data: string): string => `{"type":"tool.call","data":${data}}`;

describe("a claim", () => {
  it("is a type and data, claimed whatever it says", () => {
    expect(
      parseClaim('{ "type": "tool.call", "data": {"a": [1, {"b": null}]}, "actor": {"agent": "x", "pid": 7} }'),
    ).toEqual({
      ok: true,
      value: { type: "tool.call", origin: "claimed", data: { a: [1, { b: null }] }, actor: { agent: "x", pid: 7 } },
    });
    expect(parseClaim('{"type":"anything.else","data":{}}').ok).toBe(true);
  });

  it.each([
    ["", "is not JSON"],
    ["{", "is not JSON"],
    ["\ufeff{}", "is not JSON"],
    ['{"type":"Tool Call","data":{}}', "has a `type` that is none"],
    ['{"type":"tool.call","data":{},"actor":{"uid":0}}', "`actor` may have"],
    ['{"type":"tool.call","data":{},"actor":{"pid":"7"}}', "`actor` may have"],
    ['{"type":"session.close","data":{}}', "is for the log's own writer"],
    ['{"type":"epoch.close","data":{}}', "is for the log's own writer"],
    ['{"type":"recovery","data":{}}', "is for the log's own writer"],
    ['{"type":"recorder.lost","data":{}}', "is for the log's own writer"],
    ['{"type":"tool.call","type":"prompt","data":{}}', "`type` twice"],
    [claim('{"a":1,"b":2,"a":3}'), "`a` twice"],
    [claim('{"a":1,"\\u0061":3}'), "`a` twice"],
    [claim('{"x":[{"k":1},{"k":1,"k":2}]}'), "`k` twice"],
    ['{"type":"tool.call","n":1,"data":{"n":2}}', "beside `data` and in it"],
  ])("%s is refused", (text, why) => {
    const parsed = parseClaim(text);
    expect(parsed.ok ? "accepted" : parsed.error).toContain(why);
  });

  it.each([
    [claim('{"a":{"k":1},"b":{"k":1}}')],
    [claim('{"a":"a","b":["a","a"]}')],
    [claim('{"{\\"a\\":1,":1,"}":2,"1.5":"1.5 1e3"}')],
    [claim('{"__proto__":{"x":1},"toJSON":"x"}')],
    [claim('{"s":"\\ud800"}')],
    [claim('{"n":-0,"m":9007199254740991}')],
  ])("%s is taken", (text) => expect(parseClaim(text)).toMatchObject({ ok: true }));

  it("keeps every field, whatever its place, and every number", () => {
    const data = (text: string): unknown => {
      const parsed = parseClaim(text);
      return parsed.ok ? [parsed.value.type, parsed.value.origin, parsed.value.data] : parsed.error;
    };
    expect(data('{"command":"ls","n":3}')).toEqual(["other", "claimed", { command: "ls", n: 3 }]);
    expect(data('{"type":"tool.call"}')).toEqual(["tool.call", "claimed", {}]);
    expect(data('{"type":"tool.call","origin":"observed","seq":9,"data":{"a":1}}')).toEqual([
      "tool.call",
      "claimed",
      { origin: "observed", seq: 9, a: 1 },
    ]);
    expect(data('{"type":"tool.call","data":[1]}')).toEqual(["tool.call", "claimed", { value: [1] }]);
    expect(data("3")).toEqual(["other", "claimed", { value: 3 }]);
    expect(data('"x"')).toEqual(["other", "claimed", { value: "x" }]);
    expect(data('[1.5,"1.5",-1e400,9007199254740993,{"a":0.10}]')).toEqual([
      "other",
      "claimed",
      {
        value: [
          { number: "1.5" },
          "1.5",
          { number: "-1e400" },
          { number: "9007199254740993" },
          { a: { number: "0.10" } },
        ],
      },
    ]);
  });

  it("of any JSON never throws, and takes only what parses back to itself", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        parseClaim(text);
        parseClaim(claim(text));
        parseClaim(`{"type":"tool.call","data":{"v":${text}}}`);
      }),
    );
  });
});

describe("what a parser would repair", () => {
  const dataOf = (text: string): unknown => {
    const parsed = parseClaim(text);
    return parsed.ok ? parsed.value.data : parsed.error;
  };

  it("is found wherever it stands", () => {
    expect(dataOf('{"data" : { "a\\\\" : [ 1.5 , 0 , 1e3 ] , "b\\"" : 9007199254740993 } }')).toEqual({
      "a\\": [{ number: "1.5" }, 0, { number: "1e3" }],
      'b"': { number: "9007199254740993" },
    });
    expect(dataOf('{"data":{"a":"\\"1.5\\\\","b":"{\\"b\\":1,\\"b\\":2}"}}')).toEqual({
      a: '"1.5\\',
      b: '{"b":1,"b":2}',
    });
    expect(dataOf('{"x":[[{"\\u0061":1,"a":2}]]}')).toContain("`a` twice");
  });

  it("is nothing of what JSON.stringify writes of texts and integers, however it is laid out", () => {
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.string({ unit: "binary" }),
        fc.string({ unit: fc.constantFrom('"', "\\", "{", "}", "[", "1", ".", ",", ":") }),
        fc.integer(),
        fc.constantFrom(true, false, null),
        fc.array(tie("value")),
        fc.dictionary(fc.string(), tie("value")),
      ),
    })).value;
    fc.assert(
      fc.property(json, fc.nat(3), (value, indent) => {
        const text = JSON.stringify({ data: { value } }, undefined, indent);
        expect(dataOf(text)).toEqual(JSON.parse(text).data);
      }),
    );
  });
});
