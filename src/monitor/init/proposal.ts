// What `init` proposes, given what it saw: a survey in, the text of a policy out. Pure.
// The repository is hostile, so it never writes a word of the policy: it can only choose among the lines of table.json.
import table from "./table.json" with { type: "json" };

/** What was found at the top of a repository, cut down to words of our own table. */
export interface Survey {
  /** Names of known files that are there (regular files, no links). */
  readonly files: ReadonlySet<string>;
  /** Known names among the scripts of package.json. */
  readonly scripts: ReadonlySet<string>;
  /** Known names among the dependencies of package.json. */
  readonly packages: ReadonlySet<string>;
  /** Known names among the targets of the Makefile. */
  readonly targets: ReadonlySet<string>;
}

/** A line of the policy and why it is there. */
interface Entry {
  readonly value: string;
  readonly reason: string;
}

/** The files `init` asks for. */
export const SURVEYED: readonly string[] = [
  "package.json",
  "Makefile",
  ...new Set([
    ...table.managers.map(({ file }) => file),
    ...table.commands.map(({ file }) => file),
    ...table.servers.flatMap(({ file }) => file ?? []),
    ...table.indexes.flatMap(({ files }) => files),
  ]),
];

/** Reads the survey out of the contents of known files, which nobody has checked: what does not parse counts as not there. */
export function surveyOf(contents: ReadonlyMap<string, string>): Survey {
  const manifest = record(parseJson(contents.get("package.json")));
  const dependencies = { ...record(manifest["dependencies"]), ...record(manifest["devDependencies"]) };
  const known = (names: readonly string[], found: object): ReadonlySet<string> =>
    new Set(names.filter((name) => Object.hasOwn(found, name)));
  const makefile = contents.get("Makefile") ?? "";
  return {
    files: new Set(SURVEYED.filter((name) => contents.has(name))),
    scripts: known(["test", ...Object.keys(table.scripts)], record(manifest["scripts"])),
    packages: known(
      table.servers.flatMap((server) => server.package ?? []),
      dependencies,
    ),
    targets: new Set(
      Object.keys(table.targets).filter((name) => new RegExp(`^${name}[ \\t]*:(?!=)`, "m").test(makefile)),
    ),
  };
}

/** The text of `.ringfence/policy.yaml`: valid, closed where nothing is known, with the reason of every line beside it. */
export function proposePolicy(survey: Survey): string {
  const list = (name: string, indent: string, entries: readonly Entry[], none: string): readonly string[] =>
    entries.length === 0
      ? [`${indent}${name}: [] # ${none}`]
      : [`${indent}${name}:`, ...entries.map(({ value, reason }) => `${indent}  - ${value} # ${reason}`)];
  const notes = table.indexes
    .filter(({ ask, files }) => ask !== undefined && files.some((file) => survey.files.has(file)))
    .map(({ what, ask }) => `    # ${what}: there is no preset; add the host that \`${ask}\` names, on this machine.`);
  return `${[
    "# What an agent may do in this repository, proposed by `ringfence init` from what it saw. Every line says why it is here; change what you like.",
    "# `ringfence policy lint` checks it. It tightens at once, and loosens only after a person accepted it: `ringfence policy trust`.",
    "version: 1",
    "tier: medium # closed network but for the list below, no inherited secrets, changes come back as a diff",
    "",
    "permissions:",
    "  mode: default # what no rule covers is asked",
    ...list("allow", "  ", allowRules(survey), 'no build tool recognised; for example "Bash(make test)"'),
    "  ask:",
    '    - "Bash(git push *)" # leaves this machine',
    "",
    "sandbox:",
    "  workspace: overlay # the agent works on a copy-on-write view",
    "  apply: end # clean changes are applied when it ends; protected ones wait for `ringfence review`",
    "  network:",
    ...notes,
    ...list("allow", "    ", presets(survey), "closed; a known agent brings its own hosts"),
    ...list("ports", "  ", ports(survey), "no development server recognised"),
  ].join("\n")}\n`;
}

function managerOf(survey: Survey): (typeof table.managers)[number] | undefined {
  const locked = table.managers.find(({ file }) => survey.files.has(file));
  return locked ?? (survey.files.has("package.json") ? table.managers[0] : undefined);
}

function allowRules(survey: Survey): readonly Entry[] {
  const rule = (command: string, reason: string): Entry => ({ value: `"Bash(${command})"`, reason });
  const manager = managerOf(survey);
  const scripts =
    manager === undefined
      ? []
      : [
          ...(survey.files.has(manager.file)
            ? [rule(manager.install, `${manager.file}: installs what the lock file says`)]
            : []),
          ...(survey.scripts.has("test") ? [rule(manager.test, "package.json: tests")] : []),
          ...Object.entries(table.scripts).flatMap(([name, what]) =>
            survey.scripts.has(name) ? [rule(`${manager.run} ${name}`, `package.json: ${what}`)] : [],
          ),
        ];
  const targets = Object.entries(table.targets).flatMap(([name, what]) =>
    survey.targets.has(name) ? [rule(`make ${name}`, `Makefile: ${what}`)] : [],
  );
  const commands = table.commands.flatMap(({ file, allow }) =>
    survey.files.has(file) ? allow.map(([command = "", what = ""]) => rule(command, `${file}: ${what}`)) : [],
  );
  return unique([...scripts, ...targets, ...commands]);
}

/** Registries for reading: what is published leaves this machine, and whoever wants that writes it. */
function presets(survey: Survey): readonly Entry[] {
  const npm =
    managerOf(survey) === undefined
      ? []
      : [
          {
            value: '"preset:npm/read"',
            reason:
              "package.json: packages, from the registry npm is set to on this machine; `preset:npm` can publish too",
          },
        ];
  const others = table.indexes.flatMap(({ files, preset, what }) => {
    const file = files.find((name) => survey.files.has(name));
    return preset === undefined || file === undefined
      ? []
      : [{ value: `"preset:${preset}"`, reason: `${file}: ${what}, from where this machine fetches them` }];
  });
  return [...npm, ...others];
}

function ports(survey: Survey): readonly Entry[] {
  return unique(
    table.servers.flatMap(({ package: name, file, port }) => {
      const seen =
        name !== undefined && survey.packages.has(name)
          ? `${name} in package.json`
          : file !== undefined && survey.files.has(file)
            ? file
            : undefined;
      return seen === undefined
        ? []
        : [{ value: `${port}`, reason: `${seen}: its development server, seen from this machine's loopback only` }];
    }),
  );
}

/** The first of each value: two tools may want the same port or command. */
function unique(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter((entry, index) => entries.findIndex(({ value }) => value === entry.value) === index);
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
