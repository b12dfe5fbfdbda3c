// How a session whose record cannot be kept may end: with the codes of DESIGN 5 and in words, never with a stack.

/** A supervisor's end that nobody forced. */
export interface SupervisorEnd {
  readonly status: number | null;
  readonly stderr: string;
  /** The command ran. */
  readonly ran: boolean;
  /** The record has its last line. */
  readonly closed: boolean;
}

/** What is wrong with it; undefined when nothing is. */
export function faultlessEnd({ status, stderr, ran, closed }: SupervisorEnd): string | undefined {
  const said = `${status}: ${stderr}`;
  if (/^\s+at .*[(:]\d+:\d+\)?$/m.test(stderr)) return `it ends with a stack, ${said}`;
  switch (status) {
    case 0:
      if (!ran) return `it ends with 0 and ran nothing: ${stderr}`;
      return closed || /record/.test(stderr) ? undefined : `the record has no end and nobody says so: ${stderr}`;
    case 124:
      return /record/.test(stderr) ? undefined : `it is ended without a reason, ${said}`;
    case 125:
      if (ran) return `it could not start and ran, ${said}`;
      return /^ringfence: .+\n(?:.*\n)*hint: .+$/m.test(stderr) ? undefined : `it is refused without words, ${said}`;
    default:
      return `it ends with ${said}`;
  }
}
