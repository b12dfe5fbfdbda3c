// Every kind that is documented has words, and no word of a server's is among them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Finding, findingWords } from "#core/mcp";

const finding = (kind: string, at: string, severity: Finding["severity"] = "hard"): Finding => ({
  ...{ severity, kind, at },
  excerpt: "OBEY ME",
});

describe("the words of a finding", () => {
  it("say what kind and where", () => {
    expect(findingWords([finding("concealment", "/tools/3/description")])).toBe(
      "it says to keep something from the user, in its description",
    );
    expect(findingWords([finding("secret-theft", "/inputSchema/properties/OBEY/description")])).toBe(
      "it wants secrets or private files, in a parameter",
    );
    expect(findingWords([])).toBe("");
  });

  it("carry nothing of the text, nor of its keys", () => {
    const all = [
      "/OBEY",
      "/tools/0/OBEY",
      "/content/0/text",
      "/requestedSchema/properties/OBEY",
      "/structuredContent/OBEY",
    ];
    expect(findingWords(all.map((at) => finding("concealment", at)))).not.toContain("OBEY");
  });

  it("name the hard ones first and no more than a person reads", () => {
    const soft = ["preference", "padding", "pressure"].map((kind) => finding(kind, "/description", "soft"));
    expect(findingWords([...soft, finding("shell-order", "/title")])).toMatch(
      /^it wants a command run, in its title; .*; and 1 more$/,
    );
  });

  it("are there for what the page names, and readable for any other kind", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/mcp-screening.md"), "utf8");
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    const kinds = rows.flatMap((row) =>
      [...(row.split("|")[1] ?? "").matchAll(/`([a-z-]+)`/g)].map(([, kind]) => kind ?? ""),
    );
    expect(kinds).toContain("concealment");
    for (const kind of kinds)
      expect([kind, findingWords([finding(kind, "")])]).not.toContain(`it has a sign of ${kind.replaceAll("-", " ")}`);
    expect(findingWords([finding("some-new-kind", "")])).toBe("it has a sign of some new kind");
  });
});
