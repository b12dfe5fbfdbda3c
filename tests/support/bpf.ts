// A classic BPF interpreter, as far as seccomp filters go: an independent reading of the bytes that the kernel would run.

/** What a filter sees of one call (`struct seccomp_data`). Arguments are 64-bit. */
export interface SeccompData {
  readonly number: number;
  readonly audit: number;
  readonly arguments: readonly bigint[];
}

/** Runs the filter; throws on any instruction, jump or end that the kernel would refuse. */
export function runFilter(filter: Uint8Array, call: SeccompData): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number >>> 0, true);
  data.setUint32(4, call.audit, true);
  call.arguments.forEach((value, at) => {
    data.setBigUint64(16 + 8 * at, BigInt.asUintN(64, value), true);
  });
  const code = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  let accumulator = 0;
  for (let at = 0; at < filter.length / 8; at++) {
    const operation = code.getUint16(at * 8, true);
    const k = code.getUint32(at * 8 + 4, true);
    const jump = (taken: boolean): number => code.getUint8(at * 8 + (taken ? 2 : 3));
    if (operation === 0x20) accumulator = data.getUint32(k, true);
    else if (operation === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (operation === 0x05) at += k;
    else if (operation === 0x15) at += jump(accumulator === k);
    else if (operation === 0x35) at += jump(accumulator >= k);
    else if (operation === 0x06) return k;
    else throw new Error(`instruction ${at}: unknown operation ${operation}`);
  }
  throw new Error("the filter ran off its end");
}
