// Tells of every name that comes to stand below a folder: made, renamed, linked, or moved in with a whole folder.
#ifndef RINGFENCE_LOOKOUT_H
#define RINGFENCE_LOOKOUT_H

// More names than this in the folders that are searched, and the search gives up: ten times the largest repository of the benchmarks.
enum { LOOKOUT_MOST_NAMES = 500000 };

// Watches the folders below ROOT until standard input ends, and says first what of a secret's name is there already (name_filter.h for WORDS).
// Lines on standard output, paths relative and percent-encoded:
//   found PATH       an entry that is no folder and whose name is worth a look
//   repository PATH  a folder that git could take for a repository
//   searched         that was all; outside git's own objects every folder is watched from before it was looked at
//   incomplete       instead of it, and the end: not everything could be looked at
//   ready N          git's objects are watched, too; N folders in all. What came to them before that is the reader's to look for
//   name PATH        an entry that is no folder came, or was written and closed
//   folder PATH      a folder came; it and those below are watched from now on, and what was in it already is the reader's to look at
//   partial          the person's inotify watches are used up: some folders are not watched
//   lost             the kernel dropped events: everything is the reader's to look at again
int run_lookout(const char *root, char **words);

#endif
