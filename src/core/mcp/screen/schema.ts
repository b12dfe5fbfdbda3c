// A tool's shape: parameters that want more than the tool needs, secrets as defaults, annotations that its own name denies.
import { tokenFor } from "../../leak/index.ts";
import { textAt } from "../description.ts";
import { isObject, type Json, type JsonObject, member } from "../json.ts";
import { wordsOf } from "./clause.ts";
import { ideasIn } from "./lexicon.ts";
import { matchesOf, type Origin } from "./rules.ts";
import type { Signal } from "./signal.ts";
import { isAbout } from "./topic.ts";
import type { Field } from "./walk.ts";

/** Parameters that no sum and no weather needs. */
const SINK =
  /^(?:side_?notes?|side_?car|notes?|context|extra|extra_?(?:context|info|data)|extra_?notes?|metadata|meta|debug|debug_?(?:info|context|data)|conversation(?:_?(?:history|context|log))?|chat_?(?:history|log)|history|messages|prompt|user_?(?:prompt|message|context|query|data|input|info)|system_?prompt|reasoning|thoughts?|scratch_?pad|memory|session(?:_?(?:data|context|state))?|environment|env|env_?vars?|environ|credentials?|api_?keys?|secrets?|tokens?|auth|payload|attachment|telemetry|trace|audit(?:_?(?:data|trail|log))?|feedback|background|verification|proof|diagnostics?|system_?info|workspace(?:_?(?:info|context|files))?|file_?contents?|files|summary_of_conversation|caller_?(?:context|info)|client_?(?:context|info)|previous_?(?:messages|results|output)|model_?(?:name|info|reasoning)|justification)$/i;
const WANTS_SECRET =
  /^(?:.*_)?(?:env(?:ironment)?(?:_?vars?)?|credentials?|api_?keys?|secrets?|private_?keys?|ssh_?keys?|passwords?|system_?prompt|(?:auth|access|bearer|session)_?tokens?|conversation(?:_?(?:history|context|log))?|chat_?(?:history|log)|transcript|file_?contents?|reasoning|messages)(?:_.*)?$/i;
const WANTS =
  /\b(?:contents? of|entire|full|complete|whole|verbatim|all (?:the )?(?:previous|prior|messages|context|files)|conversation|chat history|system prompt|environment|credentials?|api keys?|private key|ssh|secrets?|files? (?:you|the user)|everything|history|what the user|user'?s (?:message|prompt|request|name|email)|reasoning|previous (?:messages|tool)|other tools?)\b/i;
const DEFAULTS: ReadonlySet<string> = new Set(["default", "const", "examples", "example", "enum"]);
const SECRET_VALUE =
  /(?:^|[\s"'=:(])(?:~|\$HOME|\$\{HOME\}|\/root|\/home\/[\w.-]+|file:\/\/[^\s]*)?\/?\.(?:ssh|aws|gnupg|kube)\/[\w./-]+|\bid_(?:rsa|ed25519|ecdsa)\b|\/etc\/(?:passwd|shadow)|\/proc\/(?:self|\d+)\/environ|\$\{?(?:env[:.])?(?:[A-Z][A-Z0-9]*_)*(?:API_?KEY|TOKEN|SECRET|PASSWORD|PRIVATE_KEY|ACCESS_KEY(?:_ID)?|CREDENTIALS?)\}?|\{\{\s*(?:env|process\.env|secrets?|system_prompt|conversation|chat_history|memory|user\.\w*(?:token|key|password))\b|\bprocess\.env\b|\$\((?:cat|env|printenv|whoami|curl|wget)\b|`(?:cat|env|printenv|curl|wget) |\b169\.254\.169\.254\b|\.git-credentials|\.netrc\b/;

/** A parameter that is named for what it takes away. */
const NAMED_FOR_LOOT =
  /(?:contents?|reading|text|dump|value|copy|paste|file|output)[_-].*(?:ssh|id_?rsa|id_?ed25519|dot_?env|env_?file|environ|aws|netrc|npmrc|passwd|shadow|credentials?|secrets?|private_?key|kube_?config|cookies|history)(?:[_-]|$)|(?:id_?rsa|id_?ed25519|private_?key|ssh_?key|dot_?env|credentials?_?file)[_-].*(?:contents?|text|dump|value)/i;
/** What a description begins with that asks for more than a place. */
const WANTS_TEXT_OF =
  /^\W*(?:the )?(?:full |raw |entire |complete |verbatim |decoded |current )?(?:contents?|text|output|value|body|dump|copy)\b/i;
/** Not explained away by what a tool says that it is about. */
const SURE = 2.3;
/** Whose secret it is, and that nobody typed it. */
const LIFTED =
  /\b(?:user'?s|host'?s|their|your|developer'?s)\b[^.]{0,80}\b(?:taken|copied|obtained|extracted|retrieved|pulled|lifted|found|as found|read|collected)\s+(?:from|in|out of|on)\b/i;

/** Signs in the shape of a tool. `names` are the tool's and its server's. */
export function shapeSignals(tool: JsonObject, fields: readonly Field[], names: string): readonly Signal[] {
  return [...sinks(tool, fields, names), ...defaults(fields, names), ...annotations(tool)];
}

interface Parameter {
  readonly key: string;
  readonly at: string;
  readonly description: string;
}

/** The parameters at the top, those beneath them that say something of themselves, and those that are only required. */
function parametersOf(tool: JsonObject, fields: readonly Field[]): readonly Parameter[] {
  const properties = member(member(tool, "inputSchema") ?? member(tool, "arguments"), "properties");
  const found = new Map<string, Parameter>();
  if (isObject(properties))
    for (const [key, value] of Object.entries(properties)) {
      const at = `/inputSchema/properties/${key}`;
      found.set(at, { key, at, description: textOf(value) });
    }
  for (const { at, text, key } of fields) {
    const nested = /^(\/inputSchema\/.*\/properties\/([^/]{1,128}))\/(?:description|title)$/.exec(at);
    if (nested?.[1] !== undefined && nested[2] !== undefined && !found.has(nested[1]))
      found.set(nested[1], { key: nested[2], at: nested[1], description: text });
    // what else may be given has no name of its own
    if (/^\/inputSchema\/(?:.*\/)?(?:additionalProperties|items|patternProperties\/[^/]+)\/description$/.test(at))
      found.set(at, { key: "", at, description: text });
    if (key === "required" && /^[\w-]{1,128}$/.test(text)) found.set(at, { key: text, at, description: "" });
  }
  return [...found.values()];
}

function sinks(tool: JsonObject, fields: readonly Field[], names: string): readonly Signal[] {
  const isPure = isAbout("pure", textAt(tool, "name") ?? "");
  const about = { isPure, isModels: isAbout("models", names), isKeeper: isAbout("keeper", names), names };
  return parametersOf(tool, fields).flatMap((parameter) => {
    const weight = greed(parameter, about);
    const { key, at, description } = parameter;
    return weight === 0 ? [] : [{ kind: "sink-parameter", weight, isHard: false, at, text: `${key}: ${description}` }];
  });
}

interface About {
  readonly isPure: boolean;
  readonly isModels: boolean;
  readonly isKeeper: boolean;
  readonly names: string;
}

/** Nobody calls a parameter by a longer name; what is behind it is read like any other text. */
const NAME_MOST = 256;

/** How much more a parameter wants than its tool needs. */
function greed(parameter: Parameter, { isPure, isModels, isKeeper, names }: About): number {
  const { description } = parameter;
  const key = parameter.key.slice(0, NAME_MOST);
  const wantsSecret = WANTS_SECRET.test(key);
  if (NAMED_FOR_LOOT.test(key)) return isPure ? 1 : isKeeper ? 0 : 0.8;
  if (WANTS_TEXT_OF.test(description) && isLoot(description) && !isOwnSecret(description, names)) return SURE;
  if (isPure && isYours(description)) return 1;
  if (!SINK.test(key) && !wantsSecret) return 0;
  const wants = WANTS.test(description);
  if (wantsSecret && LIFTED.test(description)) return isKeeper && !isPure ? 0.6 : SURE;
  if (isPure) return wants || wantsSecret ? 1 : 0.45;
  return wants && !isModels && !isKeeper && isGreedyText(description) ? 0.8 : 0;
}

function isGreedyText(description: string): boolean {
  return /\b(?:full|entire|complete|whole|all|verbatim|everything)\b[^.]{0,60}\b(?:conversation|chat|history|messages|system prompt|context|environment|credentials|secrets|files?|reasoning)\b/i.test(
    description,
  );
}

function textOf(value: Json): string {
  return isObject(value) ? ["title", "description"].map((key) => textAt(value, key) ?? "").join(" ") : "";
}

function defaults(fields: readonly Field[], names: string): readonly Signal[] {
  const signals: Signal[] = [];
  for (const { at, text, key, isKey } of fields) {
    if (tokenFor("", text).length > 0)
      signals.push({ kind: "embedded-secret", weight: 1, isHard: false, at, text: "(a token)" });
    if (isKey || !DEFAULTS.has(key)) continue;
    if (key !== "examples" && key !== "example" && GIVEN_SECRET.test(text) && !PLACEHOLDER.test(text))
      signals.push({ kind: "embedded-secret", weight: 1, isHard: false, at, text: "(a secret)" });
    if (/\s/.test(text) && isLootOrder(text))
      signals.push({ kind: "secret-default", weight: 1, isHard: false, at, text });
    if (SECRET_VALUE.test(text)) {
      const isOwn = isOwnSecret(text, names);
      const isGiven = key === "default" || key === "const";
      // a tool for keys may say where a key is; what the environment holds is nobody's default
      const weight = !isOwn || (isGiven && /[$]/.test(text)) ? 1 : 0.4;
      signals.push({ kind: "secret-default", weight, isHard: key === "default" && !isOwn, at, text });
    } else if (/qqshell/.test(wordsOf(text.slice(0, 2000))))
      signals.push({
        kind: "shell-order",
        weight: key === "default" || key === "const" ? 1 : 0.4,
        isHard: false,
        at,
        text,
      });
  }
  return signals;
}

/** What looks like a key that works, whoever issued it. */
const GIVEN_SECRET =
  /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{18,}|xox[abprs]-[\w-]{20,}|sk_live_\w{16,}|sk-(?:ant-|proj-)?[\w-]{24,}|AKIA[A-Z0-9]{16}|AIza[\w-]{30,}|npm_\w{30,}|hf_\w{30,})|-----BEGIN [A-Z ]{0,20}PRIVATE KEY|\b[a-z][a-z0-9+]{1,20}:\/\/[^\s:/@]{1,64}:[^\s:/@]{6,128}@[\w.-]+/;
const PLACEHOLDER =
  /x{6,}|\*{3,}|\.{3}|<[^<>]*>|\$\{?\w|\{\{|your|example|changeme|placeholder|redacted|dummy|:(?:password|passwd|pass|pwd|secret|postgres|root|user|admin|guest|test|minioadmin)@|localhost|127\.0\.0\.1/i;

/** A value that is offered to be filled in, and tells to fetch what is secret instead. */
function isLootOrder(text: string): boolean {
  return isLoot(text) && !ideasOf(text).has("meta");
}

function isLoot(text: string): boolean {
  const ideas = ideasOf(text);
  const has = (...wanted: readonly string[]): boolean => wanted.some((idea) => ideas.has(idea));
  return has("send", "content", "read") && has("qqpath", "qqenvfile");
}

/** What belongs to the person or the conversation: no sum and no date needs it. A denial asks for nothing. */
function isYours(text: string): boolean {
  const ideas = ideasOf(text);
  if (ideas.has("neg")) return false;
  if (ideas.has("convo") || ideas.has("qqpath") || ideas.has("private.data")) return true;
  return (
    (ideas.has("secret") || ideas.has("secret.any")) &&
    (ideas.has("persona") || /\b(?:user'?s|host'?s|your)\b/i.test(text))
  );
}

function ideasOf(text: string): ReadonlySet<string> {
  return new Set(ideasIn(wordsOf(text.slice(0, 480))).map(({ idea }) => idea));
}

/** A path of keys is at home in a tool for what they open. */
function isOwnSecret(text: string, names: string): boolean {
  return OWNERS.some(([secret, owner]) => secret.test(text) && owner.test(names));
}

const OWNERS: readonly (readonly [secret: RegExp, owner: RegExp])[] = [
  [/\.ssh|id_/, /ssh|sftp|scp|git|tunnel|remote|deploy|ansible|key/i],
  [/\.aws|AWS_/, /aws|s3|lambda|bedrock|cloud|dynamo|ecs|eks|credential/i],
  [/\.kube/, /kube|k8s|helm|eks|gke|cluster/i],
  [/\.gnupg/, /gpg|pgp|sign/i],
  [/\.azure/, /azure/i],
  [/[$]\{?[A-Z]|\{\{|process\.env/, /(?:^|[ _-])(?:env|template|workflow|pipeline|ci)/i],
];

const DESTROYS =
  /^(?:delete|remove|drop|destroy|wipe|purge|truncate|erase|uninstall|terminate|kill|format|reset_all|clear_all)(?:[_-]|[A-Z]|$)/;
const WRITES =
  /^(?:write|overwrite|send|transfer|pay|publish|upload|exec|execute_(?:shell|command)|run_(?:shell|command)|shell|install|deploy|post|insert|update|create|modify|edit|set|grant)(?:[_-]|[A-Z]|$)/;
const DESTROYS_TEXT =
  /^\W*(?:permanently |irreversibly )?(?:delet|remov|drop|destroy|wip|purg|truncat|eras)(?:es?|s|ing)?\b/i;
const WRITES_TEXT =
  /^\W*(?:overwrit|writ|send|transfer|execut|publish|upload|post|install|deploy|insert|modif|transmit)(?:es?|s|ies)?\b/i;

/** `Sends … and overwrites …`: the second half of what it does. */
const ALSO_DESTROYS =
  /\b(?:and|then) (?:permanently )?(?:overwrites|deletes|removes|drops|wipes|erases|truncates|uninstalls|transfers)\b(?! (?:nothing|no|none)\b)/i;

/** What happens to somebody's money, mail or data by the way. */
const ACTS_ASIDE =
  /\b(?:is|are|gets|get) (?:also |then |immediately |directly |)(?:charged|billed|booked|debited|paid|transferred|mailed|e-?mailed|published|purchased|uploaded)\b(?! (?:if|when|only|unless|until|by ))/i;

/** A hint is the server's word about itself; one that its own name denies lies. */
function annotations(tool: JsonObject): readonly Signal[] {
  const hints = member(tool, "annotations");
  const name = textAt(tool, "name") ?? "";
  const description = textAt(tool, "description") ?? "";
  const says = (key: string, value: boolean): boolean => member(hints, key) === value;
  const destroys = DESTROYS.test(name) || DESTROYS_TEXT.test(description);
  const writes = WRITES.test(name) && WRITES_TEXT.test(description);
  const isLie =
    (says("readOnlyHint", true) &&
      (destroys || writes || ALSO_DESTROYS.test(description) || ACTS_ASIDE.test(description))) ||
    (says("destructiveHint", false) &&
      !says("readOnlyHint", true) &&
      DESTROYS.test(name) &&
      DESTROYS_TEXT.test(description) &&
      /\b(?:all|permanent\w*|irreversibl\w*|every|database|table|recursive\w*)\b/i.test(description));
  return isLie
    ? [{ kind: "annotation-mismatch", weight: 1, isHard: false, at: "/annotations", text: `${name}: ${description}` }]
    : [];
}

/** Signs in the words of a key: a parameter's name is read as any other text (`content_also_include_all_env`). */
export function keySignals({ at, text }: Field, origin: Origin): readonly Signal[] {
  const parts = text.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ");
  if (parts.split(" ").length < 4) return [];
  return matchesOf({ raw: parts, words: wordsOf(parts) }, origin).map((match) => ({ ...match, at, text }));
}
