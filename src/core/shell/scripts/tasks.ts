// Names of tasks that deploy, publish or migrate, whoever runs them: `npm run deploy`, `make release`, `rails db:migrate`,
// `python manage.py migrate` (PERM-11).
import type { Effect, ShellWord } from "../facts.ts";
import { valuesOf } from "../options.ts";
import type { Operand } from "../read-options.ts";
import { gadget, type Special } from "./special.ts";

const PARTS: readonly (readonly [RegExp, string])[] = [
  [/^(?:deploy|undeploy|rollout|ship)(?:$|[:._-])|(?:^|[:._-])deploy$/, "deploy"],
  [/^(?:publish|release|unpublish)(?:$|[:._-])|[:._-](?:publish|release)$/, "publish"],
  [
    /^(?:migrate|migrations?:run|migration:(?:run|up)|db:(?:migrate|rollback|push|seed|setup|prepare|schema:load|structure:load|forward|environment:set)|ecto\.(?:migrate|rollback)|schema:sync)(?:$|[:._-])|^db-migrate$/,
    "migration",
  ],
  [
    /^(?:db:(?:drop|reset|purge|wipe|truncate_all)|ecto\.(?:drop|reset)|schema:drop|migrate:(?:fresh|reset|refresh)|flush|reset_db|sqlflush-none)(?:$|[:._-])/,
    "destroys-data",
  ],
];
const ONLY_ASKS = /(?:^|[:._-])(?:status|version|dry-?run|check|plan|preview|list|notes|test|tests|lint|build)$/;

/** What a task of this name does that cannot be undone. */
export function lastingTask(name: string): string | undefined {
  if (ONLY_ASKS.test(name)) return undefined;
  return PARTS.find(([pattern]) => pattern.test(name))?.[1];
}

const DESTROYS = /^(?:delete|destroy|purge|wipe|erase|terminate|nuke|drop|unregister)(?:-all)?$/i;
/** Programs whose own `delete` or `purge` takes away packages, settings or names of this machine. */
const REMOVES_HERE: ReadonlySet<string> = new Set(
  "npm pnpm yarn bun pip pip3 pipx uv poetry conda mamba brew apt apt-get dpkg dnf yum pacman snap flatpak nix git hg defaults".split(
    " ",
  ),
);

/** What programs that are not known do with what lies elsewhere, by the verb among their first words: `stripe customers delete x`. */
export function destroyingVerb(words: readonly ShellWord[], from: number): readonly Effect[] {
  if (REMOVES_HERE.has(words[0]?.value?.replace(/^.*\//s, "") ?? "")) return [];
  const options = words.findIndex(({ value }, at) => at >= from && value?.startsWith("-") !== false);
  const before = words.slice(from, Math.min(options < 0 ? words.length : options, from + MOST_NOUNS));
  const at = before.findIndex(({ value }) => DESTROYS.test(value ?? ""));
  return at < 0 || before.slice(0, at).some(({ value }) => TELLS.test(value ?? ""))
    ? []
    : [{ kind: "irreversible", code: "destroys-data", index: from + at }];
}

const MOST_NOUNS = 4;
const TELLS = /^(?:list|ls|get|show|search|find|describe|help|explain|grep|echo|man)$/;

/** Every operand may name such a task, and so may `--target`. */
export const tasks: Special = (read) => effectsOf([...read.operands, ...valuesOf(read, "target", "targets")]);

/** Only the first operand does; the others are its own. */
export const firstTask: Special = (read) => effectsOf(read.operands.slice(0, 1));

/** What pushes an image or changes a cluster, as build rules name their targets: `//web:image_push`, `//prod:app.apply`. */
const PUSHES = /(?:^|[._-])(?:push|apply)$|^push(?:$|[._-])/;

/** The name of a target by its label (`//web:deploy`; without a name, `//web/deploy`), which is a task like any other. */
function targetTask(label: string): string | undefined {
  const [, name, folder = ""] = /^(?:[\w@./~+-]*\/[^:]*|@?):([^:/]+)$|^@?[^/]*\/\/(?:.*\/)?([^:/]+)$/.exec(label) ?? [];
  const task = name ?? folder;
  return lastingTask(task) ?? (PUSHES.test(task) ? "deploy" : undefined);
}

function effectsOf(operands: readonly Operand[]): readonly Effect[] {
  return operands.flatMap(({ word, index }): readonly Effect[] => {
    const code = lastingTask(word.value ?? "") ?? targetTask(word.value ?? "");
    return code === undefined ? [] : [{ kind: "irreversible", code, index }];
  });
}

const MANAGERS = /(?:^|\/)(?:manage\.py|artisan|rails|rake|console)$/;

/** `python manage.py TASK`, `php artisan TASK`: the file is well known, and so is what it does. */
export function managedTask(operands: readonly Operand[]): readonly Effect[] {
  const [file, task, ...more] = operands;
  // distutils' own commands, several at once
  if (/(?:^|\/)setup\.py$/.test(file?.word.value ?? ""))
    return [task, ...more].flatMap((o): readonly Effect[] =>
      o !== undefined && /^(?:upload(?:_docs)?|register)$/.test(o.word.value ?? "")
        ? [{ kind: "irreversible", code: "publish", index: o.index }]
        : [],
    );
  if (file === undefined || task === undefined || !MANAGERS.test(file.word.value ?? "")) return [];
  const steering = more.filter((o) =>
    /^--(?:execute|command|host|settings|pythonpath|path)(?:=|$)|^-c/.test(o.word.value ?? ""),
  );
  return [
    ...effectsOf([task]),
    ...(/^(?:tinker|shell\w*|runner|console|dbshell|dbconsole)$/.test(task.word.value ?? "")
      ? [gadget("runs-code", task.index)]
      : []),
    ...steering.map((o) => gadget("option-name", o.index)),
  ];
}
