// Addresses that mean something inside a fence alone (native/names.h): each stands for a name, or is the fence's own. Pure.
import { isInside } from "./address.ts";

const BLOCKS = ["198.18.0.0/15", "fd52:696e:6766::/64"] as const;

/** True for one of them. Who connects there is turned to the proxy, whose records say what came of it, and by which name. */
export function isFenceAddress(address: string): boolean {
  return BLOCKS.some((block) => isInside(address, block));
}
