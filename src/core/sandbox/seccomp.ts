// The seccomp filter (DESIGN SAND-4): from the table in `seccomp.json` to the bytes that the kernel takes. Pure.
// An allow-list: what is not named does not exist (ENOSYS); what is known to be dangerous is refused (EPERM), so that a
// program can say why it failed. Every argument that is judged is 32 bits wide in the kernel (int, unsigned, umode_t, and
// clone's flags), which reads only the low half: so does the filter, and bits set in the high half change nothing.
import table from "./seccomp.json" with { type: "json" };

/** The machine whose system calls are meant; node's `process.arch`. */
export type Architecture = "x64" | "arm64";

/** What may differ between fences. */
export interface SeccompOptions {
  readonly architecture: Architecture;
  /** Also refuse set-group-ID, as on files that are the person's at once (`reachesHostFiles`): there the bit would stay. */
  readonly refuseSetGroupId: boolean;
  /** For an engine that runs the agent in a kernel of its own, instead of for an agent. */
  readonly engine?: boolean;
  /** Further calls that are refused, by name. */
  readonly refuse?: readonly string[];
}

/** One test of the low half of an argument: after the mask, is it one of `when`, or none of `unless`? */
interface Test {
  readonly argument: number;
  readonly mask?: number | string;
  readonly when?: readonly number[];
  readonly unless?: readonly number[];
}

/** What makes an allowed call refused after all. `agent`: only an agent's call, an engine has its own. */
interface Condition {
  readonly agent?: boolean;
  readonly calls: readonly string[];
  readonly errno: string;
  readonly tests: readonly Test[];
}

/** A classic BPF instruction, as in `struct sock_filter`. */
interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

const LOAD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const RETURN = 0x06;

const KILL_PROCESS = 0x80000000;
const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;

// Offsets in `struct seccomp_data`; both machines are little-endian, so the low half of an argument comes first.
const NUMBER = 0;
const ARCHITECTURE = 4;
const ARGUMENTS = 16;

const instruction = (code: number, k: number, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k: k >>> 0 });
const returns = (value: number): Instruction => instruction(RETURN, value);
const refuses = (name: string): number => ERRNO | ((table.errno as Readonly<Record<string, number>>)[name] ?? 1);

/** True when the filter lets calls of this machine through at all. */
export function hasSeccompTable(architecture: string): architecture is Architecture {
  return Object.hasOwn(table.architectures, architecture);
}

/** The filter as an array of `struct sock_filter`, ready for seccomp(2). */
export function seccompFilter(options: SeccompOptions): Uint8Array {
  const machine = table.architectures[options.architecture];
  const program = [
    instruction(LOAD, ARCHITECTURE),
    instruction(JUMP_EQUAL, machine.audit, 1, 0),
    returns(KILL_PROCESS), // i386 calls on x86-64 and the like: other numbers, no way to judge them
    instruction(LOAD, NUMBER),
    instruction(JUMP_AT_LEAST, machine.foreign, 0, 1),
    returns(refuses("ENOSYS")), // x32
    ...search(leaves(options)),
  ];
  return encode(program);
}

/** What happens from one call number on, up to the next leaf's. */
interface Leaf {
  readonly from: number;
  readonly code: readonly Instruction[];
}

function leaves(options: SeccompOptions): readonly Leaf[] {
  const numbers: Readonly<Record<string, number>> = table.architectures[options.architecture].numbers;
  const known = new Map<number, readonly Instruction[]>();
  const put = (names: readonly string[], code: (name: string) => readonly Instruction[]): void => {
    for (const name of names) {
      const number = numbers[name];
      if (number !== undefined) known.set(number, code(name));
    }
  };
  for (const group of table.allow) put(group.calls, (name) => [...conditions(name, options), returns(ALLOW)]);
  for (const group of table.refuse) put(group.calls, () => [returns(refuses("EPERM"))]);
  if (options.engine === true) {
    for (const group of table.engine.allow) put(group.calls, (name) => [...conditions(name, options), returns(ALLOW)]);
  }
  put(options.refuse ?? [], () => [returns(refuses("EPERM"))]);
  const absent = [returns(refuses("ENOSYS"))];
  const last = Math.max(...known.keys());
  const all = Array.from({ length: last + 2 }, (_, from): Leaf => ({ from, code: known.get(from) ?? absent }));
  return all.filter((leaf, at) => at === 0 || !sameCode(leaf.code, all[at - 1]?.code ?? []));
}

function sameCode(a: readonly Instruction[], b: readonly Instruction[]): boolean {
  return a.length === b.length && a.every((one, at) => one.code === b[at]?.code && one.k === b[at]?.k);
}

/** A binary search over the leaves: about nine comparisons for any call. The number is in the accumulator. */
function search(list: readonly Leaf[]): readonly Instruction[] {
  const [first] = list;
  if (first === undefined) return [returns(KILL_PROCESS)];
  if (list.length === 1) return first.code;
  const half = list.length >> 1;
  const left = search(list.slice(0, half));
  const right = search(list.slice(half));
  // Conditional jumps reach 255 instructions, plain ones any distance.
  return [instruction(JUMP_AT_LEAST, list[half]?.from ?? 0, 0, 1), instruction(JUMP, left.length), ...left, ...right];
}

/** The checks of one allowed call: each either returns its errno or falls through. */
function conditions(name: string, options: SeccompOptions): readonly Instruction[] {
  const all: readonly Condition[] = table.conditions;
  return [
    ...(options.engine === true ? all.filter(({ agent }) => agent !== true) : all),
    ...(options.engine === true ? table.engine.conditions : []),
  ]
    .filter((condition) => condition.calls.includes(name))
    .flatMap((condition) => refusal(condition.tests, [returns(refuses(condition.errno))], options));
}

/** `then` when every test holds, else past it. */
function refusal(
  tests: readonly Test[],
  then: readonly Instruction[],
  options: SeccompOptions,
): readonly Instruction[] {
  return tests.reduceRight((inside, test) => [...holds(test, inside.length, options), ...inside], then);
}

/** Falls through when the test holds, else jumps over the next `skip` instructions. */
function holds(test: Test, skip: number, options: SeccompOptions): readonly Instruction[] {
  const load = [instruction(LOAD, ARGUMENTS + 8 * test.argument)];
  if (test.mask !== undefined) load.push(instruction(AND, maskValue(test.mask, options)));
  const values = test.when ?? test.unless ?? [];
  // Found: `when` goes on after the last comparison, `unless` skips. Not found: the other way round.
  const compare = values.map((value, at) => {
    const rest = values.length - 1 - at;
    const found = rest + (test.when === undefined ? skip : 0);
    const missed = rest > 0 ? 0 : test.when === undefined ? 0 : skip;
    return instruction(JUMP_EQUAL, value, found, missed);
  });
  return [...load, ...compare];
}

const SET_USER_ID = 0o4000;
const SET_GROUP_ID = 0o2000;

function maskValue(mask: number | string, options: SeccompOptions): number {
  if (typeof mask === "number") return mask;
  return options.refuseSetGroupId ? SET_USER_ID | SET_GROUP_ID : SET_USER_ID;
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach((one, at) => {
    view.setUint16(at * 8, one.code, true);
    view.setUint8(at * 8 + 2, one.jt);
    view.setUint8(at * 8 + 3, one.jf);
    view.setUint32(at * 8 + 4, one.k, true);
  });
  return bytes;
}
