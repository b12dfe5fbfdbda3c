// Codes → sentences. The only place that makes them, so that every door says the same (STYLE 7). Nothing here is escaped: doors do that.
import type { Reason } from "../decision.ts";

const SENTENCES: Readonly<Record<string, string>> = {
  "accept-edits": "a plain file command inside the workspace (mode acceptEdits)",
  bypass: "mode bypassPermissions",
  "changes-shell": "changes how the shell itself works",
  config: "sets configuration, or takes it from somewhere else",
  "control-character": "holds a character that is not shown",
  credentials: "uses or sends credentials",
  delete: "deletes files through an option",
  "delete-critical": "deletes the workspace, a home, or something that large",
  deploy: "cannot be undone: a person decides",
  "descriptor-variable": "opens a file under a number that is not known",
  directory: "works in another directory",
  "directory-not-known": "changes to a directory that is not known",
  "discards-work": "throws away changes that are not committed",
  editor: "starts an editor, which can run anything",
  "evaluated-text": "text that bash evaluates a second time",
  force: "forces what git would refuse",
  "force-push": "rewrites or deletes what is on the server: a person decides",
  free: "needs no rule",
  "gives-host": "gives the container a part of the host",
  "history-rewrite": "rewrites history: a person decides",
  insecure: "switches off a check of the connection",
  "mass-delete": "deletes many files: a person decides",
  "mounts-host": "gives the container files of the host",
  network: "reaches the network by a side door",
  "no-rule": "no rule allows it",
  "not-constant": "depends on something that is only known when it runs",
  "nothing-runs": "nothing runs",
  "option-name": "an option that sounds like running, loading, configuring or writing",
  "outside-workspace": "works outside the workspace",
  "path-not-absolute": "the path is not absolute",
  "plan-mode": "nothing is written in mode plan",
  plugin: "loads code from somewhere else",
  "program-not-constant": "which program runs is not known",
  "protected-path": "the path is protected",
  prompt: "a prompt is no action",
  publish: "publishes: a person decides",
  "read-only": "only reads, inside the workspace",
  "reads-outside": "reads outside the workspace",
  "redirection-not-constant": "redirects to a place that is not known",
  "rule-matched": "a rule matched",
  "rule-not-excluded": "it cannot be excluded that a rule matches",
  "runs-browser": "starts a browser",
  "runs-code": "runs code given as text",
  "runs-file": "runs a program from a file",
  "runs-helper": "names a helper program as an address",
  "runs-module": "runs a module",
  "runs-pager": "starts a pager, which can run anything",
  "runs-program": "runs another program",
  "runs-script": "runs a script of the project",
  script: "its script may run, write or read more",
  "sends-data": "sends data",
  "sends-file": "sends a file",
  "sets-clock": "sets the clock",
  "sets-loaded-name": "sets a variable that decides what is loaded or run",
  "sets-variable": "sets a variable that may hold a command",
  "standard-input": "takes its program from standard input",
  syntax: "is not understood as shell text",
  "too-deep": "is nested too deeply",
  "too-long": "is too long to be judged without a person",
  "too-many-commands": "holds too many commands",
  "unknown-option": "an option that is not known to be harmless",
  "unknown-subcommand": "a subcommand that is not known (it may be an alias)",
  "unknown-syntax": "is not understood as shell text",
  write: "writes files through an option",
  "write-elsewhere": "writes files in a place of its own",
  "writes-file": "writes a file that no rule names",
  "writes-in-place": "changes its input files",
  "writes-outside": "writes outside the workspace",
};

/** One reason as half a sentence, with its rule and place. */
export function explainReason(reason: Reason): string {
  const sentence = SENTENCES[reason.code] ?? reason.code;
  const rule = reason.rule === undefined ? "" : ` ${reason.rule}`;
  const at =
    reason.at === undefined
      ? ""
      : ` (${reason.at.file}:${reason.at.line}${reason.rule === undefined ? `:${reason.at.column}` : ""})`;
  if (reason.code === "rule-matched") return `${reason.verdict} rule${rule}${at}`;
  return `${sentence}${rule === "" ? "" : `:${rule}`}${at}`;
}

/** All codes that have a sentence, for the test. */
export function explainedCodes(): readonly string[] {
  return Object.keys(SENTENCES);
}
