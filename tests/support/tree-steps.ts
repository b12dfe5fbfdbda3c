// Random steps of a shell in a small tree, for properties over "whatever an agent does".
import fc from "fast-check";

/** Root reads what is closed; an ordinary user is told that it cannot be compared, so there the modes are those that an owner can read. */
const MODES =
  process.getuid?.() === 0 ? fc.constantFrom("600", "755", "444", "711") : fc.constantFrom("755", "500", "711");

/** One step: an act and its arguments. */
export function stepsOf(): fc.Arbitrary<string> {
  const name = fc.constantFrom("a", "b", "c d", "é", "a/a", "a/b", "b/c", "a/b/c");
  return fc.oneof(
    fc.tuple(name, fc.string({ maxLength: 8 })).map(([path, text]) => `w ${path}\0${text}`),
    name.map((path) => `rm ${path}`),
    name.map((path) => `mkdir ${path}`),
    fc.tuple(name, name).map(([path, to]) => `ln ${path}\0${to}`),
    fc.tuple(name, name).map(([path, to]) => `mv ${path}\0${to}`),
    fc.tuple(name, name).map(([path, to]) => `hard ${path}\0${to}`),
    fc.tuple(name, fc.string({ maxLength: 4 })).map(([path, text]) => `append ${path}\0${text}`),
    fc.tuple(name, MODES).map(([path, mode]) => `chmod ${path}\0${mode}`),
  );
}

/** Steps as a shell script; each may fail, as an agent's do. */
export function shellOf(steps: readonly string[]): string {
  const lines = steps.map((step) => {
    const space = step.indexOf(" ");
    const [path = "", more = ""] = step.slice(space + 1).split("\0");
    const [at, other] = [path, more].map((text) => `'${text.replaceAll("'", "'\\''")}'`);
    switch (step.slice(0, space)) {
      case "w":
        return `{ mkdir -p "$(dirname ${at})" && rm -f ${at} && printf %s ${other} >${at}; }`;
      case "rm":
        return `rm -rf ${at}`;
      case "mkdir":
        return `mkdir -p ${at}`;
      case "ln":
        return `ln -s ${other} ${at}`;
      case "hard":
        return `{ test ! -L ${at} && ln -T ${at} ${other}; }`;
      case "append":
        return `{ test ! -L ${at} && test -f ${at} && printf %s ${other} >>${at}; }`;
      case "mv":
        return `mv -T ${at} ${other}`;
      default:
        return `{ test ! -L ${at} && chmod ${other} ${at}; }`;
    }
  });
  return `${lines.map((line) => `${line} 2>/dev/null || true`).join("; ")}; true`;
}
