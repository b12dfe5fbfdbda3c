// Bodies at a host with a credential: somebody else's key, spelled as some reader takes it (tests/cases/credentials/foreign-bodies.jsonl), and ordinary
// requests to real services in which there is none (ordinary.jsonl).
import { brotliCompressSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { pathPairs, presentsAsField, presentsAsPair, queryPairs } from "#core/credentials";
import { bodyGuard } from "../../../src/credentials/body-guard.ts";
import { readCases } from "../../support/cases.ts";

interface Line {
  readonly name?: string;
  readonly method: string;
  readonly url: string;
  readonly fields: readonly (readonly [string, string])[];
  /** One letter a byte. */
  readonly body?: string;
  readonly packed?: "gzip" | "br";
}

const place = {
  host: "git.test",
  placeholders: ["glpat-PLACEHOLDER-0123456789"],
  ...{ inBodies: false, readsObjects: true, rule: "r" },
};

/** The reason of the refusal, or `passes`. */
function judged({ body, fields, method, packed }: Line): string {
  const guard = bodyGuard({ method, fields: fields.map(([name, value]) => ({ name, value })) }, place);
  if (guard === undefined || body === undefined) return "passes";
  const bytes = Buffer.from(body, "latin1");
  const sent = packed === "br" ? brotliCompressSync(bytes) : packed === "gzip" ? gzipSync(bytes) : bytes;
  for (const ask of [() => guard.take(sent), () => guard.end()]) {
    const made = ask();
    if ("reason" in made) return made.reason;
  }
  return "passes";
}

test.each(readCases<Line, Line>("credentials/foreign-bodies.jsonl"))("a thief's key: $name", (line) => {
  expect(judged(line)).toMatch(/^(?:foreign-credential|unread-body)$/);
});

test.each(readCases<Line, Line>("credentials/ordinary.jsonl"))("$method $url", (line) => {
  const { fields, packed, url } = line;
  expect(judged(line)).toBe("passes");
  if (packed === undefined)
    expect(judged({ ...line, packed: "gzip", fields: [...fields, ["Content-Encoding", "gzip"]] })).toMatch(
      /^(?:passes|unread-body)$/, // a form is not read compressed
    );
  expect(fields.filter(([name, value]) => presentsAsField({ name, value }))).toEqual([]);
  expect([...queryPairs(url), ...pathPairs(url)].filter(presentsAsPair)).toEqual([]);
});
