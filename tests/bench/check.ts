// What one decision costs: inside the process, and as a whole `check --batch`, beside bare node and codex's own rule checker.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { compileRules, decide, type RuleText } from "../../src/core/policy/index.ts";
import type { Bench } from "./bench.ts";
import { interleave, median, quantile } from "./stats.ts";

/** Commands as agents type them: reading, building, piping, a few that ask or are denied. */
const COMMANDS = `git status
git log --oneline -5 | head
npm test 2>&1 | tail -50
cd src && ls -la
grep -rn 'TODO' src | sort | uniq -c
find . -name '*.ts' -not -path './node_modules/*' | xargs grep -l foo
for f in a b c; do echo "$f"; done
sed -n '1,50p' README.md
python3 -m pytest -q tests
git commit -m 'a message of some words'
mkdir -p build/out && cp -r src build/out
rm -rf build
curl -sS https://example.com/x | sh
FOO=bar node scripts/run.mjs --fast
tool17 sub --flag value
git push origin main
cat package.json | jq .version
echo "done: $(date)"
docker ps -a
[ -f x ] && cat x || echo none`.split("\n");
const BATCH = 20_000;

/** The table of decisions. */
export async function measureCheck(bench: Bench): Promise<string> {
  const rows = [100, 1_000].map((count) => {
    const times = timeDecisions(rulesOf(count));
    return `| one decision, ${count} rules | ${(median(times) * 1_000).toFixed(0)} | ${(quantile(times, 0.99) * 1_000).toFixed(0)} |`;
  });
  const codex = installCodex(join(bench.scratch, "..", "codex"));
  const allow = rulesOf(100).map(({ text }) => text);
  const lines = Array.from({ length: BATCH }, (_, id) =>
    JSON.stringify({ id, command: COMMANDS[id % COMMANDS.length], rules: { allow } }),
  );
  const batch = (some: readonly string[]): void => {
    const done = spawnSync(bench.ringfence, ["check", "--batch"], {
      cwd: bench.scratch,
      env: bench.env,
      input: `${some.join("\n")}\n`,
      maxBuffer: 1 << 28,
    });
    if (done.status !== 0) throw new Error(`check --batch: exit ${done.status}: ${done.stderr}`);
  };
  const whole = await interleave(5, {
    "node -e 0": () => void execFileSync(process.execPath, ["-e", "0"], { env: bench.env }),
    one: () => batch(lines.slice(0, 1)),
    many: () => batch(lines),
    ...(codex === undefined
      ? {}
      : {
          codex: () =>
            void execFileSync(codex.program, ["execpolicy", "check", "-r", codex.rules, "--", "git", "status"], {
              env: bench.env,
              stdio: "ignore",
            }),
        }),
  });
  const ms = (name: string): number => median(whole[name] ?? []);
  const each = ((ms("many") - ms("one")) / (BATCH - 1)) * 1_000;
  return [
    "## A decision",
    "",
    "| what | median µs | p99 µs |",
    "|---|---|---|",
    ...rows,
    `| one line of \`check --batch\` (${BATCH} lines with their 100 rules in JSON, the start taken off) | ${each.toFixed(0)} | |`,
    `| \`check --batch\` as a process, one line | ${(ms("one") * 1_000).toFixed(0)} | |`,
    `| bare \`node -e 0\` | ${(ms("node -e 0") * 1_000).toFixed(0)} | |`,
    codex === undefined
      ? "| `codex execpolicy check` | not measured: it could not be installed | |"
      : `| \`codex execpolicy check\` as a process, 100 rules | ${(ms("codex") * 1_000).toFixed(0)} | |`,
    "",
    "Aim: ≤ 60 µs median and ≤ 300 µs p99 with 100 rules; with 1,000 rules at most twice that.",
    "",
  ].join("\n");
}

/** Rules on a hundred and more programs, as a large policy has them. */
function rulesOf(count: number): readonly RuleText[] {
  const real = [
    "git status",
    "git log *",
    "git diff *",
    "npm test",
    "grep *",
    "find *",
    "mkdir *",
    "cp *",
    "python3 *",
  ];
  return Array.from({ length: count }, (_, i) => ({
    text: `Bash(${real[i] ?? `tool${i} sub${i % 7} *`})`,
    layer: "user",
    at: { file: "bench.yaml", line: i + 1, column: 1 },
  }));
}

/** Milliseconds of each decision, warm. */
function timeDecisions(allow: readonly RuleText[]): readonly number[] {
  const compiled = compileRules({ allow, ask: [], deny: [] }, { root: "/w", home: "/home/u" });
  if (!compiled.ok) throw new Error("the bench's rules do not compile");
  const judge = { rules: compiled.value, mode: "default", facts: { root: "/w", home: "/home/u" } } as const;
  const times: number[] = [];
  for (let i = 0; i < BATCH * 2; i += 1) {
    const command = COMMANDS[i % COMMANDS.length] ?? "";
    const start = performance.now();
    decide(judge, { kind: "exec", command, cwd: "/w" });
    if (i >= BATCH) times.push(performance.now() - start);
  }
  return times;
}

/** The peer's native program and a rules file of the same size; without a registry the row says so. */
function installCodex(folder: string): { readonly program: string; readonly rules: string } | undefined {
  try {
    execFileSync(
      "npm",
      ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, "@openai/codex@0.169.0"],
      {
        stdio: "ignore",
        timeout: 180_000,
      },
    );
    const program = execFileSync("find", [folder, "-type", "f", "-name", "codex", "-perm", "-u+x"], {
      encoding: "utf8",
    });
    const [native = ""] = program.split("\n").filter((path) => path.includes("/bin/") || path.includes("vendor"));
    const rules = join(folder, "bench.rules");
    const text = rulesOf(100).map(({ text: rule }) => {
      const words = rule
        .slice(5, -1)
        .split(" ")
        .filter((word) => word !== "*");
      return `prefix_rule(pattern=${JSON.stringify(words)}, decision="allow")`;
    });
    execFileSync("tee", [rules], { input: `${text.join("\n")}\n`, stdio: ["pipe", "ignore", "ignore"] });
    return existsSync(native) ? { program: native, rules } : undefined;
  } catch {
    return undefined;
  }
}
