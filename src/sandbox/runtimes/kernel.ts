// A Linux kernel for virtual machines: the newest one that has the drivers we need, among those that the machine has anyway, or that somebody has put
// where we look. We fetch none.
import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The drivers, each after those that it needs. The names are Debian's, whose cloud kernels have no 9p. */
const DRIVERS = [
  ...["virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci"].map(
    (name) => `drivers/virtio/${name}`,
  ),
  "drivers/char/virtio_console",
  ...["net/9p/9pnet", "net/9p/9pnet_virtio", "fs/netfs/netfs", "fs/fscache/fscache", "fs/9p/9p"],
];

/** A kernel and its drivers, in the order of loading. */
export interface GuestKernel {
  readonly image: string;
  readonly drivers: readonly { readonly name: string; readonly path: string }[];
}

/** Folders with `boot` and `lib/modules` in them, as a package is unpacked: the caller's own first. */
export const KERNEL_PLACES: readonly string[] = [
  join(homedir(), ".local/share/ringfence/kernel"),
  "/usr/local/share/ringfence/kernel",
  "/",
];

/** The first that is whole; the newest of a place by the order of its version's numbers. */
export function findKernel(): GuestKernel | undefined {
  for (const place of KERNEL_PLACES) {
    for (const version of versionsIn(place)) {
      const kernel = kernelOf(place, version);
      if (kernel !== undefined) return kernel;
    }
  }
  return undefined;
}

function versionsIn(place: string): readonly string[] {
  try {
    return readdirSync(join(place, "boot"))
      .filter((name) => name.startsWith("vmlinuz-"))
      .map((name) => name.slice("vmlinuz-".length))
      .sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  } catch {
    return [];
  }
}

function kernelOf(place: string, version: string): GuestKernel | undefined {
  const folder = ["lib/modules", "usr/lib/modules"].map((name) => join(place, name, version));
  for (const modules of folder) {
    try {
      const builtin = new Set(readFileSync(join(modules, "modules.builtin"), "utf8").split("\n"));
      const wanted = DRIVERS.filter((driver) => !builtin.has(`kernel/${driver}.ko`));
      const drivers = wanted.map((driver) => ({
        name: `${driver.split("/").at(-1)}.ko`,
        path: join(modules, `kernel/${driver}.ko`),
      }));
      for (const { path } of drivers) readFileSync(path);
      const image = join(place, "boot", `vmlinuz-${version}`);
      readFileSync(image);
      return { image, drivers };
    } catch {
      // not there, not readable, compressed: the next
    }
  }
  return undefined;
}
