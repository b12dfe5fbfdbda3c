// One question for many connections, and a new one soon after.
import { expect, it } from "vitest";
import { systemResolver } from "../../../src/egress/resolve.ts";

it("asks once for all who ask at once and for moments after the answer, also when the answer is a no", async () => {
  let asked = 0;
  let now = 0;
  let answers: (value: readonly string[]) => void = () => undefined;
  const resolve = systemResolver(
    async (host) => {
      asked += 1;
      if (host === "none.test") throw new Error("not known");
      return new Promise((done) => {
        answers = done;
      });
    },
    () => now,
  );
  const many = Array.from({ length: 200 }, () => resolve("a.test"));
  now = 60_000; // a slow answer is still one answer
  const late = resolve("a.test");
  answers(["192.0.2.1"]);
  expect(new Set((await Promise.all([...many, late])).flat())).toEqual(new Set(["192.0.2.1"]));
  expect(asked).toBe(1);
  now += 2_999;
  await resolve("a.test");
  expect(asked).toBe(1);
  now += 1;
  const again = resolve("a.test");
  answers(["192.0.2.2"]);
  expect(await again).toEqual(["192.0.2.2"]);
  expect(asked).toBe(2);
  await expect(resolve("none.test")).rejects.toThrow();
  await expect(resolve("none.test")).rejects.toThrow();
  expect(asked).toBe(3);
});

it("forgets the oldest of very many names", async () => {
  const asked: string[] = [];
  const resolve = systemResolver(async (host) => {
    asked.push(host);
    return ["192.0.2.1"];
  });
  for (let i = 0; i < 1_001; i += 1) await resolve(`n${i}.test`);
  await resolve("n1000.test");
  await resolve("n0.test");
  expect(asked.length).toBe(1_002);
});
