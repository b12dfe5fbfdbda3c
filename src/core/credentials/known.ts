// Credentials that need no description: who issues them, in which variable people keep them, and in which header they belong. Data, with sources
// in docs/credentials.md. One is used only where the person names it, or runs the agent whose model key it is and has it in their environment.
import known from "./known.json" with { type: "json" };

/** One of them. */
export interface KnownCredential {
  /** Names it is kept under; the first that the caller has set counts. */
  readonly env: readonly string[];
  readonly hosts: readonly string[];
  readonly headers: readonly string[];
  readonly query?: readonly string[];
  /** git is answered it unless the policy says otherwise. */
  readonly git?: boolean;
}

const KNOWN: ReadonlyMap<string, KnownCredential> = new Map(Object.entries<KnownCredential>(known));

/** Their names, sorted as the table has them. */
export const knownCredentials: readonly string[] = [...KNOWN.keys()];

/** The name of the one that is kept under a variable. */
export function knownCredentialOf(variable: string): string | undefined {
  return knownCredentials.find((name) => KNOWN.get(name)?.env.includes(variable));
}

/** One of them by name. */
export function knownCredential(name: string): KnownCredential | undefined {
  return KNOWN.get(name);
}
