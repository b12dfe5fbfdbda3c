// Time as a value that tests can hand in. Order comes from `seq`; time is only data in a record.

/** Wall clock in milliseconds and a monotonic clock in nanoseconds. */
export interface LogClock {
  readonly wall: () => number;
  readonly mono: () => bigint;
}

/** The machine's clocks. */
export const systemClock: LogClock = { wall: () => Date.now(), mono: () => process.hrtime.bigint() };
