// Path resolution as the kernel does it for the caller, but with every step held by a descriptor of ours: what was checked is
// what is used. Links of /proc that only the opener can follow (`self`, `fd/N`, `cwd`) are followed for the caller.
#ifndef RINGFENCE_GUARD_WALK_H
#define RINGFENCE_GUARD_WALK_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "guard_caller.h"

struct target {
  int parent;               // O_PATH of the folder that holds the last component; -1 when the object has no name (pipe, `fd/N`)
  char name[NAME_MAX + 2];  // the last component; `.`, `..` and `/` are possible
  bool slash;               // the path ended in a slash: only a folder will do
  int object;               // O_PATH of what is there, or -1: nothing is
  struct stat stat;         // of the object
};

// What happens to a symbolic link at the end of a path.
enum last {
  LAST_NAME,    // it is the name itself that is made, moved or removed: never followed
  LAST_ITSELF,  // followed only when a slash comes after it
  LAST_FOLLOW,
};

// Resolves PATH from DIRFD. Returns 0 or the errno that the call would have given;
// a missing last component is not an error here. On 0 the target must be closed.
int walk(const struct caller *caller, int dirfd, const char *path, enum last last, struct target *target);

// The object of a descriptor itself, as for AT_EMPTY_PATH.
int walk_descriptor(const struct caller *caller, int fd, struct target *target);

void target_close(struct target *target);

// `self/fd/N` below proc_fd: the one name by which every call can be made on an O_PATH descriptor.
struct fd_name { char text[32]; };
struct fd_name fd_name(int fd);

// The canonical path of what a descriptor stands for. False when it does not fit.
bool fd_path(int proc_fd, int fd, char path[PATH_MAX]);

#endif
