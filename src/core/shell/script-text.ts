// The little languages given as arguments: is this text provably harmless? Each function returns a code, or nothing when it is.

/** sed: `w`, `W`, `e`, `r`, `R` and the flags `w` and `e` of `s` write, run or read. Anything not understood is harm. */
export function sedHarm(script: string): string | undefined {
  let at = 0;
  const peek = (): string => script.charAt(at);
  /** Moves past text up to an unescaped `end`. A delimiter inside brackets is read differently by different seds: not understood. */
  const past = (end: string): boolean => {
    for (let bracket = false; at < script.length; at++) {
      const c = peek();
      if (c === "\\") at++;
      else if (c === "\n") return false;
      else if (c === end) {
        if (bracket) return false;
        at++;
        return true;
      } else if (c === "[") bracket = true;
      else if (c === "]") bracket = false;
    }
    return false;
  };
  const address = (): boolean => {
    if (/[0-9]/.test(peek())) {
      while (/[0-9]/.test(peek())) at++;
      return true;
    }
    if (peek() === "$") {
      at++;
      return true;
    }
    if (peek() === "/" || peek() === "\\") {
      if (peek() === "\\") at++;
      const end = peek();
      at++;
      if (end === "" || end === "\n" || end === "\\" || !past(end)) return false;
      while (/[IM]/.test(peek())) at++;
      return true;
    }
    return true;
  };
  while (at < script.length) {
    while (/[\s;{}]/.test(peek())) at++;
    if (at >= script.length) break;
    if (!address()) return "script";
    while (/[ ~]/.test(peek())) at++;
    while (/[0-9]/.test(peek())) at++;
    if (peek() === ",") {
      at++;
      while (/[ +~]/.test(peek())) at++;
      if (!address()) return "script";
    }
    while (/[ !]/.test(peek())) at++;
    const command = peek();
    at++;
    if (command === "" || "=dDgGhHnNpPxzF{}".includes(command)) continue;
    if ("lqQ".includes(command)) {
      while (/[ 0-9]/.test(peek())) at++;
      continue;
    }
    if (command === "#") {
      while (at < script.length && peek() !== "\n") at++;
      continue;
    }
    if (command === "s" || command === "y") {
      const end = peek();
      at++;
      if (end === "" || end === "\n" || end === "\\" || !past(end) || !pastReplacement(end)) return "script";
      const flags = /^[a-zA-Z0-9]*/.exec(script.slice(at))?.[0] ?? "";
      if (!/^[gpiIm0-9]*$/.test(flags) || (command === "y" && flags !== "")) return "script";
      at += flags.length;
      while (peek() === " ") at++;
      if (at < script.length && !/[;\n}#]/.test(peek())) return "script";
      continue;
    }
    if ("btT:".includes(command)) {
      // seds differ in what ends a label; only a plain one with a plain end is the same for all
      const label = /^ *[A-Za-z0-9_]* *(?=[;\n}]|$)/.exec(script.slice(at))?.[0];
      if (label === undefined) return "script";
      at += label.length;
      continue;
    }
    if ("aic".includes(command)) {
      // their text ends differently in different seds; only one plain line is the same for all that take it
      const text = /^\\? *[^\s\\;{}][^\\;{}\n]*(?=\n|$)/.exec(script.slice(at))?.[0];
      if (text === undefined) return "script";
      at += text.length;
      continue;
    }
    return "script"; // r R w W e v M, and whatever comes next
  }
  return undefined;

  function pastReplacement(end: string): boolean {
    for (; at < script.length; at++) {
      const c = script.charAt(at);
      if (c === "\\") at++;
      else if (c === end) {
        at++;
        return true;
      }
    }
    return false;
  }
}

/** awk: commands, pipes, redirections, files and loaded code. Judged on the raw text, so a quote inside a regex hides nothing. */
export function awkHarm(program: string): string | undefined {
  // without a slash there is no regex literal, so strings can be taken out exactly
  const text = program.includes("/") ? program : program.replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
  if (
    /@|\\\n|\bsystem\b|\bgetline\b|\bclose\b|\bfflush\b|\bARGV\b|\bARGC\b|\bPROCINFO\b|\bextension\b|\bENVIRON\b/.test(
      text,
    )
  )
    return "script";
  // without `getline` only what `print` says goes into a pipe; before any `print` it is a regex's (`/a|b/`)
  if (/\bprintf?\b[\s\S]*(?<!\|)\|(?!\|)/.test(text)) return "script";
  // `>` after `print` in the same statement redirects; with strings still in the text, a statement's end cannot be told
  const statements = program.includes("/") ? [text] : text.split(/[{};]/);
  for (const statement of statements) if (/\bprintf?\b[\s\S]*>/.test(statement)) return "script";
  return undefined;
}

/** jq: it neither writes nor runs; modules and the environment are the doors. */
export function jqHarm(program: string): string | undefined {
  return /\b(?:import|include|env|input_filename|modulemeta|get_search_list|debug|stderr)\b|\$ENV|\$__prog/.test(
    program,
  )
    ? "script"
    : undefined;
}

/** yq: jq's doors, and its own that load files, the environment or a shell. */
export function yqHarm(program: string): string | undefined {
  return /\b(?:load\w*|\w*env\w*|eval|system)\b/.test(program) ? "script" : jqHarm(program);
}

/** Shell text that an awk program plainly gives away: `system("…")`, `"…" | getline`, `print | "…"`. For deny rules only. */
export function awkCommands(program: string): readonly string[] {
  const found = program.matchAll(/\bsystem\s*\(\s*"([^"\\]*)"|"([^"\\]*)"\s*\|&?\s*getline|\|&?\s*"([^"\\]*)"/g);
  return [...found].map((m) => m[1] ?? m[2] ?? m[3] ?? "");
}

/** The same for sed's `e`, where it stands as a command of its own. */
export function sedCommands(script: string): readonly string[] {
  return [...script.matchAll(/(?:^|[;\n{])\s*(?:\d+|\$)?\s*e[ \t]+([^\n]+)/g)].map((m) => m[1] ?? "");
}
