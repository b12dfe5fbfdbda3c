// Removing a folder that a hostile program has filled.
#ifndef RINGFENCE_REMOVE_H
#define RINGFENCE_REMOVE_H

// Deletes PATH and everything below it: never follows a link, never leaves the file system, at any depth, also where folders
// have no permission bits. Returns 0, or 1 after one line on stderr. A PATH that is not there is a success.
int run_remove(const char *path);

#endif
