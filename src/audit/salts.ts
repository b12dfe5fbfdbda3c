// Salts of commitments, drawn from the kernel in stock: one at a time, each would cost a private field more than its hash.
import { randomFillSync } from "node:crypto";
import { SALT_LENGTH } from "#core/log";

const STOCK = 256;

/** Gives 16 random bytes each time, none of them twice. */
export function openSalts(): () => Uint8Array {
  const stock = new Uint8Array(STOCK * SALT_LENGTH);
  let next = stock.length;
  return () => {
    if (next === stock.length) {
      randomFillSync(stock);
      next = 0;
    }
    next += SALT_LENGTH;
    // A copy: the stock is filled anew under whoever keeps his.
    return stock.slice(next - SALT_LENGTH, next);
  };
}
