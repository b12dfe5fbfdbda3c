// What the command will see: the workspace, generated files, its own /dev and /proc. Runs in the fence's mount
// namespace, before the command exists; every step ends in success or in `fail`.
#ifndef RINGFENCE_VIEW_H
#define RINGFENCE_VIEW_H

#include "program.h"

// Private /dev (devpts, shm, links; every device node read-only as an inode) on the tmpfs that bubblewrap made.
void make_dev(void);

// The program's steps in order: files, whiteouts, the overlay, covers. Then the staging folder is gone.
void make_view(const struct program *program);

// Nothing can be read at PATH any more, for steps in other files.
void cover(const char *path);

// PATH as overlayfs reads it among its options. Fresh memory.
char *escaped(const char *path);

// A fresh /proc for the calling process's pid namespace: kernel settings read-only, everything that is not on a short
// list covered. Returns an O_PATH descriptor of /proc/sys as it was before it became read-only.
int make_proc(void);

// PATH, a mount, read-only; MORE are flags to add, and what the host locked stays.
void read_only(const char *path, unsigned long more);

// Read-only from now on: the root tmpfs and /dev.
void seal_view(void);

#endif
