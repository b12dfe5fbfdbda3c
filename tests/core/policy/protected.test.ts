// Protected paths (PERM-4): never automatic but in full bypass, not even by an explicit allow; in any case, and through links.
import { describe, expect, it } from "vitest";
import { type Action, actionsOfTool } from "#core";
import { decideAll, type Judge, MODES } from "#core/policy";
import { judgeBy } from "../../support/judge.ts";

// what the disk would say: where these names lead
const LINKS: Readonly<Record<string, readonly string[]>> = {
  "/work/gitlink/hooks/pre-commit": ["/work/.git/hooks/pre-commit"],
  "/work/note.txt": ["/work/.npmrc"],
  "/work/out/x": ["/elsewhere/x"],
  "/work/alias/a": ["/work/secret/a"],
};

const ALLOW = [
  "Write(./**)",
  "Edit(./**)",
  "Write(//elsewhere/ok/**)",
  "Bash(cp *)",
  "Bash(touch *)",
  "Bash(tee *)",
  "Bash(echo *)",
];

function withLinks(options: Parameters<typeof judgeBy>[0]): Judge {
  const judge = judgeBy(options);
  return { ...judge, facts: { ...judge.facts, resolve: (path) => LINKS[path.replace("/./", "/")] ?? [] } };
}

function acts(path: string): readonly (readonly Action[])[] {
  return [
    actionsOfTool("Write", { file_path: path }, "/work") ?? [],
    actionsOfTool("Edit", { file_path: path }, "/work") ?? [],
    actionsOfTool("apply_patch", { patch: `*** Begin Patch\n*** Add File: ${path}\n+x\n*** End Patch` }, "/work") ?? [],
    [{ kind: "exec", command: `cp a ${path}`, cwd: "/work" }],
    [{ kind: "exec", command: `touch ./${path}`, cwd: "/work" }],
    [{ kind: "exec", command: `echo x > ${path}`, cwd: "/work" }],
    [{ kind: "exec", command: `echo x | tee -a ${path}`, cwd: "/work" }],
  ];
}

describe("a protected path", () => {
  const paths = [
    ".git/hooks/pre-commit",
    ".GIT/Hooks/pre-commit",
    ".github/workflows/a.yml",
    ".GitHub/WORKFLOWS/a.yml",
    "sub/dir/.npmrc",
    ".claude/settings.json",
    ".ringfence/policy.yaml",
    ".vscode/tasks.json",
    "a/../.envrc",
    "gitlink/hooks/pre-commit",
    "note.txt",
  ];
  it.each(paths)("%s is not written without a person", (path) => {
    for (const mode of MODES)
      for (const actions of acts(path)) {
        const { verdict } = decideAll(withLinks({ allow: ALLOW, mode }), actions);
        if (mode === "bypassPermissions") expect(verdict).toBe("allow");
        else expect([path, mode, actions, verdict === "allow"]).toEqual([path, mode, actions, false]);
      }
  });

  it("is told from its neighbours", () => {
    for (const path of ["src/a.ts", "gitignore.md", "sub/npmrc"])
      for (const actions of acts(path))
        expect([actions, decideAll(withLinks({ allow: ALLOW }), actions).verdict]).toEqual([actions, "allow"]);
  });
});

describe("a link", () => {
  const write = (path: string) => actionsOfTool("Write", { file_path: path }, "/work") ?? [];
  const read = (path: string) => actionsOfTool("Read", { file_path: path }, "/work") ?? [];

  it("is allowed only where the link and its target are", () => {
    expect(decideAll(withLinks({ allow: ["Write(./**)"] }), write("out/x")).verdict).toBe("ask");
    expect(decideAll(withLinks({ allow: ["Write(./**)", "Write(//elsewhere/**)"] }), write("out/x")).verdict).toBe(
      "allow",
    );
    expect(decideAll(withLinks({ mode: "acceptEdits" }), write("out/x")).verdict).toBe("ask");
    expect(decideAll(withLinks({}), read("out/x")).verdict).toBe("ask");
    expect(decideAll(withLinks({ allow: ["Read(./**)"] }), read("out/x")).verdict).toBe("ask");
    expect(decideAll(withLinks({ allow: ["Read(//elsewhere/**)"] }), read("out/x")).verdict).toBe("allow");
  });

  it("is denied where either is", () => {
    expect(decideAll(withLinks({ deny: ["Read(./secret/**)"] }), read("alias/a")).verdict).toBe("deny");
    expect(decideAll(withLinks({ deny: ["Read(./alias/**)"] }), read("alias/a")).verdict).toBe("deny");
    expect(decideAll(withLinks({ deny: ["Read(./SECRET/**)"] }), read("alias/a")).verdict).toBe("deny");
    expect(decideAll(withLinks({ deny: ["Read(./secret/**)"] }), write("alias/a")).verdict).toBe("deny");
    expect(
      decideAll(withLinks({ deny: ["Read(./secret/**)"] }), [{ kind: "exec", command: "cat alias/a", cwd: "/work" }])
        .verdict,
    ).toBe("deny");
  });

  it("to a home is a home, however a tool spells it", () => {
    expect(decideAll(judgeBy({ deny: ["Read(~/.ssh)"] }), read("~/.ssh/id")).verdict).toBe("deny");
    expect(decideAll(judgeBy({ allow: ["Read(./**)"] }), read("~/.ssh/id")).verdict).toBe("ask");
  });
});
