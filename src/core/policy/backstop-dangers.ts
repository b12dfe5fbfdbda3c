// The classes of commands that wait for a person in mode `auto`, beyond what the legs of a session know (backstop.ts).
import type { LegContext } from "../session/sources/context.ts";
import { allPrograms, type Command, isInside, type ShellWord } from "../shell/index.ts";
import { gitDangers } from "./backstop-git.ts";
import { addsPackages } from "./backstop-packages.ts";

const SHELLS = /^(?:ba|z|da|a|k|mk|fi|c|tc)?sh$|^busybox$|^(?:python|node|perl|ruby|php|lua|pwsh)[\d.]*$/;
const PRIVILEGE =
  /^(?:sudo|doas|su|pkexec|run0|setpriv|capsh|newgrp|sg|chroot|nsenter|unshare|setenforce|ufw|iptables|nft|auditctl|crontab|at|batch|systemctl|service|launchctl)$/;
/** Words that switch a protection off, whichever program takes them. */
const DISARMS =
  /^(?:--no-verify|--dangerously[\w-]*|--yolo|--no-sandbox|--disable-[\w-]*(?:sandbox|security|protect|check|verif)[\w-]*|--insecure|--no-check-certificate|--trusted-host.*|--allow-unauthenticated|--force-yes|--no-gpg-sign|--no-gpg-check|--skip-(?:hooks|checks|verification)|--unsafe-perm.*|--ignore-scripts=false|--privileged|--allow-root|--bypass[\w-]*|--skip-permissions[\w-]*|(?:.*\.)?(?:sslverify|hookspath|gpgsign|strict-ssl)=.*|NODE_TLS_REJECT_UNAUTHORIZED=.*|PYTHONHTTPSVERIFY=.*|HUSKY=.*|GIT_SSL_NO_VERIFY=.*|SKIP=.*)$/i;
/** Folders that builds make anew. */
const BUILT =
  /^(?:\.\/)?(?:[\w.-]+\/)*(?:dist|build|out|output|target|coverage|node_modules|tmp|temp|\.cache|\.next|\.nuxt|\.turbo|\.parcel-cache|__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.tox|htmlcov|\.nyc_output)\/?$/;
const CONTAINER = /^(?:docker|podman|nerdctl)$/;
const CONTAINER_PASSES = /^(?:build|ps|images|logs|inspect|version|info|top|stats|port|diff|history)$/;

/** The codes of this one command; empty for what no class knows. Unknown programs are a class. */
export function dangers(command: Command, context: LegContext): readonly string[] {
  const forms = [command.words.map((w) => w.value), ...command.alsoKnownAs];
  const codes = forms.flatMap((form) => {
    const [program, ...rest] = form;
    return program === undefined ? [] : byProgram(program.replace(/^.*\//s, ""), rest, command, context);
  });
  if (command.words.some((w) => DISARMS.test(w.value ?? w.prefix))) codes.push("auto-disarms");
  if (!command.free && !command.readOnly && !isKnown(command)) codes.push("auto-unknown");
  if (command.effects.some((effect) => "path" in effect && isOpen(effect.path))) codes.push("auto-open-path");
  if (hasGadget(command, "standard-input")) codes.push("auto-pipe-to-shell");
  // a script of the project is the project's; one from elsewhere may be a download
  if (hasGadget(command, "runs-file") && command.words.slice(1).some((w) => leaves(w.value, context)))
    codes.push("auto-new-code");
  return [...new Set(codes)];
}

/** A file that is known only when it runs; names of files in one folder of the workspace are not open. */
function isOpen(word: ShellWord): boolean {
  if (word.value !== undefined) return false;
  return word.kind !== "glob" || word.tilde || /^\/|\.\./.test(word.text);
}

function hasGadget(command: Command, code: string): boolean {
  return command.effects.some((effect) => effect.kind === "gadget" && effect.code === code);
}

function leaves(word: string | undefined, { root }: LegContext): boolean {
  return word === undefined || /^~|(?:^|\/)\.\.(?:\/|$)/.test(word) || (word.startsWith("/") && !isInside(root, word));
}

/** A program by its own name, in the table: what is given by path may be anything, also a download. */
function isKnown(command: Command): boolean {
  const name = command.words[0]?.value;
  return name !== undefined && allPrograms().has(name);
}

function byProgram(
  program: string,
  rest: readonly (string | undefined)[],
  command: Command,
  context: LegContext,
): readonly string[] {
  const operands = rest.filter((word) => word === undefined || !word.startsWith("-"));
  if (PRIVILEGE.test(program)) return ["auto-disarms"];
  // a shell's file or text that the rules could not look into
  if (SHELLS.test(program) && program.endsWith("sh") && !command.effects.some((e) => e.kind === "run"))
    return ["auto-pipe-to-shell"];
  if (/^(?:kill|pkill|killall)$/.test(program))
    return operands.every((w) => /^%\d+$/.test(w ?? "")) ? [] : ["auto-processes"];
  if (program === "chmod" || program === "chown" || program === "setfacl")
    return program === "chmod" &&
      /^(?:[0-6]?[0-7][0-5][0-5]|[ugoa]*[-+=][rwxX,ugoa+=-]*)$/.test(operands[0] ?? "") &&
      !/o\+[rx]*w|a\+[rx]*w/.test(operands[0] ?? "")
      ? []
      : ["auto-disarms"];
  if (/^(?:rm|rmdir|shred|unlink|find|truncate)$/.test(program)) return deletes(program, rest, operands, context);
  if (program === "git") return gitDangers(operands, rest);
  if (CONTAINER.test(program)) return CONTAINER_PASSES.test(operands[0] ?? "?") ? [] : ["auto-new-code"];
  return addsPackages(program, operands, rest) ? ["auto-new-code"] : [];
}

function deletes(
  program: string,
  rest: readonly (string | undefined)[],
  operands: readonly (string | undefined)[],
  { root }: LegContext,
): readonly string[] {
  if (program === "find") return rest.some((w) => w === "-delete" || w === undefined) ? ["auto-mass-delete"] : [];
  const recursive = rest.some((w) => w === undefined || /^-[A-Za-z]*[rR]|^--recursive/.test(w));
  const several = operands.length > 5 || operands.some((w) => w === undefined);
  const rebuilt = operands.every((w) => w !== undefined && BUILT.test(w.replace(`${root}/`, "")) && !w.includes(".."));
  return (recursive && !rebuilt) || several ? ["auto-mass-delete"] : [];
}
