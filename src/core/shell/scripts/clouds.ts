// Cloud clients: thousands of verbs, of which only those that plainly ask are let through. The rest changes what others run (PERM-11).
import type { Effect, ShellWord } from "../facts.ts";
import type { Operand } from "../read-options.ts";
import type { ProgramUse } from "../use.ts";
import { gadget, type Special } from "./special.ts";

const lasting = (code: string, index: number): Effect => ({ kind: "irreversible", code, index });

/** Who may do what: a grant is worse than a deployment, and is named so. */
const GRANTS =
  /iam|^sts$|organizations|sso|cognito|policy|role|permission|access-key|service-account|keyvault|^ad$|grant|\bmember/;
const SECRETS =
  /^list-keys$|secret|password|session-token|login|decrypt|private-key|credential|access-token|get-token|connection-string|print-/;
const READS =
  /^(?:list|ls|show|describe|get|read|cat|exists|info|status|version|whoami|check|validate|lookup|search|logs|tail|top|history|diff|url|locations|regions|operations|(?:show|list|get|check)-[a-z-]+)$/;
const CHANGES =
  /^(?:create|delete|destroy|update|deploy|set|add|remove|rm|rb|mb|mv|cp|sync|enable|disable|start|stop|reset|restart|reboot|import|export|submit|run|ssh|scp|patch|apply|promote|rollback|migrate|move|attach|detach|resize|suspend|resume|undelete|restore|clone|copy|rsync|sign|login|logout|revoke|activate|init|install|connect|execute|exec|call|invoke|publish|pull|push|ack|modify|replace|replay|failover|cancel|close|abandon|recreate|bind|unbind|lock|unlock|link|unlink|mount|put|upload|download|purge|scale|rotate|generate|approve|reject|assign|grant|register|deregister|terminate|allocate|release|associate|disassociate|open|use|select|switch|send|write|fetch|new)(?:-|$)/;

/** Words of both kinds: before a verb they are nouns. */
const NOUNS =
  /^(?:logs|operations|locations|regions|history|status|version|run|import|export|release|link|lock|policy|query|tail|info)$/;

/** An argument that is a file or an address whose content is sent, or an option that leads elsewhere. */
function besides(words: readonly Operand[]): readonly Effect[] {
  return words.flatMap(({ word, index }): readonly Effect[] => {
    const text = word.value ?? word.prefix;
    if (/(?:^|=)(?:fileb?|https?):\/\//.test(text) && !/^--(?:query|filter)/.test(text))
      return [gadget("sends-file", index)];
    if (
      /^--(?:cli-input-(?:json|yaml)|endpoint-url|no-verify-ssl|ca-bundle|profile|configuration|account|impersonate-service-account|access-token-file|flags-file|credential-file-override|subscription|flatten-file)(?:=|$)/.test(
        text,
      )
    )
      return [gadget("config", index)];
    return [];
  });
}

/** az asks where it queries, and lists keys where others list their names. */
const isAz = ({ words }: ProgramUse): boolean => /(?:^|\/)az$/.test(words[0]?.value ?? "");

/** `PROGRAM GROUP… VERB …`: harmless when the first verb among the words plainly asks. */
export const cloud: Special = (read, use) => {
  const words = read.operands;
  const at = words.findIndex(({ word }, i) => {
    const text = word.value;
    const next = words[i + 1]?.word.value ?? "-";
    // `gcloud run services`, `gcloud logging logs delete`: a product or a noun, not a verb
    if (text === "run" && (i === 0 || /^(?:alpha|beta)$/.test(words[i - 1]?.word.value ?? "")) && words.length > i + 1)
      return false;
    if (text === "query" && isAz(use)) return true;
    if (NOUNS.test(text ?? "") && (READS.test(next) || CHANGES.test(next))) return false;
    return (
      text === undefined || text.startsWith("-") || READS.test(text) || CHANGES.test(text) || /^describe-/.test(text)
    );
  });
  const verb = words[at];
  if (words[0]?.word.value === "help") return [gadget("runs-pager", words[0].index)];
  if (verb === undefined) return words.length === 0 ? [] : [lasting("deploy", words[0]?.index ?? 0)];
  const path = words.slice(0, at + 1).map((o) => o.word.value ?? "");
  const text = verb.word.value ?? "";
  if (!READS.test(text) && !/^describe-/.test(text) && !(text === "query" && isAz(use)))
    return [
      lasting(
        path.some((w) => GRANTS.test(w)) || words.some((o) => /-iam-/.test(o.word.value ?? "")) ? "iam" : "deploy",
        verb.index,
      ),
    ];
  // az lists the keys themselves, others their names
  const secret = path.some((w) => SECRETS.test(w) || (w === "keys" && isAz(use)));
  return [...(secret ? [gadget("credentials", verb.index)] : []), ...besides(words.slice(at + 1))];
};

const AWS_READS =
  /^(?:describe|list|get|head|lookup|search|batch-get|transact-get|admin-get|admin-list|filter|query|scan|estimate|check|validate|test|preview|simulate|detect|wait)(?:-|$)|^(?:ls|tail|help|presign-none)$/;
/** Operations that write what they got into a file. */
const AWS_FILES =
  /^(?:get-object(?:-torrent)?|get-job-output|get-export|get-sdk|get-snapshot-block|get-media|get-clip|get-object-attributes-none)$/;

/** `aws SERVICE OPERATION …`. */
export const aws: Special = (read) => {
  const [service, operation, ...rest] = read.operands;
  if (service === undefined) return [];
  if (read.operands.some((o) => o.word.value === "help")) return [gadget("runs-pager", service.index)];
  const [name, verb] = [service.word.value ?? "", operation?.word.value ?? ""];
  const index = operation?.index ?? service.index;
  if (name === "configure") return [gadget(verb === "list" ? "credentials" : "config", index)];
  if (operation === undefined || !AWS_READS.test(verb) || !isWord(service.word))
    return [
      lasting(
        GRANTS.test(name) ? "iam" : /^(?:rm|rb)$|^delete|^terminate/.test(verb) ? "destroys-data" : "deploy",
        index,
      ),
    ];
  return [
    ...(AWS_FILES.test(verb) ? [gadget("write", index)] : []),
    ...(SECRETS.test(`${name}-${verb}`) || (name === "ssm" && /^get-param/.test(verb))
      ? [gadget("credentials", index)]
      : []),
    ...besides(rest),
  ];
};

function isWord(word: ShellWord): boolean {
  return word.value !== undefined && /^[a-z0-9-]+$/.test(word.value) && !word.value.startsWith("-");
}
