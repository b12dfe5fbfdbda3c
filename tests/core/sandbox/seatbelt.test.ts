// The Seatbelt profile of a plan: golden, read back by a reader of its own language. It is generated here and run nowhere: no machine of ours has macOS.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type SandboxPlan, seatbeltProfile } from "#core/sandbox";

const plan: SandboxPlan = {
  mounts: [
    { kind: "ro-bind", source: "/opt/homebrew", target: "/opt/homebrew" },
    { kind: "bind", source: "/Users/me/.cache/x", target: "/Users/me/.cache/x" },
    { kind: "file", target: "/etc/hostname", content: "x" },
  ],
  workspace: {
    kind: "direct",
    root: "/Users/me/w",
    guard: { names: [".git/hooks", ".npmrc", "lefthook*"], exceptBelow: ["node_modules"] },
  },
  masked: ["/Users/me/w/.env"],
  writable: [],
  cwd: "/Users/me/w",
  argv: ["true"],
  env: {},
  uid: 501,
  gid: 20,
  hostname: "ringfence",
  bridge: { port: 3128, socketPath: "/s/proxy.sock" },
  ports: [3000],
  streams: { stdinTty: false, stdoutTty: false, stderrTty: false },
  limits: { pids: 0, fileSizeBytes: 0, watchMemoryBytes: 0, openFiles: 0, processors: 0 },
};

type Term = string | { readonly text: string } | readonly Term[];

/** Reads the profile's language (Scheme's lists, symbols and strings); throws on anything that does not end where it should. */
function read(text: string): readonly Term[] {
  const token = /\s+|;[^\n]*|(\()|(\))|(#"[^"]*")|("(?:[^"\\]|\\["\\])*")|([^\s()";]+)/y;
  const stack: Term[][] = [[]];
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (found === null) throw new Error(`not of the language at ${token.lastIndex}`);
    const [, open, close, raw, string, symbol] = found;
    if (open !== undefined) stack.push([]);
    if (close !== undefined) {
      const done = stack.pop() ?? [];
      const above = stack.at(-1);
      if (above === undefined) throw new Error("one `)` too many");
      above.push(done);
    }
    if (raw !== undefined) stack.at(-1)?.push({ text: raw.slice(2, -1) });
    if (string !== undefined) stack.at(-1)?.push({ text: string.slice(1, -1).replace(/\\(["\\])/g, "$1") });
    if (symbol !== undefined) stack.at(-1)?.push(symbol);
  }
  if (stack.length !== 1) throw new Error("one `)` too few");
  return stack[0] ?? [];
}

const profileOf = (one: SandboxPlan): string => {
  const made = seatbeltProfile(one, { proxyPort: 40_000 });
  return made.ok ? made.value : "";
};

test("golden: what comes after the system's own part", () => {
  const text = profileOf(plan);
  expect(text.slice(0, 27)).toBe("(version 1)\n(deny default)\n");
  expect(
    text.slice(text.indexOf("; what the plan shows")),
  ).toBe(`; what the plan shows, and the folders on the way to it
(allow file-read-metadata file-test-existence
  (literal "/Users")
  (literal "/Users/me")
  (literal "/Users/me/.cache")
  (literal "/opt")
)
(allow file-read* file-map-executable
  (subpath "/opt/homebrew")
  (subpath "/Users/me/.cache/x")
  (subpath "/Users/me/w")
)
(allow file-write*
  (subpath "/Users/me/.cache/x")
  (subpath "/Users/me/w")
)
; never in what it writes: owners, device nodes, and programs that run as somebody else
(deny file-write-owner file-write-setugid)
; the proxy is the only way out
(allow network-outbound (remote tcp "localhost:40000"))
(allow network-bind network-inbound (local tcp "localhost:3000"))
; secrets: neither read nor replaced
(deny file-read* file-write* file-test-existence
  (subpath "/Users/me/w/.env")
)
; protected names, and the folders that hold them, which must not be moved away
(deny file-write* (require-all (subpath "/Users/me/w") (regex #"/[.][gG][iI][tT]/[hH][oO][oO][kK][sS](/|$)") (require-not (regex #"/[nN][oO][dD][eE]_[mM][oO][dD][uU][lL][eE][sS]/"))))
(deny file-write* (require-all (subpath "/Users/me/w") (regex #"/[.][nN][pP][mM][rR][cC](/|$)") (require-not (regex #"/[nN][oO][dD][eE]_[mM][oO][dD][uU][lL][eE][sS]/"))))
(deny file-write* (require-all (subpath "/Users/me/w") (regex #"/[lL][eE][fF][tT][hH][oO][oO][kK][^/]*(/|$)") (require-not (regex #"/[nN][oO][dD][eE]_[mM][oO][dD][uU][lL][eE][sS]/"))))
(deny file-write-unlink (require-all (subpath "/Users/me/w") (regex #"/[.][gG][iI][tT]$")))
`);
});

test("only named services, no network beside the proxy, nothing allowed without a filter but processes and semaphores", () => {
  const rules = read(profileOf(plan)) as readonly (readonly Term[])[];
  const open = rules.filter(([head, ...rest]) => head === "allow" && !rest.some((term) => Array.isArray(term)));
  expect(open.map((rule) => rule.join(" "))).toEqual([
    "allow process-exec",
    "allow process-fork",
    "allow ipc-posix-sem",
  ]);
  const text = profileOf(plan);
  for (const never of ["iokit", "mach-lookup)", "network*", "appleevent", "job-creation", 'file-write* (subpath "/")'])
    expect(text).not.toContain(never);
});

describe("what it cannot hold is refused", () => {
  const upper = { kind: "overlay", root: "/w", upper: "/u", work: "/k", mask: "/m" } as const;
  test.each([
    ["an overlay", { ...plan, workspace: upper }],
    ["another place", { ...plan, mounts: [{ kind: "bind", source: "/s/home", target: "/Users/me" } as const] }],
    ["a newline", { ...plan, masked: ["/Users/me/w/a\n(allow default)"] }],
    ["half a pair", { ...plan, masked: ["/Users/me/w/\ud800"] }],
  ])("%s", (_, unfit) => {
    const made = seatbeltProfile(unfit, { proxyPort: undefined });
    expect(made.ok ? "" : made.error.code).toBe("seatbelt-unfit");
  });
});

test("no name ends a string or opens a rule: the profile reads back as the same rules with the same paths", () => {
  const shape = (terms: readonly Term[]): unknown =>
    terms.map((term) => (typeof term === "string" ? term : "text" in term ? "text" : shape(term as readonly Term[])));
  const plain = shape(read(profileOf(plan)));
  const hostile = fc.oneof(
    fc.string({ unit: "binary", minLength: 1 }),
    fc.string({ unit: fc.constantFrom('"', "\\", "(", ")", ";", "#", "|", "'", " ", "a", "é"), minLength: 1 }),
    fc.constantFrom('") (allow default) (literal "', '\\"', "\\", '#"', '";', "|#"),
  );
  fc.assert(
    fc.property(hostile, (name) => {
      const path = `/Users/me/w/x${name.replaceAll("/", "")}`;
      const made = seatbeltProfile({ ...plan, masked: [path] }, { proxyPort: 40_000 });
      if (!made.ok) return /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(path);
      const rules = read(made.value);
      expect(shape(rules)).toEqual(plain);
      return JSON.stringify(rules).includes(JSON.stringify({ text: path }));
    }),
    { numRuns: 1000 },
  );
});
