// Options that hold a command to run, in the forms that programs give them: the option is an effect of DESIGN 7 rule 5 by itself,
// and what it would run is judged besides, so that who denies `rm` denies `tar --to-command rm`.
import type { Effect, ShellWord } from "./facts.ts";
import type { ReadOptions } from "./read-options.ts";
import type { ProgramUse } from "./use.ts";

type Texts = (value: string, use: ProgramUse) => readonly string[];

/** Every first group of a global pattern. */
const each =
  (pattern: RegExp): Texts =>
  (value) =>
    [...value.matchAll(pattern)].map((m) => m[1] ?? m[2] ?? "");

/** What a git alias stands for: another of git's commands, or behind `!` any; the words behind its name come along. */
export function gitAlias(setting: string, words: readonly ShellWord[]): string | undefined {
  const [, name, shell, text] = /^alias\.([^=]+)=(!?)([\s\S]+)$/i.exec(setting) ?? [];
  if (name === undefined || text === undefined) return undefined;
  const called = words.findIndex((word) => word.value === name);
  const more = called < 0 ? [] : words.slice(called + 1).map((word) => word.text);
  return [...(shell === "!" ? [] : ["git"]), text, ...more].join(" ");
}

/** The alias that a setting of git makes, else every first group of the pattern. */
const orAlias =
  (pattern: RegExp): Texts =>
  (value, use) => {
    const alias = gitAlias(value, use.words);
    return alias === undefined ? each(pattern)(value, use) : [alias];
  };

const FORMS: ReadonlyMap<string, Texts> = new Map<string, Texts>([
  ["shell-text", (value) => [value]],
  // gcc -wrapper sh,-s
  ["comma-words", (value) => [value.replaceAll(",", " ")]],
  // tar --checkpoint-action=exec=…
  ["exec-action", each(/^exec=([\s\S]*)$/g)],
  // vim -c ':!…', ':terminal …'; gdb -ex '!…', 'shell …'; lftp -c '!…'
  ["editor-command", each(/(?:^|\|)[\s:]*(?:silent!?\s+)?(?:!|(?:term|terminal|shell|pipe)\s+)([^|\n]+)/g)],
  // make --eval='$(shell …)'
  ["make-text", each(/\$[({]shell\s+([^)}]*)[)}]/g)],
  // expect -c 'spawn …'
  ["expect-code", each(/(?:^|[;\n{])\s*(?:spawn|exec|system)\s+([^;\n}]+)/g)],
  // fzf --bind 'enter:execute(…)'
  [
    "key-binding",
    each(
      /(?:execute(?:-silent|-multi)?|become|reload(?:-sync)?|transform(?:-\w+)?|preview)\(([^)]*)\)|:\s*(?:execute|become|reload):([\s\S]*)$/g,
    ),
  ],
  // git -c alias.x='!…', git -c core.sshCommand=…
  [
    "git-setting",
    orAlias(
      /^(?:(?:core\.(?:sshcommand|pager|editor|fsmonitor|askpass)|sequence\.editor|diff\.external|pager\.[^=]+|(?:diff|merge|difftool|mergetool|filter|gpg)\.[^=]*(?:command|cmd|textconv|driver|clean|smudge|process|program)|credential\.helper|uploadpack\.packobjectshook)=!?)([\s\S]+)$/gi,
    ),
  ],
  // hg --config alias.x='!…', --config hooks.pre-x=…
  ["hg-setting", each(/^(?:alias\.[^=]+=!|hooks\.[^=]+=|ui\.(?:ssh|editor|merge)=)([\s\S]+)$/g)],
  // ssh -o ProxyCommand=…
  [
    "ssh-setting",
    each(/^\s*(?:proxycommand|localcommand|knownhostscommand|ssh_command|sshfs_command)\s*[=\s]\s*;?([\s\S]+)$/gi),
  ],
  // rpm --eval '%(…)'
  ["rpm-macro", each(/%\(([^)]*)\)/g)],
  // wget --use-askpass and others take a program's name alone
  ["program", (value) => [`'${value.replaceAll("'", "'\\''")}'`]],
]);

/** True when the table's word for an effect says that the option's value holds a command. */
export function holdsCommand(effect: string): boolean {
  return FORMS.has(effect);
}

/** What the options' values would run. */
export function innerTextEffects(read: ReadOptions, use: ProgramUse): readonly Effect[] {
  return read.given.flatMap(({ effect, value }): readonly Effect[] => {
    const form = effect === undefined ? undefined : FORMS.get(effect);
    const text = value.word.value ?? onlyLikely(value.word.likely);
    if (form === undefined || text === undefined) return [];
    const inner = form(text, use).flatMap((t) => use.shellText(t));
    return inner.length === 0 ? [] : [{ kind: "run", index: value.index, inner }];
  });
}

function onlyLikely(likely: readonly string[] | undefined): string | undefined {
  return likely?.length === 1 ? likely[0] : undefined;
}
