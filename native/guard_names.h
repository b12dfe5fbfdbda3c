// Which names of a workspace are protected: a pure matcher over path components. No system call, no allocation after names_init.
// A pattern such as `.github/workflows` or `.aider*` matches where its components follow one another at any depth; everything below is protected.
// A part `**` stands for any number of folders, but for those in which git stores (objects, refs, logs).
#ifndef RINGFENCE_GUARD_NAMES_H
#define RINGFENCE_GUARD_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPOT_ACTIVE = 96, PATTERN_PARTS = 12 };

struct pattern {
  char *parts[PATTERN_PARTS];
  size_t count;
};

struct names {
  struct pattern *patterns;
  size_t pattern_count;
  const char *const *except;
  size_t except_count;
};

// What is known about one place of the tree; made by stepping from the root, one component at a time.
struct spot {
  bool outside;    // not below the workspace root: nothing is protected there
  bool covered;    // protected itself, or below something that is
  bool partial;    // a proper prefix of a protected path (`.git`, `tools` of `tools/bazel`): no symbolic link may be here
  bool hidden;     // and one that begins with a dot: nothing but a real folder may be here (a file `.git` redirects git)
  bool excepted;   // below a folder such as node_modules
  uint16_t active_count;
  struct {
    uint16_t pattern, done;
  } active[SPOT_ACTIVE];  // patterns under way, in the order of the list
};

// Copies the patterns, lower case. False when one cannot be used (too long, empty, or only `*`).
bool names_init(struct names *names, const char *const *patterns, size_t count, const char *const *except, size_t except_count);

// The workspace root, and everything outside it.
struct spot names_root(void);
struct spot names_outside(void);

// The child NAME of a place. Letters are compared without case, and spellings that another file system takes for the same name
// count as that name (`.git.`, `git~1`, an invisible character). Too many patterns at once make it covered: closed, not open.
struct spot names_step(const struct names *names, const struct spot *from, const char *name);

// A relative path, component by component. Empty components and `.` are skipped; the path must be canonical (no `..`).
struct spot names_path(const struct names *names, const char *path);

// Adds what OTHER has under way to SPOT: for a place that is also reached through a symbolic link of a protected name.
void names_merge(struct spot *spot, const struct spot *other);

// What is about to happen to a name.
enum deed {
  DEED_FILE,    // a file is created, written, removed, linked or moved here
  DEED_LINK,    // a symbolic link is created, removed or moved here
  DEED_FOLDER,  // a folder is created, removed or moved here (moving also needs names_same, or a walk of the tree)
};

// The rule of the guard, in one place.
bool names_refuse(const struct spot *spot, enum deed deed);

// True when every path below A has the same fate as below B, so that moving a folder between them changes nothing.
bool names_same(const struct spot *a, const struct spot *b);

#endif
