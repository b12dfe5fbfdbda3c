// Credentials that are known by how they look, whoever's they are: a token that nobody told us of, on its way to somebody who did not give it out. The table
// is data; a shape that carries a checksum counts only where that is right, so that the examples of manuals are none.
import shapes from "./token-shapes.json" with { type: "json" };

/** A shape that was found. */
export interface TokenFound {
  /** `GitHub token`. */
  readonly name: string;
  /** The letters themselves: to compare, never to tell. */
  readonly text: string;
}

interface Shape {
  readonly name: string;
  readonly pattern: RegExp;
  readonly issuers: readonly string[];
  readonly hasChecksum: boolean;
}

const SHAPES: readonly Shape[] = shapes.map((shape) => ({
  name: shape.name,
  pattern: new RegExp(shape.pattern, "g"),
  issuers: shape.issuers,
  hasChecksum: "check" in shape,
}));

// One pass says for most texts that there is nothing: every shape begins with one of these.
const ANY =
  /-----BEGIN |\b(?:AKIA|ASIA|gh[pousr]_|github_pat_|npm_|gl[a-z]{2,3}-|xox[abprs]-|sk-|AIza|hv[sbr]\.|[sr]k_live_|pypi-A|hf_|do[opr]_v1_)/;

/** Whether some token of another issuer stands in the text, on its way to `host`. */
export function tokenFor(host: string, text: string): readonly TokenFound[] {
  return found(text, (shape) => !isIssuer(shape, host));
}

/** Tokens of the kinds that `host` gives out, or that look like one of `like`. */
export function tokensOfKin(
  { host, like }: { readonly host: string; readonly like: readonly string[] },
  text: string,
): readonly TokenFound[] {
  return found(text, (shape) => isIssuer(shape, host) || like.some((one) => isWhole(shape, one)));
}

function found(text: string, isMeant: (shape: Shape) => boolean): readonly TokenFound[] {
  if (!ANY.test(text)) return [];
  return SHAPES.filter(isMeant).flatMap(({ name, pattern, hasChecksum }) =>
    [...text.matchAll(pattern)].flatMap(([token]) =>
      hasChecksum && !isCheckRight(token) ? [] : [{ name, text: token }],
    ),
  );
}

function isIssuer({ issuers }: Shape, host: string): boolean {
  return issuers.some((issuer) => host === issuer || host.endsWith(`.${issuer}`));
}

function isWhole({ pattern }: Shape, text: string): boolean {
  return [...text.matchAll(pattern)].some(([token]) => token === text);
}

/** GitHub's and npm's tokens end in six letters of base 62: the CRC-32 of what stands before them. Fine-grained ones have another, unpublished. */
function isCheckRight(token: string): boolean {
  if (token.startsWith("github_pat_")) return true;
  const body = token.slice(token.indexOf("_") + 1, -6);
  let sum = crc32(body);
  let text = "";
  for (let digit = 0; digit < 6; digit += 1) {
    text = BASE62.charAt(sum % 62) + text;
    sum = Math.floor(sum / 62);
  }
  return text === token.slice(-6);
}

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function crc32(text: string): number {
  let sum = 0xffffffff;
  for (let at = 0; at < text.length; at += 1) {
    sum ^= text.charCodeAt(at);
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ ((sum & 1) * 0xedb88320);
  }
  return (sum ^ 0xffffffff) >>> 0;
}
