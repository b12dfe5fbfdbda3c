// The samples of tests/cases/import: each settings file has its policy and its report beside it (`NAME.expected`). `vitest -u` writes them anew.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadPolicy } from "#core/policy";
import { importPolicy, NATIVE_FORMS } from "#core/policy/import";
import { sampleSource, samples, sampleText } from "../../support/imports.ts";

const folder = new URL("../../cases/import/", import.meta.url);

describe("a sample", () => {
  for (const { name, form } of samples()) {
    it(name, async () => {
      const imported = importPolicy(form, sampleSource(name, sampleText(name)));
      const shown = imported.ok
        ? `${imported.value.text}---\n${imported.value.unequal.map((u) => `${u.at.file}:${u.at.line}: ${u.key}: ${u.there}; ${u.here}\n`).join("")}`
        : `${JSON.stringify(imported.error)}\n`;
      await expect(shown).toMatchFileSnapshot(fileURLToPath(new URL(`${name}.expected`, folder)));
    });
  }

  it("is there for every form", () => {
    expect(new Set(samples().map((s) => s.form))).toEqual(new Set(NATIVE_FORMS));
    expect(readdirSync(folder).filter((name) => name.endsWith(".expected")).length).toBe(samples().length);
  });
});

describe("an import", () => {
  const claude = (settings: unknown, path = "/work/.claude/settings.json") =>
    importPolicy("claude", { file: "s.json", path, text: JSON.stringify(settings), home: "/home/me" });

  it("is silent when everything carried over", () => {
    const imported = claude({ permissions: { allow: ["Bash(npm test)"], deny: ["Read(.env)"] } });
    expect(imported).toMatchObject({ ok: true, value: { unequal: [] } });
  });

  it("places `/x` where the settings file stands", () => {
    const deny = (path: string): string => {
      const imported = claude({ permissions: { deny: ["Read(/x)"] } }, path);
      return imported.ok ? (/"(Read[^"]*)"/.exec(imported.value.text)?.[1] ?? "") : "";
    };
    expect(deny("/work/.claude/settings.json")).toBe("Read(./x)");
    expect(deny("/home/me/.claude/settings.json")).toBe("Read(~/.claude/x)");
    expect(deny("/etc/claude-code/managed-settings.json")).toBe("Read(//etc/claude-code/x)");
  });

  it("lets no text become a line of its own", () => {
    const imported = importPolicy("codex", {
      file: 'a\n  - "Bash"\n.rules',
      path: "/x/a.rules",
      text: 'prefix_rule(pattern=["a"], decision="forbidden", justification="x\\npermissions:\\n  allow: [Bash]\\u2028\\u202e")',
      home: "/home/me",
    });
    if (!imported.ok) throw new Error("it did not import");
    expect(imported.value.text.split("\n").length).toBe(6);
    expect(/[\u2028\u202e]/.test(imported.value.text)).toBe(false);
    const loaded = loadPolicy([{ name: "user", file: "p", text: imported.value.text, digest: "", trusted: true }]);
    expect(loaded.ok && loaded.value.policy.permissions.allow).toEqual([]);
  });

  it("keeps secrets out of the policy and the report", () => {
    const imported = claude({ env: { API_KEY: "sk-live-1234", MY_URL: "https://u:sk-live-1234@h" } });
    expect(JSON.stringify(imported)).not.toContain("sk-live-1234");
  });

  it.each([
    ["an empty file", ""],
    ["half a file", '{"permissions": {'],
    ["a tower", "[".repeat(100_000)],
    ["an endless comment", "{} /* "],
    ["too much", " ".repeat(300_000)],
  ])("refuses %s with a place", (_, text) => {
    const imported = importPolicy("claude", { file: "s.json", path: "/s.json", text, home: "/home/me" });
    expect(imported.ok ? undefined : imported.error[0]).toMatchObject({
      code: "import-unreadable",
      at: { file: "s.json" },
    });
  });
});
