// Whether the notes of a log's epochs and its records tell the same story: each epoch ends with its `epoch.close`, which names
// the next key; the note says where that was. The roots in the notes are compared like every other signed root.
import { type Epoch, formatVerifierKey, ownerOf } from "#core/log";
import { incomplete, tampered } from "./finding.ts";
import { type Control, isClosed, type Records } from "./records.ts";

/** Judges notes against records; returns what a reader should know. Throws a finding. */
export function judgeEpochs(
  epochs: readonly Epoch[],
  records: Records,
  options: { readonly sealed: number },
): string[] {
  const closes = records.controls.filter(({ record }) => record.type === "epoch.close");
  for (const epoch of epochs.slice(1)) expectBeginning(epoch, records);
  const unfinished = closes.filter((close) => !isEndOf(close, epochs));
  const [first] = unfinished;
  if (first !== undefined) {
    const epoch = ownerOf(epochs, first.seq + 1);
    const isLast = epoch === epochs.at(-1) && Number(first.record.data["epoch"]) === epoch?.epoch;
    if (!isLast || unfinished.length > 1) throw tampered("epoch", { seq: first.seq, file: "log" });
    if (options.sealed > first.seq + 1 || isClosed(records)) throw incomplete(`epochs/${epoch.epoch + 1}`);
  }
  return epochs
    .filter(({ reopened }) => reopened)
    .map(
      ({ epoch, from, start }) =>
        `epoch ${epoch} was begun by the machine at record ${from} (${start}): its writer had left`,
    );
}

/** The records around the start of an epoch must say what its note says. */
function expectBeginning(epoch: Epoch, records: Records): void {
  const { from, key, reopened } = epoch;
  const fault = { seq: Math.max(0, from - 1), file: `epochs/${epoch.epoch}` };
  if (from > records.at.size) return;
  const opening = records.controls[0]?.record;
  // The key of a session lives and dies with its writer: nobody may go on with one.
  if (reopened && opening?.seq === 0 && opening.type === "session.open") throw tampered("epoch", fault);
  if (reopened) return;
  const close = records.controls.find(({ seq }) => seq === from - 1);
  if (close === undefined || close.record.type !== "epoch.close") throw tampered("epoch", fault);
  const { epoch: number, next } = close.record.data;
  if (number !== epoch.epoch - 1 || next !== formatVerifierKey(key)) throw tampered("epoch", fault);
}

/** A close stands at the end of its epoch, or (its writer died before the next note) somewhere in the last of a writer. */
function isEndOf(close: Control, epochs: readonly Epoch[]): boolean {
  const number = Number(close.record.data["epoch"]);
  const next = epochs[number + 1];
  if (next === undefined || ownerOf(epochs, close.seq + 1)?.epoch !== number) return false;
  return next.reopened || next.from === close.seq + 1;
}
