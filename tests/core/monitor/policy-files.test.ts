// Which files make a policy, and what naming one of them changes.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readPolicy } from "#monitor";
import { tmp } from "../../support/tmp.ts";

it("naming the managed file as one's own makes it no weaker", async () => {
  const folder = tmp();
  const managedFile = join(folder, "managed.yaml");
  writeFileSync(managedFile, "permissions: { mode: plan, allow: [] }\nruleOfTwo: deny\n");
  mkdirSync(join(folder, "ws"));
  const places = {
    workspaceRoot: join(folder, "ws"),
    stateDir: join(folder, "state"),
    home: folder,
    managedFile,
    commandLine: { permissions: { mode: "acceptEdits", allow: ["Bash(curl *)"] }, ruleOfTwo: "off" },
  };
  for (const policyFile of [undefined, managedFile]) {
    const read = await readPolicy({ ...places, ...(policyFile === undefined ? {} : { policyFile }) });
    if (!read.ok) throw new Error(read.error.map(({ message }) => message).join("; "));
    const { permissions, ruleOfTwo } = read.value.policy;
    expect([permissions.mode, permissions.allow, ruleOfTwo]).toEqual(["plan", [], "deny"]);
  }
});
