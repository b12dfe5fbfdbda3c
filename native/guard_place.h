// Where in the workspace a target stands, and what that place forbids: names (guard_names.h), and what the workspace held already
// when the session began: symbolic links at protected names, and second names (hard links) of protected files.
#ifndef RINGFENCE_GUARD_PLACE_H
#define RINGFENCE_GUARD_PLACE_H

#include <limits.h>
#include <stdbool.h>

#include "guard_names.h"
#include "guard_walk.h"

struct places {
  int proc_fd;
  const char *root;  // absolute, canonical
  size_t root_length;
  struct names names;
  struct alias *aliases;  // places that a protected name leads to by a symbolic link
  size_t alias_count;
  struct inode {
    dev_t device;
    ino_t number;
  } *inodes;  // protected files with more than one name
  size_t inode_count;
};

struct alias {
  char *path;  // relative to the root
  struct spot spot;
};

// Reads the workspace once. False with errno when it cannot: then the guard must not start.
bool places_scan(struct places *places);

// The place of a target; `path` (PATH_MAX bytes) gets it as text for the record, relative to the root where it is below it.
struct spot place_of(const struct places *places, const struct target *target, char *path);

// True for a protected file that is reached by a name that is not protected.
bool place_shares_inode(const struct places *places, const struct target *target);

// Whether moving the folder FOLDER from one place to another would take something protected away or bring it along.
// A tree too large or too deep to look at counts as yes.
bool place_move_refused(const struct places *places, int folder, const struct spot *from, const struct spot *to);

#endif
