// Programs that fetch what they run, and daemons that run images: what runs is what their words name, if these name nothing of the folder. Other kinds of
// runners (yarn, pnpm, deno, pipx) let the folder choose the program, the version or their own code, and so count it.
import { isStarterPackage, nameOf, startsAnother } from "./words.ts";

interface Runs {
  readonly folder: boolean;
  readonly files: readonly number[];
}

/** How the runner at this word is started; undefined for another program. */
export function runsPackage(argv: readonly string[], at: number): Runs | undefined {
  const name = nameOf(argv[at] ?? "");
  const words = argv.slice(at + 1);
  const isFree = Object.hasOwn(FORMS, name) ? FORMS[name]?.(words) : undefined;
  return isFree === undefined ? undefined : { folder: !isFree, files: [] };
}

/** True where the folder does not matter, false where it does or may, undefined for a form that is another program's. */
const FORMS: Readonly<Record<string, (words: readonly string[]) => boolean | undefined>> = {
  npx: (words) => fetches(words, NPM),
  bunx: (words) => fetches(words, NPM),
  npm: (words) => {
    if (words[0] !== "exec" && words[0] !== "x") return undefined;
    // Its own options may stand behind the package, up to `--`.
    const end = words.indexOf("--");
    const options = words.slice(1, end < 0 ? words.length : end).filter((word) => word.startsWith("-"));
    return options.every((word) => NPM.bare.test(word)) && fetches(words.slice(1), NPM);
  },
  uvx: (words) => fetches(words, PYPI),
  uv: (words) => (words[0] === "tool" && words[1] === "run" ? fetches(words.slice(2), PYPI) : undefined),
  go: ([run, what = "", ...rest]) =>
    run === "run" ? /^[\w-]+(?:\.[\w-]+)+\/[\w./~-]+@[\w.+-]+$/.test(what) && !rest.some(startsAnother) : undefined,
  docker: image,
  podman: image,
  nerdctl: image,
};

interface Registry {
  /** Options that choose no code. */
  readonly bare: RegExp;
  /** Options whose value is no file of the folder. */
  readonly valued: RegExp;
  /** Options that name a package. */
  readonly names: RegExp;
  /** A package of a registry's, or one at an address. */
  readonly spec: RegExp;
}

const AT_ADDRESS = String.raw`(?:git\+)?(?:https|ssh):\/\/[^\s]+`;

const NPM: Registry = {
  bare: /^(?:-y|--yes|-q|--quiet|-s|--silent|--prefer-(?:online|offline)|--ignore-existing|--offline|--(?:registry|loglevel|package)=[^.].*)$/,
  valued: /^(?:--registry|--loglevel)$/,
  names: /^(?:-p|--package)$/,
  spec: new RegExp(
    String.raw`^(?:(?:@[\w-][\w.~-]*\/)?[\w-][\w.~-]*(?:@(?:npm:(?:@[\w-][\w.~-]*\/)?[\w-][\w.~-]*(?:@[\w.+^~*-]+)?|[\w+^~*][\w.+^~*-]*))?|(?:github|gitlab|bitbucket):[\w.-]+\/[\w.#-]+|${AT_ADDRESS})$`,
  ),
};

const PYPI: Registry = {
  bare: /^(?:-q|--quiet|-n|--no-cache|-U|--upgrade|--isolated|--refresh|--offline|--native-tls|--no-config|--no-progress|--no-python-downloads|--prerelease=\w+|--(?:index-url|index|default-index|extra-index-url)=https:.*|--python=[\d.]+|--from=[^./].*)$/,
  valued: /^(?:--prerelease|--index-strategy|--keyring-provider)$/,
  names: /^(?:--from|--with|--index-url|--index|--default-index|--extra-index-url|-i|--python|-p)$/,
  spec: new RegExp(
    String.raw`^(?:[A-Za-z0-9][\w.-]*(?:\[[\w,.-]*\])?(?:\s*(?:@|[=<>!~]=|[<>])\s*[\w*][\w.+!*,=<>~-]*|\s*@\s*${AT_ADDRESS})?|${AT_ADDRESS})$`,
  ),
};

/** Whether all that is fetched is named by its words, and the command behind runs nothing else. */
function fetches(words: readonly string[], { bare, valued, names, spec }: Registry): boolean {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (valued.test(word)) at += 1;
    else if (names.test(word)) {
      at += 1;
      if (!isFetched(words[at] ?? "", spec)) return false;
    } else if (bare.test(word)) {
      const named = /^--(?:package|from)=(.*)$/.exec(word)?.[1];
      if (named !== undefined && !isFetched(named, spec)) return false;
    } else if (word !== "--")
      return !word.startsWith("-") && isFetched(word, spec) && !words.slice(at + 1).some(startsAnother);
  }
  return false;
}

/** A package that is nothing of the folder's, and nothing that runs what the folder has. */
function isFetched(word: string, spec: RegExp): boolean {
  if (!spec.test(word)) return false;
  if (word.includes("://")) return true;
  return !/\.(?:tgz|gz|whl|zip|py)$/.test(word) && !isStarterPackage(word.replace(/[@=<>!~[\s].*$/, ""));
}

/** Options of an image's start that read a file of the caller's. */
const FILE_OPTION = /^--?(?:[\w-]*file|[\w-]*dir|config|rootfs|seccomp-policy|mount|security-opt|build-context)$/;

/** `docker run image` and what is like it: nothing of the folder is mounted or read by a relative name. */
function image(words: readonly string[]): boolean {
  const verbs = words[0] === "container" ? words.slice(1) : words;
  if (!/^(?:run|exec|start)$/.test(verbs[0] ?? "")) return false;
  return verbs.every((word, at) => {
    const before = verbs[at - 1] ?? "";
    // What is mounted of the workspace may be the program.
    if (/\$\{workspace\}/.test(word) || /(?:^|=|^-[a-z])\.{1,2}(?:[/:,]|$)/.test(word)) return false;
    const [, option = "", value] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? [];
    if (option !== "" && FILE_OPTION.test(option)) return readsNothing(value ?? "");
    return FILE_OPTION.test(word) || !FILE_OPTION.test(before) || readsNothing(word);
  });
}

/** A file by its whole name, or what is no file: settings of a mount with whole names in them, a word for a security option. */
function readsNothing(value: string): boolean {
  const files = [...value.matchAll(/(?:src|source|seccomp|apparmor)=([^,]*)/g)].map(([, file = ""]) => file);
  const isWholeFile = (file: string): boolean => /^(?:\/|\$\{)/.test(file);
  // The name of a volume or of a profile is no file; what is bound is one.
  const mayBeNamed = !/type=(?:bind|glob)/.test(value);
  if (value.includes("=")) return files.every((file) => isWholeFile(file) || (mayBeNamed && /^[\w-]*$/.test(file)));
  return isWholeFile(value) || /^(?:no-new-privileges|label:\w+|seccomp:unconfined)/.test(value);
}
