// The program of one thread: reads the segments that it is told, one after the other (parallel.ts).
import { parentPort, workerData } from "node:worker_threads";
import { readSegment } from "./part.ts";

const { dir, session } = workerData as { readonly dir: string; readonly session: string | undefined };

parentPort?.on("message", (name: string) => {
  const read = readSegment(dir, session, name);
  parentPort?.postMessage(read, read.good ? [read.leaves.buffer] : []);
});
