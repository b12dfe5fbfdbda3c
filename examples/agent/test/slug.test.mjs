import assert from "node:assert/strict";
import { test } from "node:test";
import { slug } from "../src/slug.mjs";

test("punctuation and repeated spaces vanish", () => {
  assert.equal(slug("Hello,  World!"), "hello-world");
});
