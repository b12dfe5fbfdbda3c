// The copying half of the walk (copy.h). TO is ours alone, so `..` is the way up there.
#define _GNU_SOURCE
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "attributes.h"
#include "digest.h"
#include "helper.h"
#include "inodes.h"
#include "tree.h"

struct copying {
  int to;      // the folder that is being filled
  int shared;  // beside it, until the end: each file with several names, under its number. A path to its first copy may be too long for link(2)
  struct inodes seen;
  unsigned long long bytes, files, most;
};

static bool set_times(int folder, const char *name, const struct stat *found) {
  const struct timespec times[2] = {found->st_mtim, found->st_mtim};
  return (name == NULL ? futimens(folder, times) : utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW)) == 0;
}

static bool move_bytes(int from, int to, off_t size) {
  static char bytes[1 << 17];
  if (ioctl(to, FICLONE, from) == 0) return true;
  if (ftruncate(to, size) != 0) return false;
  for (off_t at = 0; at < size;) {
    at = lseek(from, at, SEEK_DATA);
    if (at < 0) return errno == ENXIO;  // only a hole is left
    off_t end = lseek(from, at, SEEK_HOLE);
    if (end < 0) return false;
    while (at < end) {
      size_t most = end - at < (off_t)sizeof bytes ? (size_t)(end - at) : sizeof bytes;
      ssize_t n = pread(from, bytes, most, at);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return n == 0 ? (errno = EBUSY, false) : false;  // shorter than it was: somebody writes
      if (pwrite(to, bytes, (size_t)n, at) != n) return false;
      at += n;
    }
  }
  return true;
}

static bool copy_file(struct copying *c, const struct entry *entry) {
  int from = openat(entry->parent, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat opened;
  if (from < 0 || fstat(from, &opened) != 0) return tree_complaint("cannot open", entry->name);
  if (opened.st_ino != entry->found.st_ino || !S_ISREG(opened.st_mode)) return errno = EBUSY, tree_complaint("moved meanwhile:", entry->name);
  int to = openat(c->to, entry->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  bool good = to >= 0 && move_bytes(from, to, opened.st_size) && copy_attributes(from, to) && fchmod(to, KEPT_MODE(opened.st_mode) & 07777) == 0 &&
              set_times(to, NULL, &opened);
  if (!good) tree_complaint("cannot copy", entry->name);
  close(from);
  if (to >= 0) close(to);
  return good;
}

static bool copy_link(const struct copying *c, const struct entry *entry) {
  char target[4097];
  ssize_t n = readlinkat(entry->parent, entry->name, target, sizeof target - 1);
  if (n < 0) return tree_complaint("cannot read", entry->name);
  target[n] = '\0';
  return symlinkat(target, c->to, entry->name) == 0 || tree_complaint("cannot make", entry->name);
}

// Whiteouts are the one device that anybody may make; any other does not belong here.
static bool copy_node(const struct copying *c, const struct entry *entry) {
  mode_t mode = entry->found.st_mode;
  if (S_ISBLK(mode) || (S_ISCHR(mode) && entry->found.st_rdev != makedev(0, 0))) return errno = EPERM, tree_complaint("a device:", entry->name);
  if (mknodat(c->to, entry->name, (mode & S_IFMT) | 0600, 0) != 0) return tree_complaint("cannot make", entry->name);
  return fchmodat(c->to, entry->name, KEPT_MODE(mode) & 07777, 0) == 0 || tree_complaint("cannot make", entry->name);
}

static bool copy_single(struct copying *c, const struct entry *entry) {
  char number[24];
  size_t order = 0;
  bool shared = entry->found.st_nlink > 1, again = shared && inodes_find(&c->seen, &entry->found, &order);
  snprintf(number, sizeof number, "%zu", order);
  if (again) return linkat(c->shared, number, c->to, entry->name, 0) == 0 || tree_complaint("cannot link", entry->name);
  c->bytes += (unsigned long long)entry->found.st_blocks * 512;
  if (c->bytes > c->most) return errno = EFBIG, tree_complaint("larger than a snapshot may be, at", entry->name);
  bool good = S_ISREG(entry->found.st_mode)   ? copy_file(c, entry)
              : S_ISLNK(entry->found.st_mode) ? copy_link(c, entry)
                                              : copy_node(c, entry);
  if (good && !S_ISREG(entry->found.st_mode)) good = set_times(c->to, entry->name, &entry->found) || tree_complaint("cannot date", entry->name);
  if (good && shared) good = linkat(c->to, entry->name, c->shared, number, 0) == 0 || tree_complaint("cannot link", entry->name);
  return good;
}

static bool enter(struct copying *c, const char *name) {
  if (mkdirat(c->to, name, 0700) != 0) return tree_complaint("cannot make", name);
  int folder = openat(c->to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return tree_complaint("cannot open", name);
  close(c->to);
  c->to = folder;
  return true;
}

static bool leave(struct copying *c, const struct entry *entry) {
  if (!copy_attributes(entry->folder, c->to) || fchmod(c->to, KEPT_MODE(entry->found.st_mode) & 07777) != 0 || !set_times(c->to, NULL, &entry->found)) {
    return tree_complaint("cannot finish", entry->name);
  }
  if (entry->depth == 0) return true;
  int above = openat(c->to, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (above < 0) return tree_complaint("cannot go up from", entry->name);
  close(c->to);
  c->to = above;
  return true;
}

static bool copy_entry(void *with, const struct entry *entry) {
  struct copying *c = with;
  if (entry->step == SINGLE) return c->files++, copy_single(c, entry);
  if (entry->step == ENTERED) return c->files++, entry->depth == 0 || enter(c, entry->name);
  return leave(c, entry);
}

static void forget_shared(const struct copying *c, const char *path) {
  for (size_t i = 1; i <= c->seen.count; i++) {
    char number[24];
    snprintf(number, sizeof number, "%zu", i);
    (void)unlinkat(c->shared, number, 0);
  }
  (void)rmdir(path);
}

int run_copy(const char *from, const char *to, const char *most) {
  struct copying c = {.to = -1, .shared = -1, .most = strtoull(most, NULL, 10)};
  char first[65], second[65];
  become_owner();
  int top = open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (top < 0) return tree_complaint("cannot open", from), 1;
  if (mkdir(to, 0700) != 0 || (c.to = open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0) return tree_complaint("cannot make", to), 1;
  char *shared = format("%s.shared", to);
  if (mkdir(shared, 0700) != 0 || (c.shared = open(shared, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0) {
    return tree_complaint("cannot make", shared), 1;
  }
  struct walk walk = {.visit = copy_entry, .with = &c};
  bool whole = walk_tree(top, &walk);
  forget_shared(&c, shared);
  if (!whole) return 1;
  if (syncfs(c.to) != 0) return tree_complaint("cannot sync", to), 1;
  if (!digest_tree(from, first) || !digest_tree(to, second)) return 1;
  if (strcmp(first, second) != 0) return errno = EIO, tree_complaint("the copy differs from", from), 1;
  printf("%s %llu %llu\n", second, c.bytes, c.files);
  return 0;
}
