// Extended attributes by descriptor (attributes.h).
#define _GNU_SOURCE
#include "attributes.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "helper.h"
#include "tree.h"

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

bool each_attribute(int fd, void (*take)(void *with, const char *name, const void *value, size_t size), void *with) {
  // The kernel's own bounds of a list and of a value.
  static char list[65536], value[65536];
  ssize_t size = flistxattr(fd, list, sizeof list);
  if (size < 0) return errno == ENOTSUP || errno == EOPNOTSUPP || tree_complaint("cannot list attributes of", "a file");
  char **names = need_memory(((size_t)size + 1) * sizeof *names);
  size_t count = 0;
  for (char *at = list; at < list + size; at += strlen(at) + 1) {
    if (strncmp(at, "user.", 5) == 0) names[count++] = at;
  }
  qsort(names, count, sizeof *names, by_bytes);
  bool good = true;
  for (size_t i = 0; good && i < count; i++) {
    ssize_t length = fgetxattr(fd, names[i], value, sizeof value);
    good = length >= 0 || tree_complaint("cannot read attribute", names[i]);
    if (good) take(with, names[i], value, (size_t)length);
  }
  free(names);
  return good;
}

struct target {
  int fd;
  bool good;
};

static void put(void *with, const char *name, const void *value, size_t size) {
  struct target *to = with;
  if (fsetxattr(to->fd, name, value, size, 0) != 0) to->good = tree_complaint("cannot write attribute", name);
}

bool copy_attributes(int from, int to) {
  struct target target = {to, true};
  return each_attribute(from, put, &target) && target.good;
}
