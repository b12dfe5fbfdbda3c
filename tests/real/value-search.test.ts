// The search for values that a setup may have left: in every form that tools write, wherever lines and pieces part it.
import { describe, expect, it } from "vitest";
import { FormSearch, formsOf } from "#sandbox";

const VALUE = "github_pat_11ABCDEFG0123456789/+=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const forms = formsOf([{ name: "it", value: VALUE }]);
const lines = (text: string, width: number, end = "\n"): string =>
  text.replace(new RegExp(`.{${width}}`, "g"), `$&${end}`);
const base64 = Buffer.from(`user:${VALUE}\n`).toString("base64");
const hex = Buffer.from(VALUE).toString("hex");

describe("a value", () => {
  it.each([
    ["as it is", VALUE],
    ["over several lines", lines(VALUE, 20, "\r\n  ")],
    ["a letter a line", lines(VALUE, 1)],
    ["in Base64", base64],
    ["in Base64 as `base64` prints it", lines(base64, 76)],
    ["in hexadecimal as `xxd -p` prints it", lines(hex, 60)],
    ["in hexadecimal, a byte and a blank", lines(hex.toUpperCase(), 2, " ")],
  ])("%s is found, wherever pieces part it", (_, text) => {
    for (const at of [0, 1, 40, text.length - 1]) {
      const search = new FormSearch(forms);
      const whole = Buffer.from(`before\n${text}\nafter`);
      const found = [whole.subarray(0, 7 + at), whole.subarray(7 + at)].flatMap((piece) => search.take(piece));
      expect(new Set(found)).toEqual(new Set(["it"]));
    }
  });

  it("is not found where only a part of it stands", () => {
    expect(new FormSearch(forms).take(Buffer.from(`${VALUE.slice(0, 60)}\n${VALUE.slice(61)}`))).toEqual([]);
  });
});
