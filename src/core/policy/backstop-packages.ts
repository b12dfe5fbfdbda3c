// New code of strangers: a package that the lock file did not have. Its install scripts run, and a made-up name may be an attacker's.
import { allPrograms } from "../shell/index.ts";

/** Does this use of a package manager bring in what was named just now? Installing what the lock file or the project says does not. */
export function addsPackages(
  program: string,
  operands: readonly (string | undefined)[],
  words: readonly (string | undefined)[],
): boolean {
  const [sub, ...names] = operands;
  switch (program) {
    case "npm":
    case "pnpm":
    case "yarn":
    case "bun":
      return (
        /^(?:exec|x|dlx|create|init|update|up|upgrade|link|audit)$/.test(sub ?? "") ||
        (/^(?:install|i|add)$/.test(sub ?? "") && names.length > 0)
      );
    case "pip":
    case "pip3":
    case "pipx":
    case "uv":
    case "poetry":
    case "pdm":
    case "pipenv":
      return (
        /^(?:add|tool|self|update|upgrade)$/.test(sub ?? "") ||
        (/^(?:install|pip)$/.test(sub ?? "") &&
          names.some((n) => n !== "install" && n !== "." && !/^requirements[\w.-]*\.txt$/.test(n ?? "?")))
      );
    case "cargo":
    case "go":
    case "gem":
    case "composer":
    case "bundle":
    case "dotnet":
    case "deno":
      return (
        /^(?:add|get|install|require|update|global|tool|upgrade)$/.test(sub ?? "") &&
        (names.length > 0 || words.includes("-g")) &&
        !(program === "bundle" && sub === "install")
      );
    case "apt":
    case "apt-get":
    case "dnf":
    case "yum":
    case "apk":
    case "pacman":
    case "brew":
    case "snap":
    case "dpkg":
    case "rpm":
      return true;
    default:
      return /^(?:npx|pnpx|bunx|uvx)$/.test(program) && !allPrograms().has(sub ?? "");
  }
}
