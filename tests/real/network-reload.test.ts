// Network rules that follow their policy files while a session runs: real files, the real loader, and what the proxy would be given.
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RecordBody } from "#core/log";
import { decideHost, type EgressPlan } from "#core/net";
import { type NetworkReload, watchNetwork } from "../../src/monitor/network/reload.ts";
import { egressPlanOf } from "../../src/monitor/prepare/egress-plan.ts";
import { readPolicy } from "../../src/monitor/prepare/policy-files.ts";
import { tmp } from "../support/tmp.ts";

const parts = { agent: undefined, tools: { registries: {}, files: [], caFile: undefined } };
const allowing = (...rules: readonly string[]): string =>
  `version: 1\nsandbox:\n  network:\n    allow: [${rules.map((rule) => JSON.stringify(rule)).join(", ")}]\n`;

interface Scene {
  readonly user: string;
  readonly project: string;
  readonly root: string;
  readonly reload: NetworkReload;
  readonly plan: () => EgressPlan;
  readonly records: RecordBody[];
  readonly told: string[];
  /** Waits for what it brings about, or a while for nothing. */
  write(file: string, text: string, until?: () => boolean): Promise<void>;
  opens(host: string): boolean;
}

/** Writes the files as a person would, and trusts `accepted`. */
async function scene(files: {
  readonly user: string;
  readonly project?: string;
  readonly accepted?: true;
}): Promise<Scene> {
  const [home, root, stateDir] = [tmp(), tmp(), tmp()];
  const user = join(home, ".config/ringfence/policy.yaml");
  const project = join(root, ".ringfence/policy.yaml");
  const put = (file: string, text: string): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  put(user, files.user);
  if (files.project !== undefined) put(project, files.project);
  if (files.accepted) accept(stateDir, project, files.project ?? "");
  const places = { home, workspaceRoot: root, stateDir, managedFile: join(home, "none") };
  const loaded = await readPolicy(places);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const first = egressPlanOf(loaded.value.policy, parts);
  if (!first.ok) throw new Error(JSON.stringify(first.error));
  let plan = first.value;
  const [records, told]: [RecordBody[], string[]] = [[], []];
  const reload = await watchNetwork({
    ...{ session: "S", places, plan, credentials: loaded.value.policy.credentials, everyMs: 10 },
    egressOf: (policy) => egressPlanOf(policy, parts),
    apply: (next) => {
      plan = next;
    },
    append: async (body) => records.push(body),
    tell: (line) => told.push(line),
  });
  onTestFinished(() => reload.close());
  return {
    ...{ user, project, root, reload, records, told, plan: () => plan },
    write: async (file, text, until) => {
      put(file, text);
      if (until !== undefined) await expect.poll(until, { timeout: 10_000 }).toBe(true);
      else await new Promise((done) => setTimeout(done, 300));
    },
    opens: (host) => decideHost(plan, host, 443).allowed,
  };
}

function accept(stateDir: string, file: string, text: string): void {
  const digest = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(stateDir, "trust.json"), JSON.stringify({ version: 1, accepted: { [file]: digest } }), {
    mode: 0o600,
  });
}

describe("a policy that changes", () => {
  it("closes at once, opens by a person's word, and both are on record", async () => {
    const { user, write, opens, records, reload, told } = await scene({ user: allowing("a.org", "b.org") });
    expect(opens("a.org") && opens("b.org")).toBe(true);
    await write(user, allowing("b.org", "c.org"), () => told.length > 1);
    expect([opens("a.org"), opens("b.org"), opens("c.org")]).toEqual([false, true, false]);
    expect(records.map(({ type, data }) => [type, data["closed"], data["narrowed"], data["by"]])).toEqual([
      ["policy.change", ["a.org"], [], "file"],
    ]);
    expect(told.at(-1)).toContain("ringfence sessions reload S");
    expect(await reload.accept()).toEqual({ ok: true, value: { opened: ["c.org"], closed: [] } });
    expect(opens("c.org")).toBe(true);
    expect(records.at(-1)?.data).toMatchObject({ opened: ["c.org"], by: "person" });
  });
  it("that cannot be read changes nothing, and says so", async () => {
    const { user, write, opens, reload, told } = await scene({ user: allowing("a.org") });
    await write(user, "sandbox: [", () => told.length > 0);
    expect(opens("a.org")).toBe(true);
    expect(told.at(-1)).toContain("stays as it is");
    expect((await reload.accept()).ok).toBe(false);
    await write(user, `${allowing("a.org")}    deny: ["a.org"]\n`, () => !opens("a.org"));
    expect(opens("a.org")).toBe(false);
  });
  it("in the workspace never opens, accepted meanwhile or not", async () => {
    const { project, write, opens, reload, records } = await scene({ user: allowing("a.org") });
    await write(project, allowing("evil.org"));
    expect(opens("evil.org")).toBe(false);
    await reload.accept();
    expect(opens("evil.org")).toBe(false);
    await write(project, `${allowing("evil.org")}    deny: ["a.org"]\n`, () => records.length > 0);
    expect(opens("a.org")).toBe(false);
    expect(records.map(({ data }) => data["closed"])).toEqual([["deny a.org"]]);
  });
  it("that a link leads to in the workspace opens nothing either, once it has changed", async () => {
    const made = await scene({ user: allowing("a.org") });
    const inside = join(made.root, "dotfiles.yaml");
    await made.write(inside, allowing("a.org", "evil.org"));
    rmSync(made.user);
    symlinkSync(inside, made.user);
    await new Promise((done) => setTimeout(done, 150));
    await made.reload.accept();
    expect(made.opens("evil.org")).toBe(false);
  });
  it("that was accepted before it began keeps its word until a byte of it changes", async () => {
    const { project, write, opens, reload } = await scene({
      ...{ user: allowing("a.org"), project: allowing("own.org"), accepted: true },
    });
    expect(opens("own.org")).toBe(true);
    await write(project, allowing("own.org", "evil.org"), () => !opens("own.org"));
    expect([opens("own.org"), opens("evil.org")]).toEqual([false, false]);
    await reload.accept();
    expect([opens("own.org"), opens("evil.org")]).toEqual([false, false]);
    await write(project, allowing("own.org"));
    await reload.accept();
    expect(opens("own.org")).toBe(true);
  });
  it("with other credentials closes and opens nothing, and says what to do", async () => {
    const key = (path: string): string =>
      `credentials: [{ name: one, source: { env: TOKEN }, inject: { hosts: [a.org], paths: ["${path}"] } }]\n`;
    const { user, write, opens, reload, told } = await scene({ user: `${allowing("a.org", "b.org")}${key("/x/**")}` });
    await write(user, `${allowing("a.org", "c.org")}${key("/**")}`, () => told.length > 1);
    expect([opens("b.org"), opens("c.org")]).toEqual([false, false]);
    expect(told.at(-1)).toContain("keeps those that it began with");
    expect(await reload.accept()).toMatchObject({ ok: false, error: { code: "reload-credentials" } });
    expect(opens("c.org")).toBe(false);
    await write(user, `${allowing("a.org", "c.org")}${key("/x/**")}`);
    expect((await reload.accept()).ok).toBe(true);
    expect(opens("c.org")).toBe(true);
  });
  it("is not open before its record is written", async () => {
    const made = await scene({ user: allowing("a.org") });
    const places = { home: "/", workspaceRoot: "/w", stateDir: tmp(), managedFile: "/nowhere" };
    const refused = await watchNetwork({
      ...{ session: "S", places, plan: { ...made.plan(), allow: [] }, credentials: [], everyMs: 10_000 },
      egressOf: () => ({ ok: true, value: made.plan() }),
      apply: () => {
        throw new Error("applied without a record");
      },
      append: async () => {
        throw new Error("disk full");
      },
      tell: () => undefined,
    });
    onTestFinished(() => refused.close());
    await expect(refused.accept()).rejects.toThrow("disk full");
  });
});
