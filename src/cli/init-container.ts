// `ringfence init --devcontainer` and `--compose`: files for a container in which a fence can be made. Shows them with `--print`, else writes them once.
import { findWorkspace, type NewFile, writeNewFiles } from "#monitor";
import { callerHome, callerStateDir } from "./caller.ts";
import { EXIT, fail } from "./exit.ts";
import { findInstallation } from "./installation.ts";
import { printJson } from "./print-json.ts";

/** How they are given out. */
export interface ContainerInitOptions {
  readonly print: boolean;
  readonly json: boolean;
}

/** Writes or shows `files`; their text is made of our own words alone. */
export function initContainer(files: readonly NewFile[], options: ContainerInitOptions): void {
  const workspace = findWorkspace(process.cwd(), {
    installation: findInstallation().root,
    stateDir: callerStateDir(process.env),
    home: callerHome(),
  });
  if (!workspace.ok) fail(workspace.error, EXIT.cannotStart);
  const written = options.print ? undefined : writeNewFiles(workspace.value.root, files);
  if (written?.ok === false) fail(written.error, written.error.code === "init-exists" ? EXIT.usage : EXIT.cannotStart);
  if (options.json) {
    printJson({ written: written !== undefined, files }, 2);
    return;
  }
  for (const { path, text } of options.print ? files : []) process.stdout.write(`# ${path}\n${text}\n`);
  for (const path of written?.ok === true ? written.value : []) process.stderr.write(`wrote ${path}\n`);
  if (written !== undefined)
    process.stderr.write("read them, change what you like; docs/containers.md says what each line is for\n");
}
