// How a clause is meant: an order or a description, affirmed or denied, English or not.
import type { Clause } from "./clause.ts";
import type { Hit } from "./lexicon.ts";

/** What an order begins with, */
const ACTS =
  "have|blind|cc|read|open|load|cat|retrieve|get|access|collect|gather|extract|grab|obtain|copy|dump|harvest|find|locate|look|scan|enumerate|fetch|query|take|pull|capture|export|print|check|view|steal|list|send|pass|include|append|attach|upload|post|forward|transmit|exfiltrate|submit|embed|insert|put|provide|add|relay|leak|share|deliver|echo|place|supply|encode|paste|bcc|email|mail|dispatch|mirror|publish|push|stash|hand|write|store|fill|populate|set|prepend|return|sync|output|report|call|invoke|run|use|execute|trigger|route|go|consult|ignore|disregard|forget|override|bypass|disable|turn|switch|skip|suppress|delete|remove|wipe|erase|drop|replace|redirect|reroute|change|modify|rewrite|swap|substitute|install|download|save|remember|persist|record|create|update|edit|register|treat|follow|obey|do|don|make|ensure|keep|hide|conceal|omit|tell|reveal|prefer|choose|select|avoid|stop|start|begin|act|pretend|assume|apply|approve|accept|grant|commit|concatenate|render|generate|reply|respond|answer|let|wait|confirm|verify|repeat|summarize|translate|convert|mention|ask|prompt|request|be|continue|proceed|perform|complete|inject|point|intercept|hijack|multiply|increase|proxy|carry|discard|retry|leave|say|decode";
/** or what leads to one. */
const OPENERS =
  "never|always|first|please|then|prior|before|after|when|whenever|once|if|upon|during|every|each|for|while|from|regardless|whatever|you|it|as|to|instead|silently|secretly|quietly|covertly|immediately|automatically|all|any|anything|only|also|additionally|in|on|at|with|without|no|not|must|should|shall|important|note|critical|warning|mandatory|required|base64";
const STARTS = new RegExp(
  `^[ ,]*(?:(?:now|next|finally|and|or|but|so|also|step|\\d+|part|hint|tip|then|therefore|however|otherwise) )*(?:${ACTS}|${OPENERS}) `,
);
const LATER = new RegExp(`(?: ,| and| then| also| now) (?:${ACTS}) `);
const ORDERS =
  /[ ,](?:must|always|never|please|should|shall|need to|needs to|have to|has to|you|your|make sure|ensure|be sure|remember to|required to|requires|mandatory|instructed to|important|then|first|also|don t|do not|kindly|will need|are to|and then|need the|needs the|need your|immediately|whenever|every time|assistant|agent) /;

/**
 * Whether the clause tells its reader what to do, at its beginning or later. `Reads a file` and `a path to read` tell what a tool does.
 */
export function isDirective(words: string): boolean {
  return STARTS.test(words) || ORDERS.test(words) || LATER.test(words);
}

/** `do not forget to send` is an order to send. */
const TWICE = /(?:forget|fail|hesitate|omit|skip|neglect|stop|just|only|simply|without)[a-z]*(?: to)? $/;

/** Whether what the hit says is denied: a denial stands at most three words before it. */
export function isNegated(words: string, hit: Hit, denials: readonly Hit[]): boolean {
  if (
    !/^(?:read|send|ship|call|write|steal|content|danger|persist|obey|approved|turn|weaken|weaken\.hard|asking|guard\.ask|alter\.strong|route|install)$/.test(
      hit.idea,
    )
  )
    return false;
  // `never … without asking` is an order to ask
  if (/^(?:weaken|asking|guard)/.test(hit.idea)) return isTwiceDenied(words, hit, denials);
  return denials.some((denial) => {
    if (denial.to > hit.from) return false;
    const between = words.slice(denial.to, hit.from);
    return between.length <= 24 && !between.includes(",") && between.split(" ").length <= 5 && !TWICE.test(between);
  });
}

function isTwiceDenied(words: string, hit: Hit, denials: readonly Hit[]): boolean {
  const before = denials.filter(({ to }) => to <= hit.from);
  const isWithout = words.startsWith("without", hit.from);
  const near = before.filter(
    ({ from, to }) => hit.from - to <= 14 || (words.startsWith("without", from) && hit.from - to <= 24),
  );
  if (hit.idea.startsWith("weaken")) return isWithout ? before.length > 0 : near.length > 0;
  // asking is denied once by every rule that asks for it: twice is an order again
  return near.some(({ from }) => words.startsWith("without", from)) && before.length > near.length;
}

const SMALL_WORDS =
  /(?<= )(?:der|die|das|und|den|dem|ist|nicht|mit|auf|les|des|et|une|est|pas|dans|avec|pour|que|los|las|del|por|con|para|una|su|al|il|di|che|della|non|per|het|een|van|niet|voor|aan|os|da|do|nao|em|com|ao|nie|jest|przed|tego|ve|bir|bu|ile|yang|dan|untuk|ini|dengan|jangan|tanpa|oder|ohne|sans|sin|sem|senza|zonder|bez|le|la|el|lo|et|ses|aux|du|sur|avant|den|det|att|och|og|til|till|som|ikke|inte|fran|pred|nez|jeho|aby|pro|na|do|se|ze|jego|si|cu|din|sau|az|egy|ja|ei|ve)(?= )/g;

/** Whether it is written in another language than English. */
export function isForeign({ raw, words }: Clause): boolean {
  const letters = raw.match(/[^\x00-\x7f]/g)?.filter((sign) => /\p{L}/u.test(sign)).length ?? 0;
  const small = words.match(SMALL_WORDS)?.length ?? 0;
  return letters >= 4 || small >= 2 || (letters >= 2 && small >= 1);
}
