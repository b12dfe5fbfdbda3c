// Every kind that screening knows has words, and no word of a server's is among them.
import { readdirSync, readFileSync } from "node:fs";
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

  it("are there for every kind", () => {
    const folder = join(import.meta.dirname, "../../../src/core/mcp/screen");
    const kinds = readdirSync(folder).flatMap((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      return [...text.matchAll(/\bkind"?: "([a-z-]+)"/g)].map(([, kind]) => kind ?? "");
    });
    expect(kinds).toContain("concealment");
    for (const kind of kinds)
      expect([kind, findingWords([finding(kind, "")])]).not.toEqual([kind, `it has a sign of ${kind}`]);
  });
});
