// What a text shows rather than says: an article on attacks quotes them, a filter lists what it stopped, a data set labels its lines.

const TERMS =
  /\b(?:prompt[- ]injections?|tool[- ]poisoning|jailbreak(?:s|ing)?|red[- ]team(?:ing)?|attack(?:s|ers?|er's)?|exploits?|vulnerabilit(?:y|ies)|malicious|threat model|CVE-\d{4}|security research(?:ers?)?|proof of concept|mitigations?|adversar(?:y|ial)|exfiltration|phishing|injections?|payloads?|classifiers?|moderation|blocked requests|xss|sqli|shellshock|untrusted|break (?:its|their|the) rules|honeypots?|benign|toxic (?:agent )?flows?|data ?sets?|labels?|obeys|obeyed|control tokens|owasp|mitre)\b/gi;
const QUOTED =
  /```[\s\S]{0,4000}?```|^[ \t]*>[^\n]*$|"[^"\n]{6,400}"|\u201c[^\u201d\n]{6,400}\u201d|`[^`\n]{4,400}`|\u2018[^\u2019\n]{6,400}\u2019/gm;
/** Words that say whose a quotation is: what a page holds, a person asked, a test is called. */
const ATTRIBUTED =
  /\b(?:holds?|says?|said|saying|asks?|asked|contain(?:s|ed|ing)?|whose|was|were|like|reads?|reading|such as|e\.g\.|for example|tries|tried|typed|sentence|phrase|string|failed|passed|expected|title|body|translate|proofread|classify|correct|rewrite|rephrase|paraphrase|placeholders?|spell-?check|meaning of|pretend(?:ed)? to|bot to|told to)(?:[^"'`\u201c\n]{0,24})$/i;
const QUOTATION = /"[^"\n]{8,400}"|\u201c[^\u201d\n]{8,400}\u201d|(?<![\w])'[^'\n]{8,300}'(?![\w])/g;
/** What an order needs to be worth giving: where to, or what of. */
const CONCRETE = /https?:\/\/|\w@\w|~\/|\/etc\/|\.env\b|id_rsa|[\w-]+\.[\w.-]+\/\w/i;

function withoutAttributed(text: string): string {
  return text.replace(QUOTATION, (quotation, at: number) =>
    !CONCRETE.test(quotation) && ATTRIBUTED.test(text.slice(Math.max(0, at - 60), at)) ? " \u2026 " : quotation,
  );
}

/** So many different words of the trade: what is quoted is an example, */
const QUOTES = 2;
/** and so many make the rest a report of one. */
const REPORTS = 3;

/** How many different words of the trade a text has. */
export function termsIn(text: string): number {
  return new Set(text.match(TERMS)?.map((term) => term.toLowerCase())).size;
}

/** The text without what it only shows, as the terms of the whole that it is of tell; `isReport` when the rest is about attacks, too. */
export function withoutSpecimens(text: string, terms: number): { readonly text: string; readonly isReport: boolean } {
  return terms < (WHOLLY.test(text) ? 1 : QUOTES)
    ? { text: withoutAttributed(text), isReport: false }
    : { text: text.replace(QUOTED, " ... "), isReport: terms >= REPORTS };
}

/** Nothing but a quotation. */
const WHOLLY = /^\s*["\u201c][^"\u201d]*["\u201d]\s*$/;

const BIDDEN_NOT =
  /\b(?:agents?|assistants?|models?|bots?|tools?|clients?|it|they|we|you)\s(?:must|should|may|shall|can|will|do|does|would)\s?(?:never|not)\b/i;
const HALTS =
  /\b(?:stop|pause|halt|refuse|decline)\b,?\s(?:and|then)\s(?:tell|ask|inform|warn|notify|report|alert|check)\b/i;
const CONTRACT =
  /\b(?:agreements?|clauses?|contracts?|licen[cs]es?|terms (?:of|and)|amendments?|editions?|parties|statute|by-?laws?)\b/i;
const FORBIDDEN: ReadonlySet<string> = new Set(["model-address", "secret-theft", "context-theft", "session-order"]);

const CARE =
  /\b(?:only (?:in|for|inside|within|on|when|if)|use (?:it )?only|recommended only|not recommended|do not (?:use|disable|turn)|never (?:use|disable|turn)|with (?:care|caution)|at your own risk|advice of)\b/i;

const IMPORTED = /\bfrom (?:anthropic|openai)(?:\.\w+)* import\b|@anthropic-ai\/|["'](?:anthropic|openai)["']/;
/** The last step of an installation, told to a person. */
const TO_READER =
  /\b(?:add (?:it|this|the following|the line)?|put|append|export)\b[^.]{0,60}\byour (?:~?\/?\.?\w*(?:rc|profile)\b|path\b|shell|~\/\.\w+)/i;

/** Whether the sentence forbids what the sign speaks of, halts for a person, or is one of a contract. */
export function isCautionary(kind: string, sentence: string, whole: string): boolean {
  if (kind === "guard-weakening") {
    const at = whole.indexOf(sentence);
    return CARE.test(at < 0 ? sentence : whole.slice(at, at + sentence.length + 160));
  }
  if (kind === "model-address" && IMPORTED.test(sentence)) return true;
  if (kind === "persistence") return TO_READER.test(sentence);
  if (kind === "concealment") return HALTS.test(sentence);
  if (kind === "instruction-override")
    return CONTRACT.test(sentence) && !/\b(?:you|your|user|assistant|agent|model)\b/i.test(sentence);
  return FORBIDDEN.has(kind) && BIDDEN_NOT.test(sentence);
}
