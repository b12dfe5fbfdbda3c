// Programs whose words hold more than options: shells, scripts of sed, awk and jq, wrappers that set variables, tar's old bundles.
// The table names the code (`special`); scripts/ holds it, by subject. A script that is not provably harmless is a gadget
// (DESIGN 7 rule 5).
import type { Effect } from "./facts.ts";
import type { ReadOptions } from "./read-options.ts";
import { awkCommands, awkHarm, jqHarm, yqHarm } from "./script-text.ts";
import { tar, zip } from "./scripts/archives.ts";
import { atFiles, buildContext, cmake, dotnet, gcc, goRun, make, maven, testBinary } from "./scripts/build.ts";
import { aws, cloud } from "./scripts/clouds.ts";
import { redis, sqlAll, sqlOperand, sqlOption } from "./scripts/databases.ts";
import { git, gitClone, gitConfig, gitPush, gitRemote, gitShow, gitSymbolicRef, gitWorktree } from "./scripts/git.ts";
import { interpreter, php, scripted, sed } from "./scripts/languages.ts";
import { codeHostApi, curl, media, remoteHost, request, rsync, socat, ssh, wget } from "./scripts/network.ts";
import { kubectl, packages, projectScript } from "./scripts/packages.ts";
import {
  afterDashes,
  capsh,
  environment,
  joined,
  laterText,
  setarch,
  sg,
  shell,
  texts,
  wraps,
  xargs,
} from "./scripts/shells.ts";
import type { Special } from "./scripts/special.ts";
import { date, dd, firstRead, getent, ip, kill, ps, sd, sshKeygen, sysctl } from "./scripts/system.ts";
import { firstTask, tasks } from "./scripts/tasks.ts";
import type { ProgramUse } from "./use.ts";

const SPECIAL: Readonly<Record<string, Special>> = {
  "after-dashes": afterDashes,
  "at-files": atFiles,
  aws,
  "build-context": buildContext,
  awk: scripted(awkHarm, [], ["f", "file"], awkCommands),
  capsh,
  cloud,
  cmake,
  "code-host-api": codeHostApi,
  curl,
  date,
  dd,
  dotnet,
  environment,
  "first-read": firstRead,
  "first-task": firstTask,
  gcc,
  getent,
  git,
  "git-clone": gitClone,
  "git-config": gitConfig,
  "git-push": gitPush,
  "git-remote": gitRemote,
  "git-show": gitShow,
  "git-symbolic-ref": gitSymbolicRef,
  "git-worktree": gitWorktree,
  "go-run": goRun,
  interpreter,
  ip,
  joined,
  jq: scripted(jqHarm, [], ["f", "from-file"]),
  kill,
  kubectl,
  media,
  "later-text": laterText,
  make,
  maven,
  packages,
  php,
  "project-script": projectScript,
  ps,
  "remote-host": remoteHost,
  redis,
  request,
  rsync,
  sd,
  sed,
  setarch,
  "ssh-keygen": sshKeygen,
  sg,
  shell,
  socat,
  "sql-all": sqlAll,
  "sql-operand": sqlOperand,
  "sql-option": sqlOption,
  ssh,
  sysctl,
  tar,
  tasks,
  "test-binary": testBinary,
  texts,
  wget,
  wraps,
  xargs,
  zip,
  yq: scripted(yqHarm, [], ["f"]),
};

/** Effects that the words of a special program have beside its options. Throws when the table names code that is not there. */
export function scriptEffects(name: string | undefined, read: ReadOptions, use: ProgramUse): readonly Effect[] {
  if (name === undefined) return [];
  const special = SPECIAL[name];
  if (special === undefined) throw new Error(`the program table names \`${name}\`, which scripts.ts does not have`);
  return special(read, use);
}
