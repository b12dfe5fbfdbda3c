// A command line as others may see it: what looks like a secret is left out of a word, and nothing else of it. For what is left out tells no two commands
// apart, so it must never be what is started: the rest of a shell's line, an address, or a folder on the way to the program.
import { tokenFor } from "../leak/index.ts";

/** What stands where a secret stood. */
export const SECRET = "${secret}";

/** Longest word that is looked at for what a secret looks like. */
const WORD_MOST = 8_192;
const NAME = String.raw`[\w.-]*(?:token|secret|password|passwd|api-?_?key|access-?_?key|credential|bearer|auth)`;
const OPTION = new RegExp(`^-${NAME}$`, "i");
/** An option that has no value: the next word is the program's. */
const SWITCH = /^--?(?:no|without|skip|disable|enable|require|use|allow|with|always)-/i;
/** What an address is signed in with: up to the last `@` before its path, where a backslash begins one, too (https://url.spec.whatwg.org). */
const SIGN_IN = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#\\\s]*@/i;
const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//i;
const SETTING = new RegExp(`^(${NAME})=`, "i");
/** A value within a text: quoted, or up to where a shell or a language would go on. */
const VALUE = String.raw`(?:'[^']*'|"[^"$\`]*"|[^\s;&|<>()$\`'",]+)`;
const SETTINGS = new RegExp(String.raw`(?<![^\s;&|(?"'])(${NAME}=)${VALUE}`, "gi");
const HEADER =
  /^((?:proxy-)?authorization|[\w-]*(?:token|secret|key|auth|cookie))(:\s*(?:(?:bearer|basic|token)\s+)?)\S.*$/i;
const TEXT_OPTION = /^(?:-[a-z]*[cep]|-S|--(?:eval|print|call|exec|command|split-string))$/;
const CONTAINERS = /(?:^|\/)(?:docker|podman|nerdctl)$/;

/** The word of a command without what looks like a secret in it. */
export function withoutSecret(argv: readonly string[], index: number): string {
  const [word = "", before = ""] = [argv[index], argv[index - 1]];
  if (OPTION.test(before) && !SWITCH.test(before) && !word.startsWith("-") && !ADDRESS.test(word)) return SECRET;
  const isSetting = word.startsWith("--") || (CONTAINERS.test(argv[0] ?? "") && /^(?:-e|--env)$/.test(before));
  const isText = !isSetting && (/\s/.test(word) || TEXT_OPTION.test(before));
  const shown =
    HEADER.test(word) && /^-(?:H|-header)$/.test(before)
      ? word.replace(HEADER, `$1$2${SECRET}`)
      : settingsOf(word, isText);
  return withoutTokens(shown).replace(SIGN_IN, `$1${SECRET}@`);
}

/** The text without the credentials that are known by their shape. */
export function withoutTokens(text: string): string {
  const tokens = tokenFor("", text.slice(0, WORD_MOST)).map((token) => token.text);
  return tokens.reduce((shown, token) => shown.replaceAll(token, SECRET), text);
}

function settingsOf(word: string, isText: boolean): string {
  const whole = isText ? null : SETTING.exec(word);
  return whole === null ? word.replace(SETTINGS, `$1${SECRET}`) : `${whole[1]}=${SECRET}`;
}

/** A word without what the address that it is signs in with: that changes, and says nothing of whom a person speaks to. */
export function withoutSignIn(word: string): string {
  return word.replace(SIGN_IN, "$1");
}
