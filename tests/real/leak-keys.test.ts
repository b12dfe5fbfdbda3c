// OpenSSH's own key files: their private half is looked for, their public half and their comment may be sent.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LeakSearch } from "#core/leak";
import { unpack } from "#egress";
import { KEY_PART, privateParts } from "../../src/monitor/leaks/key-material.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const COMMENT = "somebody@a-machine-with-a-name";

it.for(["ed25519", "rsa", "ecdsa"])("%s", (type, ctx) => {
  needs(ctx, "ssh-keygen");
  const file = join(tmp(), type);
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", COMMENT, "-f", file]);
  const key = readFileSync(file, "utf8");
  const secrets = privateParts(key).map((value) => ({ name: "key", value, enough: KEY_PART }));
  const look = (sent: string): string => new LeakSearch(secrets, unpack).request().look(Buffer.from(sent), true).kind;
  expect(look(key)).toBe("secret");
  expect(look(key.split("\n").slice(2, -2).join("\n"))).toBe("secret");
  expect(look(Buffer.from(key).toString("base64"))).toBe("secret");
  expect(look(readFileSync(`${file}.pub`, "utf8"))).toBe("clean");
  expect(look(COMMENT)).toBe("clean");
});
