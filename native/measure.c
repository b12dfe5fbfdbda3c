// Measuring a tree in use (measure.h).
#define _GNU_SOURCE
#include "measure.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "inodes.h"
#include "tree.h"

struct sum {
  unsigned long long bytes, files, bytes_most, files_most;
  struct inodes seen;
};

static bool add(void *with, const struct entry *entry) {
  struct sum *sum = with;
  if (entry->step == LEFT) return true;
  const struct stat *found = &entry->found;
  size_t unused;
  if (entry->step == SINGLE && found->st_nlink > 1 && inodes_find(&sum->seen, found, &unused)) return true;
  sum->files++;
  sum->bytes += (unsigned long long)found->st_blocks * 512;
  return sum->bytes <= sum->bytes_most && sum->files <= sum->files_most;
}

int run_measure(char **arguments) {
  static struct sum sum;
  sum.bytes_most = strtoull(arguments[0], NULL, 10);
  sum.files_most = strtoull(arguments[1], NULL, 10);
  become_owner();
  for (char **path = arguments + 2; *path != NULL; path++) {
    int top = open(*path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct walk walk = {.visit = add, .with = &sum, .lenient = true};
    if (top >= 0 && !walk_tree(top, &walk)) break;
  }
  printf("%llu %llu\n", sum.bytes, sum.files);
  return 0;
}
