// Which file or name a caller's path means: absolute, without symbolic links, as things stand at this moment. A look, not a promise.
#ifndef RINGFENCE_RECORD_PLACE_H
#define RINGFENCE_RECORD_PLACE_H

#include <limits.h>
#include <stdbool.h>

#include "guard_caller.h"

// What a path leads to.
struct seen_place {
  char path[2 * PATH_MAX];  // absolute where it could be resolved, else as near as can be said
  bool resolved;
  int error;    // why not; ENOENT and ENOTDIR are what the kernel would say too
  bool exists;  // something is there, a symbolic link that is not followed included
};

// DIRFD as in openat. FOLLOW: a symbolic link at the end stands for what it says.
void place_look(const struct caller *caller, int dirfd, const char *path, bool follow, struct seen_place *place);

// What a descriptor of the caller stands for.
void place_of_descriptor(const struct caller *caller, int fd, struct seen_place *place);

// The caller's working directory; empty when it cannot be told.
void place_of_cwd(const struct caller *caller, char path[PATH_MAX]);

#endif
