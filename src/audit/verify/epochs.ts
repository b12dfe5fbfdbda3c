// Whether the notes of a log's epochs and its records tell the same story: each epoch ends with its `epoch.close`, which names
// the next key; the note says where that was. The roots in the notes are compared like every other signed root.
import { type Epoch, formatVerifierKey, isEpochEnd, reopenedNotes } from "#core/log";
import { incomplete, tampered } from "./finding.ts";
import { type Control, isClosed, type Records } from "./records.ts";

/** Judges notes against records; `sealed` records are signed. Returns what a reader should know. Throws a finding. */
export function judgeEpochs(epochs: readonly Epoch[], records: Records, sealed: number): string[] {
  for (const [index, epoch] of epochs.entries()) {
    const next = epochs[index + 1];
    const closes = records.controls.filter(
      ({ seq, record }) =>
        record.type === "epoch.close" && seq >= epoch.from && (next === undefined || seq < next.from),
    );
    expectOpening(epoch, records);
    if (next !== undefined && !next.reopened) expectClose(epoch, { next, closes, records });
    else expectCutOff(epoch, { closes, sealed: next !== undefined ? 0 : isClosed(records) ? records.at.size : sealed });
  }
  expectNoOther(epochs, records);
  expectEnds(epochs, records);
  return reopenedNotes(epochs);
}

/** Nobody says that an epoch began where no note has one begin. Record 0 names the key of the certificate, and is compared with that. */
function expectNoOther(epochs: readonly Epoch[], { controls }: Records): void {
  const other = controls.find(
    ({ seq, record }) => record.type === "epoch.open" && seq > 0 && !epochs.some(({ from }) => from === seq),
  );
  if (other !== undefined) throw tampered("epoch", { seq: other.seq, file: "log" });
}

/** Behind the last record of a writer that was done stands nothing but an epoch that the authority began. */
function expectEnds(epochs: readonly Epoch[], { controls, at }: Records): void {
  const goesOn = (size: number): boolean => epochs.some(({ from, reopened }) => reopened && from === size);
  const end = controls.find(({ seq, record }) => isEpochEnd(record) && seq + 1 < at.size && !goesOn(seq + 1));
  if (end !== undefined) throw tampered("trailing", { seq: end.seq + 1, file: "log" });
}

/** Where the next epoch goes on from this one: one close, the last record that this one owns, names the key in the note. */
function expectClose(
  epoch: Epoch,
  found: { readonly next: Epoch; readonly closes: readonly Control[]; readonly records: Records },
): void {
  const { next, closes, records } = found;
  if (next.from > records.at.size) return;
  const [close, another] = closes;
  const data = close?.record.data;
  const agrees =
    close?.seq === next.from - 1 && data?.["epoch"] === epoch.epoch && data["next"] === formatVerifierKey(next.key);
  if (agrees && another === undefined) return;
  const seq = close !== undefined && close.seq < next.from - 1 ? close.seq : next.from - 1;
  throw tampered("epoch", { seq, file: `epochs/${next.epoch}` });
}

/** In the last epoch of a writer its ends stand without a note when it was cut off before it could sign them. */
function expectCutOff(epoch: Epoch, found: { readonly closes: readonly Control[]; readonly sealed: number }): void {
  const { closes, sealed } = found;
  for (const [index, { seq, record }] of closes.entries())
    if (record.data["epoch"] !== epoch.epoch + index) throw tampered("epoch", { seq, file: "log" });
  const [first] = closes;
  if (first !== undefined && sealed > first.seq + 1) throw incomplete(`epochs/${epoch.epoch + 1}`);
}

/** An epoch that the authority began has a record that says so, and no other has. */
function expectOpening({ epoch, from, key, reopened }: Epoch, records: Records): void {
  const file = `epochs/${epoch}`;
  const opening = records.controls.find(({ seq }) => seq === from)?.record;
  const opens =
    opening?.type === "epoch.open" && opening.data["epoch"] === epoch && opening.data["key"] === formatVerifierKey(key);
  if (!reopened) {
    // A log that another program keeps begins so: with the key of its certificate, which is compared with that.
    if (opening?.type === "epoch.open" && from > 0) throw tampered("epoch", { seq: from, file });
    return;
  }
  // The key of a session lives and dies with its writer: nobody may go on with one.
  const genesis = records.controls[0];
  if (genesis?.seq === 0 && genesis.record.type === "session.open") throw tampered("epoch", { seq: from, file });
  if (!opens && records.at.size > from) throw tampered("epoch", { seq: from, file });
}
