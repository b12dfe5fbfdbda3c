// A tool's shape: parameters that want more than the tool needs, secrets as defaults, annotations that its own name denies.
import { tokenFor } from "../../leak/index.ts";
import { textAt } from "../description.ts";
import { isObject, type Json, type JsonObject, member } from "../json.ts";
import { wordsOf } from "./clause.ts";
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

/** Signs in the shape of a tool. `names` are the tool's and its server's. */
export function shapeSignals(tool: JsonObject, fields: readonly Field[], names: string): readonly Signal[] {
  return [...sinks(tool, names), ...defaults(fields, names), ...annotations(tool)];
}

function sinks(tool: JsonObject, names: string): readonly Signal[] {
  const name = textAt(tool, "name") ?? "";
  const schema = member(tool, "inputSchema") ?? member(tool, "arguments");
  const properties = member(schema, "properties");
  if (!isObject(properties)) return [];
  const isPure = isAbout("pure", name);
  const isModels = isAbout("models", names);
  return Object.entries(properties).flatMap(([key, value]) => {
    if (!SINK.test(key) && !WANTS_SECRET.test(key)) return [];
    const description = textOf(value);
    const wants = WANTS.test(description);
    const isGreedy = WANTS_SECRET.test(key) && isPure;
    const weight = isPure
      ? wants || isGreedy
        ? 1
        : 0.45
      : wants && !isModels && !isAbout("keeper", names) && isGreedyText(description)
        ? 0.8
        : 0;
    return weight === 0
      ? []
      : [
          {
            kind: "sink-parameter",
            weight,
            isHard: false,
            at: `/inputSchema/properties/${key}`,
            text: `${key}: ${description}`,
          },
        ];
  });
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

/** A hint is the server's word about itself; one that its own name denies lies. */
function annotations(tool: JsonObject): readonly Signal[] {
  const hints = member(tool, "annotations");
  const name = textAt(tool, "name") ?? "";
  const description = textAt(tool, "description") ?? "";
  const says = (key: string, value: boolean): boolean => member(hints, key) === value;
  const destroys = DESTROYS.test(name) || DESTROYS_TEXT.test(description);
  const writes = WRITES.test(name) && WRITES_TEXT.test(description);
  const isLie =
    (says("readOnlyHint", true) && (destroys || writes)) ||
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
