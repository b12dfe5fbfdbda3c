// Times as receivers count them. The log writes one form only (RFC 3339, UTC, milliseconds), so that no clock and no calendar of the
// platform is needed.

/** Milliseconds since 1970 of `2026-11-25T14:51:18.553Z`; 0 for what has another form or names no day. */
export function epochMilliseconds(ts: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z$/.exec(ts);
  if (match === null) return 0;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milli = 0] = match.slice(1).map(Number);
  const time = ((daysTo(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
  return time * 1000 + milli;
}

/** Days from 1970-01-01 in the Gregorian calendar, counted with years that begin in March so that the leap day comes last. */
function daysTo(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
