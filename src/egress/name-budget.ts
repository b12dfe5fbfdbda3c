// A rule like `*.example.com` lets a program choose the name that is looked up outside, and whoever runs that zone's name server reads it: letters
// towards an allowed zone are a way out. So what a program may choose below a wildcard is bounded in length, in how it looks, and in how fast new names
// come. A name that a rule writes out in full is nobody's choice and has no bound.
import { allowing, type EgressPlan, type EgressRule } from "#core/net";

/** Why a name is not looked up. */
export interface NameRefusal {
  readonly reason: "name-too-long" | "name-looks-encoded" | "name-budget";
  readonly hint: string;
}

/** All that a program may choose in one name: longer than the longest that content networks and clouds give, shorter than a message. */
const CHOSEN_MOST = 100;
/** From this length on a label is looked at. */
const ENCODED_FROM = 24;
/** Letters of new names: so many at once, then so many a second; below one wildcard. */
const LETTERS_MOST = 1_500;
const LETTERS_PER_SECOND = 5;
/** Different names below one wildcard that are remembered, and so free; more are not looked up at all. */
const NAMES_MOST = 2_000;

interface Zone {
  readonly known: Set<string>;
  letters: number;
  since: number;
}

/** One session's names below its wildcards. */
export class NameBudget {
  private readonly now: () => number;
  private readonly zones = new Map<string, Zone>();

  constructor(now: () => number) {
    this.now = now;
  }

  /** The refusal, or `undefined`: then the name may be looked up, now and again. */
  spend(
    host: string,
    rule: Pick<EgressRule, "host" | "wildcard">,
    plan: Pick<EgressPlan, "phase" | "server">,
  ): NameRefusal | undefined {
    if (!rule.wildcard) return undefined;
    const zone = this.zoneOf(rule.host);
    if (zone.known.has(host)) return undefined;
    const chosen = host.slice(0, -rule.host.length - 1);
    const written = `if it is meant, a person can allow it by its full name: ${allowing(plan, host)}`;
    if (chosen.length > CHOSEN_MOST) return { reason: "name-too-long", hint: written };
    if (chosen.split(".").some(looksEncoded)) return { reason: "name-looks-encoded", hint: written };
    if (zone.letters < chosen.length || zone.known.size >= NAMES_MOST)
      return { reason: "name-budget", hint: `many new names below one wildcard are a way to write out; ${written}` };
    zone.letters -= chosen.length;
    zone.known.add(host);
    return undefined;
  }

  private zoneOf(name: string): Zone {
    const now = this.now();
    const zone = this.zones.get(name) ?? { known: new Set(), letters: LETTERS_MOST, since: now };
    this.zones.set(name, zone);
    const grown = zone.letters + ((now - zone.since) / 1000) * LETTERS_PER_SECOND;
    zone.letters = Math.min(LETTERS_MOST, grown);
    zone.since = now;
    return zone;
  }
}

/**
 * True for a label like `nbswy3dpeb3w64tmmqqhg33nmu`: a long run in which letters and digits change places again and again, or consonants do not end.
 * Names that people and machines give are cut by hyphens and read like words. What looks like a word and is none still pays by its letters.
 */
export function looksEncoded(label: string): boolean {
  return label
    .split(/[-_]/)
    .some((run) => run.length >= ENCODED_FROM && (changes(run) >= 4 || /[b-df-hj-np-tv-xz]{7}/.test(run)));
}

/** How often a letter follows a digit or a digit a letter. */
function changes(text: string): number {
  return text.match(/(?<=\d)\D|(?<=\D)\d/g)?.length ?? 0;
}
