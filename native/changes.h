// What an overlay's upper folder says, entry by entry, for `sandbox/workspace/upper.ts`.
#ifndef RINGFENCE_CHANGES_H
#define RINGFENCE_CHANGES_H

// Walks PATH (nobody else changes it meanwhile) and writes one record an entry to stdout, parents before children. Ten fields,
// each ended by NUL: TYPE FLAGS MODE SIZE MTIME_NS CTIME_NS INODE LINKS PATH TARGET.
//   TYPE   f file  d folder  l link  p fifo  s socket  c b devices  w whiteout  x not entered (deeper than paths go)
//   FLAGS  o opaque folder  r the entry stands for another one (redirect, metacopy: never asked for, so never believed)
//   MODE   octal; the others decimal; PATH relative, raw bytes; TARGET the link's, raw bytes
// Ends with a record of type `.`: without it the list is cut short. Unless root, it opens what an agent has closed (mode 000);
// the record has the mode as found. Returns 0, or 1 after one line on stderr.
int run_changes(const char *path);

#endif
