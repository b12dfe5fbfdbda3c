// Tells of every name that comes to stand below a folder: made, renamed, linked, or moved in with a whole folder.
#ifndef RINGFENCE_LOOKOUT_H
#define RINGFENCE_LOOKOUT_H

// Watches the folders below ROOT until standard input ends. Lines on standard output, paths relative and percent-encoded:
//   name PATH     an entry that is no folder came, or was written and closed
//   folder PATH   a folder came; it and those below are watched from now on, and what was in it already is the reader's to look at
//   ready N       every folder is watched; N of them
//   partial       the person's inotify watches are used up: some folders are not watched
//   lost          the kernel dropped events: everything is the reader's to look at again
int run_lookout(const char *root);

#endif
