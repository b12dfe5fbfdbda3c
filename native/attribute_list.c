// The list (attribute_list.h).
#define _GNU_SOURCE
#include "attribute_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attributes.h"
#include "helper.h"
#include "tree.h"

struct list {
  char *path;  // of the entry that is looked at
  size_t room;
  size_t *lengths;  // of the path down to each depth
  size_t depths;
};

static void put(void *with, const char *name, const void *value, size_t size) {
  const struct list *list = with;
  printf("%s%c%s%c%zu%c", list->path, 0, name, 0, size, 0);
  fwrite(value, 1, size, stdout);
}

// The path of an entry, from that of the folder it is in.
static void name_entry(struct list *list, const struct entry *entry) {
  if (entry->depth >= list->depths) {
    list->depths = entry->depth + 64;
    list->lengths = realloc(list->lengths, list->depths * sizeof *list->lengths);
    if (list->lengths == NULL) abort();
  }
  size_t from = entry->depth == 0 ? 0 : list->lengths[entry->depth - 1];
  size_t length = strlen(entry->name);
  if (from + length + 2 > list->room) {
    list->room = (from + length + 2) * 2;
    list->path = realloc(list->path, list->room);
    if (list->path == NULL) abort();
  }
  if (from > 0) list->path[from++] = '/';
  memcpy(list->path + from, entry->name, length + 1);
  if (entry->step == ENTERED) list->lengths[entry->depth] = from + length;
}

static bool look(void *with, const struct entry *entry) {
  struct list *list = with;
  if (entry->step == LEFT) return true;
  name_entry(list, entry);
  if (entry->step == ENTERED) return each_attribute(entry->folder, put, list);
  // The kernel keeps such attributes on files and folders alone.
  if (!S_ISREG(entry->found.st_mode)) return true;
  int file = openat(entry->parent, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT || tree_complaint("cannot open", list->path);
  bool good = each_attribute(file, put, list);
  close(file);
  return good;
}

int run_attributes(const char *path) {
  become_owner();
  int top = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  // A link and a socket have none.
  if (top < 0) return errno == ELOOP || errno == ENXIO ? 0 : (tree_complaint("cannot open", path), 1);
  struct stat found;
  if (fstat(top, &found) != 0) return tree_complaint("cannot read", path), 1;
  struct list list = {.path = format("%s", "")};
  list.room = 1;
  if (!S_ISDIR(found.st_mode)) return !S_ISREG(found.st_mode) || (each_attribute(top, put, &list) && fflush(stdout) == 0) ? 0 : 1;
  struct walk walk = {.visit = look, .with = &list, .lenient = true};
  bool good = walk_tree(top, &walk);
  return good && fflush(stdout) == 0 ? 0 : 1;
}
