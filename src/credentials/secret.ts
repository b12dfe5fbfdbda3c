// A real secret in the supervisor's memory, and nowhere else. Its bytes are overwritten when it is done with; texts that were made of it for a header
// are the engine's and go with its garbage: docs/credentials.md says so.

/** What one secret is made of: `value` alone, or the parts of an AWS key. */
export type SecretPart = "value" | "accessKeyId" | "secretAccessKey" | "sessionToken";

/** One secret. Printing it, or turning it into JSON or text, shows nothing. */
export class Secret {
  readonly #parts: Map<SecretPart, Buffer>;
  /** When it stops working, in milliseconds since 1970; `undefined` for one without an end. */
  readonly expiresAt: number | undefined;

  constructor(parts: Readonly<Partial<Record<SecretPart, string>>>, expiresAt?: number) {
    this.#parts = new Map(
      Object.entries(parts).map(([name, text]) => [name as SecretPart, Buffer.from(text, "utf8")] as const),
    );
    this.expiresAt = expiresAt;
  }

  /** The parts there are. */
  get parts(): readonly SecretPart[] {
    return [...this.#parts.keys()];
  }

  /** A part's text; empty after `wipe` and where there is none. */
  reveal(part: SecretPart = "value"): string {
    return this.#parts.get(part)?.toString("utf8") ?? "";
  }

  /** Every part's bytes. */
  bytes(): readonly Buffer[] {
    return [...this.#parts.values()];
  }

  /** Overwrites it. */
  wipe(): void {
    for (const part of this.#parts.values()) part.fill(0);
    this.#parts.clear();
  }

  toJSON(): string {
    return "[secret]";
  }

  toString(): string {
    return "[secret]";
  }
}
