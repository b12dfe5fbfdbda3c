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
    ["[]", "is not a JSON object"],
    ["null", "is not a JSON object"],
    ["3", "is not a JSON object"],
    ["{}", "needs a `type`"],
    ['{"command":"ls"}', "unknown key `command`"],
    ['{"type":"Tool Call","data":{}}', "needs a `type`"],
    ['{"type":"tool.call","data":{},"origin":"observed"}', "unknown key `origin`"],
    ['{"type":"tool.call","data":{},"seq":3}', "unknown key `seq`"],
    ['{"type":"tool.call"}', "needs `data`"],
    ['{"type":"tool.call","data":[]}', "needs `data`"],
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
    [claim('{"a":1.5}'), "the number 1.5"],
    [claim('{"a":1e3}'), "the number 1e3"],
    [claim('{"a":9007199254740993}'), "the number 9007199254740993"],
    [claim('{"a":9007199254740991.4}'), "the number 9007199254740991.4"],
    [claim("[1e400]"), "needs `data`"],
    [claim('{"a":[-1e400]}'), "the number -1e400"],
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
