// Modification times given back to the nanosecond, for `sandbox/workspace/undo.ts`.
#ifndef RINGFENCE_TIMES_H
#define RINGFENCE_TIMES_H

// Reads pairs from stdin, each part ended by NUL: NANOSECONDS since 1970, PATH relative to ROOT (empty: ROOT itself). Sets each one's
// modification time without following any link. Returns 0, or 1 when one could not be set (the rest are).
int run_times(const char *root);

#endif
