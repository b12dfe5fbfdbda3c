// The walk (tree.h). Folders stay open on the way down as far as descriptors reach, so that a folder that is moved meanwhile leads nowhere else; below
// that the way up is `..`, checked against the folder we came from.
#define _GNU_SOURCE
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper.h"

enum { HELD_MOST = 256 };  // levels whose descriptors are kept

struct level {
  struct stat found;
  char name[256];  // in its parent
  int held;        // its descriptor, or -1
  char **names;
  size_t count, next;
};

struct state {
  const struct walk *walk;
  struct level *levels;
  size_t depth, room;
  int folder;  // of the deepest level
};

bool tree_complaint(const char *what, const char *name) {
  fprintf(stderr, "ringfence-helper: %s `%s`: %s\n", what, name, strerror(errno));
  return false;
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool read_names(struct level *level, int folder, bool sorted) {
  int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = copy < 0 ? NULL : fdopendir(copy);
  if (list == NULL) return false;
  size_t room = 0;
  errno = 0;
  for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (level->count == room) {
      room = room == 0 ? 16 : room * 2;
      level->names = realloc(level->names, room * sizeof *level->names);
      if (level->names == NULL) abort();
    }
    level->names[level->count++] = format("%s", entry->d_name);
  }
  int cause = errno;
  closedir(list);
  if (sorted && level->count > 1) qsort(level->names, level->count, sizeof *level->names, by_bytes);
  return (errno = cause) == 0;
}

// Goes into FOLDER, which is this level's to close.
static bool descend(struct state *s, int folder, const char *name, const struct stat *found) {
  if (s->depth == s->room) {
    s->room = s->room == 0 ? 32 : s->room * 2;
    s->levels = realloc(s->levels, s->room * sizeof *s->levels);
    if (s->levels == NULL) abort();
  }
  int parent = s->depth == 0 ? -1 : s->folder;
  struct level *level = &s->levels[s->depth];
  *level = (struct level){.found = *found, .held = s->depth < HELD_MOST ? folder : -1};
  snprintf(level->name, sizeof level->name, "%s", name);
  struct entry entry = {ENTERED, name, parent, folder, s->depth, *found};
  bool good = s->walk->visit(s->walk->with, &entry);
  s->depth++;
  if (parent >= 0 && s->levels[s->depth - 2].held < 0) close(parent);
  s->folder = folder;
  if (!good) return false;
  return read_names(level, folder, s->walk->sorted) || s->walk->lenient || tree_complaint("cannot list", name);
}

static void forget_level(struct level *level) {
  for (size_t i = 0; i < level->count; i++) free(level->names[i]);
  free(level->names);
}

// The folder above the deepest level; -1 when that is not where we came from any more.
static int folder_above(const struct state *s) {
  const struct level *above = &s->levels[s->depth - 2];
  if (above->held >= 0) return above->held;
  int parent = openat(s->folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat found;
  if (parent >= 0 && fstat(parent, &found) == 0 && found.st_ino == above->found.st_ino && found.st_dev == above->found.st_dev) return parent;
  if (parent >= 0) close(parent);
  errno = EBUSY;
  return -1;
}

static bool ascend(struct state *s) {
  struct level *level = &s->levels[s->depth - 1];
  int parent = s->depth == 1 ? -1 : folder_above(s);
  bool moved = s->depth > 1 && parent < 0;
  if (moved && !s->walk->lenient) return tree_complaint("moved meanwhile:", level->name);
  struct entry entry = {LEFT, level->name, parent, s->folder, s->depth - 1, level->found};
  bool good = moved || s->walk->visit(s->walk->with, &entry);
  close(s->folder);
  forget_level(level);
  s->depth--;
  s->folder = parent;
  // What lies between here and the last folder that is still open cannot be found again.
  while (moved && s->depth > 0 && s->levels[s->depth - 1].held < 0) forget_level(&s->levels[--s->depth]);
  if (moved && s->depth > 0) s->folder = s->levels[s->depth - 1].held;
  return good;
}

// The next name of the deepest level.
static bool step(struct state *s) {
  struct level *level = &s->levels[s->depth - 1];
  char *name = level->names[level->next++];
  struct stat found, opened;
  if (fstatat(s->folder, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return s->walk->lenient || tree_complaint("cannot read", name);
  if (!S_ISDIR(found.st_mode)) {
    struct entry entry = {SINGLE, name, s->folder, -1, s->depth, found};
    return s->walk->visit(s->walk->with, &entry);
  }
  if (found.st_dev != s->levels[0].found.st_dev) return errno = EXDEV, s->walk->lenient || tree_complaint("another file system:", name);
  int folder = openat(s->folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return s->walk->lenient || tree_complaint("cannot open", name);
  if (fstat(folder, &opened) != 0 || opened.st_ino != found.st_ino || opened.st_dev != found.st_dev) {
    close(folder);
    return errno = EBUSY, s->walk->lenient || tree_complaint("moved meanwhile:", name);
  }
  return descend(s, folder, name, &found);
}

bool walk_tree(int top, const struct walk *walk) {
  struct state s = {.walk = walk, .folder = top};
  struct stat found;
  if (fstat(top, &found) != 0) return tree_complaint("cannot read", "the top folder");
  bool good = descend(&s, top, "", &found);
  while (good && s.depth > 0) {
    const struct level *level = &s.levels[s.depth - 1];
    good = level->next < level->count ? step(&s) : ascend(&s);
  }
  // Ended early: this process is about to end too, so nothing is left open for long.
  while (s.depth > 0) forget_level(&s.levels[--s.depth]);
  free(s.levels);
  return good;
}

static bool put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool good = fd >= 0 && write_all(fd, text, strlen(text));
  if (fd >= 0) close(fd);
  return good;
}

void become_owner(void) {
  uid_t uid = geteuid();
  gid_t gid = getegid();
  if (uid == 0 || unshare(CLONE_NEWUSER) != 0) return;
  char *user = format("0 %u 1\n", uid), *group = format("0 %u 1\n", gid);
  if (put("/proc/self/setgroups", "deny")) (void)!put("/proc/self/gid_map", group);
  (void)!put("/proc/self/uid_map", user);
  free(user);
  free(group);
}
