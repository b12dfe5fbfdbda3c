// One line of facts and then the content of each entry, in the order of the names' bytes (digest.h).
#define _GNU_SOURCE
#include "digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attributes.h"
#include "inodes.h"
#include "sha256.h"
#include "tree.h"

struct reading {
  struct sha256 sum;
  struct inodes seen;
};

static void add_attribute(void *with, const char *name, const void *value, size_t size) {
  struct reading *r = with;
  char head[320];
  int length = snprintf(head, sizeof head, "x%s=%zu:", name, size);
  sha256_add(&r->sum, head, (size_t)length);
  sha256_add(&r->sum, value, size);
}

static bool is_zero(const char *bytes, size_t size) { return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0); }

// In pieces of 64 KiB. One of nothing but zeros is a mark, whether it takes room on the disk or not: a hole is not read, and counts as what it reads as.
static bool add_bytes(struct reading *r, int fd, off_t size) {
  static char bytes[1 << 16];
  const off_t piece = sizeof bytes;
  for (off_t at = 0; at < size; at += piece) {
    off_t data = lseek(fd, at, SEEK_DATA), next = data < 0 ? size : data - data % piece;
    for (; at < next; at += piece) sha256_add(&r->sum, "z", 1);
    if (at >= size) return true;
    ssize_t n = pread(fd, bytes, sizeof bytes, at);
    if (n < 0) return false;
    bool zero = is_zero(bytes, (size_t)n);
    sha256_add(&r->sum, zero ? "z" : "d", 1);
    if (!zero) sha256_add(&r->sum, bytes, (size_t)n);
  }
  return true;
}

static bool add_content(struct reading *r, int parent, const char *name, off_t size) {
  int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return tree_complaint("cannot open", name);
  bool good = each_attribute(fd, add_attribute, r);
  if (good && !add_bytes(r, fd, size)) good = tree_complaint("cannot read", name);
  close(fd);
  return good;
}

static bool add_link(struct reading *r, int parent, const char *name) {
  char target[4097];
  ssize_t n = readlinkat(parent, name, target, sizeof target);
  if (n < 0) return tree_complaint("cannot read", name);
  sha256_add(&r->sum, target, (size_t)n);
  return true;
}

static bool add(void *with, const struct entry *entry) {
  struct reading *r = with;
  const struct stat *found = &entry->found;
  if (entry->step == LEFT) return true;
  size_t order = 0;
  // Every one is counted: how many names a file has outside of this tree is not the tree's.
  bool folder = S_ISDIR(found->st_mode), again = !folder && inodes_find(&r->seen, found, &order);
  char head[400];
  int length = snprintf(head, sizeof head, "%zu %o %llu %lld.%09ld %zu %zu:", entry->depth, KEPT_MODE(found->st_mode),
                        (unsigned long long)(S_ISREG(found->st_mode) ? found->st_size : 0), (long long)found->st_mtim.tv_sec,
                        found->st_mtim.tv_nsec, again ? order : 0, strlen(entry->name));
  sha256_add(&r->sum, head, (size_t)length);
  sha256_add(&r->sum, entry->name, strlen(entry->name) + 1);
  if (again) return true;
  if (folder) return each_attribute(entry->folder, add_attribute, r);
  if (S_ISREG(found->st_mode)) return add_content(r, entry->parent, entry->name, found->st_size);
  return !S_ISLNK(found->st_mode) || add_link(r, entry->parent, entry->name);
}

bool digest_tree(const char *path, char hex[65]) {
  struct reading reading = {0};
  int top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (top < 0) return tree_complaint("cannot open", path);
  sha256_start(&reading.sum);
  struct walk walk = {.visit = add, .with = &reading, .sorted = true};
  bool good = walk_tree(top, &walk);
  sha256_end(&reading.sum, hex);
  free(reading.seen.places);
  return good;
}
