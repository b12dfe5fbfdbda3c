// What takes secrets out of a record before it is framed (AUD-4). The monitor hands it to the record's door; it knows the secrets, the log does not.
import type { RecordBody } from "./record.ts";

/** The record without them; the same object where there is nothing to take out. It stops wherever it can. Pure. */
export type Redact = (body: RecordBody) => Generator<void, RecordBody>;
