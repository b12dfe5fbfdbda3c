// Somebody else's key in an object (JSON): under a name by which servers know who asks, or of the very kind that the host takes, whatever its name. It
// passes while it is read, and breaks off before the end of such a text.
import { isForeignKin, presentsByName, presentsInObject, type ServedPlace } from "#core/credentials";
import type { Body, Refused } from "./exchange.ts";
import { type ObjectText, ObjectTexts } from "./object-texts.ts";

/** What a body may show. */
export interface ObjectPlace extends ServedPlace {
  /** The policy has the value in bodies there: then names are enough. */
  readonly inBodies: boolean;
}

/** Where a token of the host's own kind is looked for: deeper, a conversation speaks of it. */
const KIN_DEPTH = 4;

/** True for a text that is somebody else's key. */
function isForeignText(text: ObjectText, place: ObjectPlace): boolean {
  const { depth, name, value } = text;
  if (value === "" || depth > KIN_DEPTH || place.placeholders.includes(value)) return false;
  const isNamed = place.inBodies && depth <= 2 && presentsByName(name);
  return isNamed || presentsInObject(text) || isForeignKin(place, value);
}

/** What a guard says no with. */
export interface ObjectRefusals {
  readonly foreign: (name: string) => Refused;
  readonly unread: () => Refused;
}

/** The guard of a body that may be an object: by its first bytes, whatever it says it is. */
export function objectGuard(place: ObjectPlace, { foreign, unread }: ObjectRefusals): Body {
  const texts = new ObjectTexts();
  let held: Buffer = Buffer.alloc(0);
  let begins: Beginning | undefined;

  /** `fresh`: the last bytes of `held`, not looked at so far. */
  const look = (fresh: Buffer): readonly Buffer[] | Refused => {
    let found: ObjectText | undefined;
    const { openFrom } = texts.take(fresh, (text) => {
      if (isForeignText(text, place)) found = text;
      return found !== undefined;
    });
    if (found !== undefined) return foreign(found.name);
    const upTo = openFrom === 0 && held.length > fresh.length ? 0 : held.length - fresh.length + openFrom;
    const passed = held.subarray(0, upTo);
    held = Buffer.from(held.subarray(upTo));
    return passed.length === 0 ? [] : [passed];
  };
  const take = (fresh: Buffer, isEnd: boolean): readonly Buffer[] | Refused => {
    if (begins === undefined) {
      begins = beginningOf(held, isEnd);
      if (begins === "object") return look(held);
    }
    if (begins === "object") return look(fresh);
    if (begins === "wide") return unread();
    if (begins === undefined) return [];
    if (begins === "blank") begins = undefined;
    const passed = held;
    held = Buffer.alloc(0);
    return passed.length === 0 ? [] : [passed];
  };
  return {
    keepsLength: true,
    take: (piece) => {
      held = held.length === 0 ? piece : Buffer.concat([held, piece]);
      return take(piece, false);
    },
    end: () => {
      const made = take(Buffer.alloc(0), true);
      return "reason" in made ? made : [...made, held];
    },
  };
}

/** What a body may be by its first bytes. */
export type Beginning = "object" | "other" | "wide" | "blank";

/** So many blanks are held before it is known what follows. */
const BLANKS_MOST = 4_096;

/** What stands before the object in a message of Socket.IO: its kinds, a namespace, a number. */
const MESSAGE = /^\s*\d{1,8}(?:-?(?:\/[^,{[]{0,200},)?\d{0,8})(?=[{[])/;
const MESSAGE_SO_FAR = /^\s*\d{1,8}(?:-?(?:\/[^,{[]{0,200}(?:,\d{0,8})?)?\d{0,8})$/;

/** `wide`: an object in an encoding of two or four bytes a letter, which some servers find out by themselves. `undefined` while too little is there. */
export function beginningOf(bytes: Buffer, isEnd: boolean): Beginning | undefined {
  const text = bytes.toString("latin1").replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, "");
  if (MESSAGE.test(text)) return "object";
  if (!isEnd && MESSAGE_SO_FAR.test(text)) return undefined;
  const first = text.search(/[^\s\0]/);
  if (first < 0 && bytes.length >= BLANKS_MOST) return blanksOf(text);
  if ((first < 0 || text.length < first + 4) && !isEnd && bytes.length < BLANKS_MOST) return undefined;
  const [mark, before = "", after = ""] = [text[first] ?? "", text[first - 1], text.slice(first + 1, first + 4)];
  if (mark === "/" && /^[/*]/.test(after)) return "object"; // behind a comment
  if (mark !== "{" && mark !== "[") return "other";
  const isWide = /^\0(?:[^\0]\0|\0\0|[^\0]?$)/.test(after) || (before === "\0" && after.startsWith("\0"));
  return isWide ? "wide" : before === "\0" ? "other" : "object";
}

/** Blanks are as good as nothing before an object; a file of noughts is none. */
function blanksOf(text: string): Beginning {
  if (!text.includes("\0")) return "blank";
  return /\s/.test(text) ? "wide" : "other";
}
