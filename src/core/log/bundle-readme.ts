// The page that travels in a bundle, for somebody who has never heard of Ringfence.

/** What the page speaks of. */
export interface BundleFacts {
  readonly origin: string;
  readonly session: string;
  readonly records: number;
  /** Base64. */
  readonly root: string;
  /** SHA-256 of the public key's file, hexadecimal. */
  readonly fingerprint: string;
  readonly closed: boolean;
  /** The machine's ledger speaks of this log, and its word is in the bundle. */
  readonly ledger: boolean;
  /** The vault of private values is in the bundle. */
  readonly vault: boolean;
}

/** The page, in Markdown. */
export function bundleReadme(facts: BundleFacts): string {
  const { origin, session, records, root, fingerprint } = facts;
  const ledgerWord = facts.ledger
    ? `,
   and the machine's own ledger opened${facts.closed ? " and closed" : ""} this session exactly so`
    : "";
  return `# The record of session ${session}

${records} signed records of what an AI coding agent did, in the log \`${origin}\`.
${stateOf(facts)}
Root of the record's tree: \`${root}\`

## Check it

You need Python 3 and \`openssl\`. Nothing of the program that wrote this record is needed, and nothing is sent anywhere.

1. Get the machine's public key, one line of text, **from somebody you trust and not from this bundle**: a file \`machine.vkey\`,
   or at least its fingerprint. The copy in here is only for comparing:

       sha256sum machine.vkey
       ${fingerprint}

   If this is not the fingerprint that you were told, stop: the bundle is of another machine.

2. Read \`verify_log.py\` (it is short on purpose), or use your own copy of it. Then, in this folder (\`-I\`: nothing else from
   here is run):

       python3 -I verify_log.py . /path/to/machine.vkey

   \`OK\` with the size and the root above means: every record stands where it stood, none was changed${ledgerWord}.
   Anything else says what is wrong.

3. \`sha256sum -c SHA256SUMS\` tells whether the bundle arrived whole. It proves nothing about who made it.

## What is in it

| | |
|---|---|
| \`session/log/*.jsonl\` | the records, one JSON object a line; \`prev\` is the hash of the line before |
| \`session/certificate\`, \`authority\`, \`epochs/\` | which keys signed, each vouched for by the one before, back to the machine's |
| \`session/checkpoint\`, \`checkpoints/\` | signed statements: so many records, this root (C2SP tlog-checkpoint) |
| \`session/tile/\` | hashes of the tree (C2SP tlog-tiles); \`session/blobs/\` long values, named by their SHA-256 |
${facts.ledger ? "| `ledger/*.tlog-proof` | the machine's ledger about this session, with proof (C2SP tlog-proof) |\n" : ""}${facts.vault ? "| `session/vault/` | private values in clear text, with their salts |\n" : ""}
Fields that look like \`{"$c": …}\` are private: only a salted hash is on record${facts.vault ? "; the vault opens them" : ", and the values were not handed out"}.

## What it cannot show

That nothing happened that is not in here; and whether the end was cut off by somebody who held the machine and its keys.
Only a memory outside shows that: a checkpoint that somebody kept (a git note, a witness, an e-mail). If you have one, look for its
root at its size in \`session/checkpoints/\`, or ask for \`ringfence log prove --from CHECKPOINT\`.
`;
}

function stateOf({ ledger, closed }: BundleFacts): string {
  if (!ledger) return "Another program keeps this log; the machine's ledger does not speak of it.";
  return closed
    ? "The session was closed."
    : "The session was still open, or was killed: records at its end may not be signed.";
}
