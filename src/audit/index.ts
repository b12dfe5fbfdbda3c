// The door of the audit room: one log a session, the machine's ledger, and the keys.
export { type LogClock, systemClock } from "./clock.ts";
export { machineKey } from "./keys.ts";
export { appendToLedger, type LedgerOptions, ledgerAppend } from "./ledger.ts";
export { LogError } from "./problem.ts";
export { openSessionLog, type SessionLog, type SessionLogOptions } from "./session.ts";
