// The walk of an upper folder (changes.h). At most two folders are open at a time: the way up is `..`, checked against the
// folder we came from, so depth costs memory and never descriptors.
#define _GNU_SOURCE
#include "changes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "helper.h"

// Longer paths cannot be opened on the host by most programs; such a tree is reported once and held whole.
enum { LONGEST_PATH = 3800 };

struct level {
  dev_t device;
  ino_t inode;       // of this folder
  char **names;      // what is left to do here
  size_t count, next;
  size_t path_length;  // of this folder's path
};

struct walk {
  struct level *levels;
  size_t depth, room;
  char path[LONGEST_PATH + 260];
};

static int complain(const struct walk *walk, const char *what) {
  fprintf(stderr, "ringfence-helper: cannot read the changes below `%s`: %s: %s\n", walk->path, what, strerror(errno));
  return 1;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

// All names of FOLDER, sorted, so that two readings of the same folder are the same list.
static bool read_names(int folder, struct level *level) {
  int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = copy < 0 ? NULL : fdopendir(copy);
  if (list == NULL) return false;
  size_t room = 0;
  errno = 0;
  for (struct dirent *entry; (entry = readdir(list)) != NULL; errno = 0) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (level->count == room) {
      room = room == 0 ? 16 : room * 2;
      level->names = realloc(level->names, room * sizeof *level->names);
      if (level->names == NULL) return false;
    }
    if ((level->names[level->count] = strdup(entry->d_name)) == NULL) return false;
    level->count++;
  }
  bool whole = errno == 0;
  closedir(list);
  if (level->count > 0) qsort(level->names, level->count, sizeof *level->names, by_name);
  return whole;
}

static bool enter(struct walk *walk, int folder) {
  if (walk->depth == walk->room) {
    walk->room = walk->room == 0 ? 64 : walk->room * 2;
    walk->levels = realloc(walk->levels, walk->room * sizeof *walk->levels);
    if (walk->levels == NULL) return false;
  }
  struct stat here;
  if (fstat(folder, &here) != 0) return false;
  struct level *level = &walk->levels[walk->depth];
  *level = (struct level){here.st_dev, here.st_ino, NULL, 0, 0, strlen(walk->path)};
  if (!read_names(folder, level)) return false;
  walk->depth++;
  return true;
}

// The attribute of the entry NAME itself, never of what a link leads to.
static bool has_attribute(int folder, const char *name, const char *attribute, const char *value) {
  char path[64 + 256], found[8];
  snprintf(path, sizeof path, "/proc/self/fd/%d/%s", folder, name);
  ssize_t size = lgetxattr(path, attribute, found, sizeof found);
  if (size < 0) return errno == ERANGE && value == NULL;  // longer than any value we look for
  return value == NULL || ((size_t)size == strlen(value) && memcmp(found, value, size) == 0);
}

static char type_of(int folder, const char *name, const struct stat *entry) {
  switch (entry->st_mode & S_IFMT) {
    case S_IFDIR: return 'd';
    case S_IFLNK: return 'l';
    case S_IFIFO: return 'p';
    case S_IFSOCK: return 's';
    case S_IFBLK: return 'b';
    case S_IFCHR: return entry->st_rdev == makedev(0, 0) ? 'w' : 'c';
    // overlayfs(5), "xattr whiteout": an empty regular file with this attribute.
    default: return entry->st_size == 0 && has_attribute(folder, name, "user.overlay.whiteout", NULL) ? 'w' : 'f';
  }
}

static long long nanoseconds(struct timespec time) { return time.tv_sec * 1000000000LL + time.tv_nsec; }

static bool report(const struct walk *walk, char type, const char *flags, const struct stat *entry, const char *target) {
  return printf("%c%c%s%c%o%c%lld%c%lld%c%lld%c%llu%c%llu%c%s%c%s%c", type, 0, flags, 0, entry->st_mode & 07777, 0,
                (long long)entry->st_size, 0, nanoseconds(entry->st_mtim), 0, nanoseconds(entry->st_ctim), 0,
                (unsigned long long)entry->st_ino, 0, (unsigned long long)entry->st_nlink, 0, walk->path, 0, target, 0) > 0;
}

// An ordinary caller must open up what the agent closed, to read it; what the agent's mode was is kept in this attribute. An agent
// that sets it itself changes only what is reported and applied of its own file, which it could by chmod as well.
static const char CLOSED_MODE[] = "user.ringfence.mode";

static void recall_mode(int folder, const char *name, struct stat *entry) {
  char path[64 + 256], text[8] = "";
  snprintf(path, sizeof path, "/proc/self/fd/%d/%s", folder, name);
  if (geteuid() == 0 || lgetxattr(path, CLOSED_MODE, text, sizeof text - 1) <= 0) return;
  entry->st_mode = (entry->st_mode & S_IFMT) | ((mode_t)strtoul(text, NULL, 8) & 07777);
}

// Gives the owner the bits that reading needs.
static bool open_up(int folder, const char *name, mode_t mode) {
  if (geteuid() == 0) return true;
  mode_t need = S_ISDIR(mode) ? 0700 : S_ISREG(mode) ? 0400 : 0;
  if ((mode & need) == need) return true;
  char path[64 + 256], text[8];
  snprintf(path, sizeof path, "/proc/self/fd/%d/%s", folder, name);
  int length = snprintf(text, sizeof text, "%o", mode & 07777);
  // An attribute can be written only where the file can be.
  return fchmodat(folder, name, (mode & 07777) | need | 0200, 0) == 0 && lsetxattr(path, CLOSED_MODE, text, (size_t)length, 0) == 0;
}

// Reports the entry NAME of FOLDER. *BELOW becomes the opened folder when there is something to walk, else -1.
static int visit(const struct walk *walk, int folder, const char *name, int *below) {
  *below = -1;
  struct stat entry;
  if (fstatat(folder, name, &entry, AT_SYMLINK_NOFOLLOW) != 0) return complain(walk, name);
  char type = type_of(folder, name, &entry), target[4097] = "";
  if (type == 'l') {
    ssize_t length = readlinkat(folder, name, target, sizeof target - 1);
    if (length < 0) return complain(walk, name);
    target[length] = '\0';
  }
  if (type == 'd' || type == 'f') {
    mode_t now = entry.st_mode;
    recall_mode(folder, name, &entry);
    if (!open_up(folder, name, now)) return complain(walk, name);
  }
  bool is_folder = type == 'd', is_opaque = is_folder && has_attribute(folder, name, "user.overlay.opaque", "y");
  bool is_other = (is_folder && has_attribute(folder, name, "user.overlay.redirect", NULL)) ||
                  (type == 'f' && has_attribute(folder, name, "user.overlay.metacopy", NULL));
  if (is_folder && strlen(walk->path) > LONGEST_PATH) type = 'x', is_folder = false;
  if (!report(walk, type, is_other ? "r" : is_opaque ? "o" : "", &entry, target)) return complain(walk, "standard output");
  if (!is_folder) return 0;
  *below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return *below < 0 ? complain(walk, name) : 0;
}

// Closes FOLDER and opens its parent, which must be the folder that we came from. -1 with errno.
static int leave(struct walk *walk, int folder) {
  struct level *done = &walk->levels[--walk->depth];
  free(done->names);
  if (walk->depth == 0) return close(folder), 0;
  int parent = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  close(folder);
  const struct level *level = &walk->levels[walk->depth - 1];
  struct stat above;
  if (parent < 0 || fstat(parent, &above) != 0) return -1;
  if (above.st_dev != level->device || above.st_ino != level->inode) return errno = EBUSY, -1;
  return parent;
}

int run_changes(const char *top) {
  struct walk walk = {0};
  int folder = open(top, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0 || !enter(&walk, folder)) return complain(&walk, top);
  while (walk.depth > 0) {
    struct level *level = &walk.levels[walk.depth - 1];
    walk.path[level->path_length] = '\0';
    if (level->next == level->count) {
      if ((folder = leave(&walk, folder)) < 0) return complain(&walk, "..");
      continue;
    }
    char *name = level->names[level->next++];
    snprintf(walk.path + level->path_length, sizeof walk.path - level->path_length, "%s%s", level->path_length == 0 ? "" : "/", name);
    int below;
    int failed = visit(&walk, folder, name, &below);
    free(name);
    if (failed) return 1;
    if (below >= 0) {
      close(folder);
      folder = below;
      if (!enter(&walk, folder)) return complain(&walk, "folder");
    }
  }
  free(walk.levels);
  walk.path[0] = '\0';
  static const struct stat nothing;
  if (!report(&walk, '.', "", &nothing, "") || fflush(stdout) != 0) return complain(&walk, "standard output");
  return 0;
}
