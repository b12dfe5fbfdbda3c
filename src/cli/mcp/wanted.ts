// What a person is shown of a server that waits, and what of it they approve by saying yes: exactly that (I14).
import {
  type Change,
  changeLines,
  diffThings,
  type Finding,
  type FoundPin,
  findingKey,
  type OtherServer,
  otherServerWords,
  type Pending,
  pinDigest,
  pinKey,
  pinsOf,
  type ServerLock,
  targetText,
} from "#core/mcp";
import { exactText } from "#core/text";
import { sha256 } from "#mcp";

/** One held thing: as it is now, and as it was approved. */
export interface Wanted {
  readonly key: string;
  readonly pin: FoundPin | undefined;
  readonly change: Change;
  readonly findings: readonly Finding[];
}

/** Everything that differs from what is approved, and everything with findings that nobody accepted. */
export function wantedOf({ description, findings }: Pending, approved: ServerLock | undefined): readonly Wanted[] {
  const pins = pinsOf(description);
  const within = (pin: FoundPin): readonly Finding[] =>
    findings.filter(({ at }) => at === pin.at || at.startsWith(`${pin.at}/`));
  const changed = diffThings(approved?.pins ?? [], pins).map((change): Wanted => {
    const pin = pins.find((one) => pinKey(one) === pinKey(change));
    return {
      key: pinKey(change),
      pin: change.change === "removed" ? undefined : pin,
      change,
      findings: pin === undefined ? [] : within(pin),
    };
  });
  const known = new Set(changed.map(({ key }) => key));
  const flagged = pins.filter((pin) => {
    const accepted = new Set(approved?.accepted.get(pinKey(pin)) ?? []);
    return (
      !known.has(pinKey(pin)) &&
      within(pin).some((one) => one.severity === "hard" && !accepted.has(findingKey(one, pin.at)))
    );
  });
  return [
    // Of two definitions with one name nobody knows which is called: there is nothing to approve.
    ...changed.filter(({ change }) => change.change !== "duplicate"),
    ...flagged.map(
      (pin): Wanted => ({
        key: pinKey(pin),
        pin,
        change: { kind: pin.kind, name: pin.name, change: "changed", fields: [] },
        findings: within(pin),
      }),
    ),
  ];
}

/** The lines of it. Safe to print. */
export function shownLines(
  { server, target, workspace }: Pending,
  wanted: readonly Wanted[],
  { other, same }: { readonly other: OtherServer | undefined; readonly same: number },
): readonly string[] {
  const changes = changeLines({ changes: wanted.map(({ change }) => change), information: [] }).map(({ text }) => text);
  const findings = wanted.flatMap(({ change, findings: found }) =>
    found.map(
      (one) =>
        `${one.severity} finding in ${exactText(change.name)}: ${exactText(one.kind)} at ${exactText(one.at)}: ${exactText(one.excerpt)}`,
    ),
  );
  const digests = wanted.flatMap(({ pin, change }) =>
    pin === undefined ? [] : [`sha256 ${pinDigest(sha256, pin)} ${exactText(`${change.kind} ${change.name}`)}`],
  );
  return [
    `MCP server ${exactText(server)}: ${exactText(targetText(target))}`,
    ...(other === undefined ? [] : [`it ${exactText(otherServerWords(other))}`]),
    ...(other?.known ?? []).slice(1).map((one) => `also approved by that name: ${exactText(targetText(one))}`),
    `in ${exactText(workspace)}`,
    ...(same > 0 ? [`${same} word for word as approved of the one before`] : []),
    ...changes,
    ...findings,
    ...digests,
  ];
}
