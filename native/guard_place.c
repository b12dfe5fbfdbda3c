// Places of the workspace: canonical paths from descriptors, links that were there before, and looks into folders that move.
#define _GNU_SOURCE
#include "guard_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_ENTRIES = 500000, MOST_DEPTH = 200, MOST_KEPT = 10000 };

// A visit to each entry below a folder, links not followed. The visitor says whether to go into a folder; false ends everything.
struct visit {
  const struct places *places;
  size_t entries;
  bool (*see)(struct visit *visit, int folder, const char *name, unsigned char type, const struct spot *a, const struct spot *b);
  struct places *into;  // for the scan
  bool found;           // for the look before a move
  char path[PATH_MAX];
};

static unsigned char type_of(int folder, const struct dirent *entry) {
  struct stat stat;
  if (entry->d_type != DT_UNKNOWN) return entry->d_type;
  return fstatat(folder, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 ? IFTODT(stat.st_mode) : DT_UNKNOWN;
}

// Both places move down together; a scan needs one of them only.
static bool visit_folder(struct visit *visit, int fd, const struct spot *a, const struct spot *b, int depth) {
  DIR *folder = fdopendir(fd);
  if (folder == NULL) {
    close(fd);
    return false;
  }
  bool fine = depth < MOST_DEPTH;
  size_t length = strlen(visit->path);
  for (struct dirent *entry; fine && (errno = 0, entry = readdir(folder)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    struct spot at = names_step(&visit->places->names, a, entry->d_name);
    struct spot to = names_step(&visit->places->names, b, entry->d_name);
    unsigned char type = type_of(dirfd(folder), entry);
    if (++visit->entries > MOST_ENTRIES) fine = false;
    if (length + strlen(entry->d_name) + 2 >= PATH_MAX) fine = false;
    if (!fine) break;
    sprintf(visit->path + length, "%s%s", length > 0 ? "/" : "", entry->d_name);
    fine = visit->see(visit, dirfd(folder), entry->d_name, type, &at, &to);
    // Nothing can be found below both an exception and no pattern under way.
    bool idle = at.excepted && to.excepted && !at.partial && !to.partial && !at.covered && !to.covered;
    if (fine && type == DT_DIR && !idle) {
      int child = openat(dirfd(folder), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      // A folder that its owner may not read keeps its secret; nobody reads a hook from there either, unless it is moved.
      if (child < 0) fine = visit->into != NULL && (errno == EACCES || errno == ENOENT);
      else fine = visit_folder(visit, child, &at, &to, depth + 1);
    }
    visit->path[length] = 0;
  }
  closedir(folder);
  return fine;
}

static bool keep_alias(struct places *places, const char *path, const struct spot *spot) {
  if (places->alias_count == MOST_KEPT) return false;
  struct alias *grown = realloc(places->aliases, (places->alias_count + 1) * sizeof *grown);
  if (grown == NULL) return false;
  places->aliases = grown;
  grown[places->alias_count] = (struct alias){.path = strdup(path), .spot = *spot};
  return grown[places->alias_count++].path != NULL;
}

static bool keep_inode(struct places *places, const struct stat *stat) {
  if (places->inode_count == MOST_KEPT) return false;
  struct inode *grown = realloc(places->inodes, (places->inode_count + 1) * sizeof *grown);
  if (grown == NULL) return false;
  places->inodes = grown;
  grown[places->inode_count++] = (struct inode){stat->st_dev, stat->st_ino};
  return true;
}

// The path below the root, or NULL when it is elsewhere.
static const char *below(const struct places *places, const char *path) {
  if (strncmp(path, places->root, places->root_length) != 0) return NULL;
  const char *rest = path + places->root_length;
  if (*rest == 0) return rest;
  return *rest == '/' ? rest + 1 : NULL;
}

static bool see_at_start(struct visit *visit, int folder, const char *name, unsigned char type, const struct spot *at, const struct spot *to) {
  (void)to;
  struct stat stat;
  if (!at->covered && !at->partial) return true;
  if (type == DT_LNK) {
    char full[PATH_MAX + PATH_MAX], real[PATH_MAX];
    snprintf(full, sizeof full, "%s/%s", visit->places->root, visit->path);
    // A link that leads nowhere, or out of the workspace, has no second place to watch.
    const char *inside = realpath(full, real) == NULL ? NULL : below(visit->places, real);
    return inside == NULL || keep_alias(visit->into, inside, at);
  }
  if (type == DT_REG && at->covered && fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && stat.st_nlink > 1)
    return keep_inode(visit->into, &stat);
  return true;
}

bool places_scan(struct places *places) {
  places->root_length = strlen(places->root);
  int fd = open(places->root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return false;
  struct visit *visit = calloc(1, sizeof *visit);
  if (visit == NULL) return false;
  *visit = (struct visit){.places = places, .into = places, .see = see_at_start};
  struct spot root = names_root();
  bool fine = visit_folder(visit, fd, &root, &root, 0);
  free(visit);
  if (!fine && errno == 0) errno = E2BIG;
  return fine;
}

static bool is_prefix(const char *prefix, const char *path, const char **rest) {
  size_t length = strlen(prefix);
  if (strncmp(prefix, path, length) != 0) return false;
  if (length > 0 && path[length] != 0 && path[length] != '/') return false;
  *rest = path + length;
  return true;
}

static struct spot spot_below(const struct places *places, const char *path) {
  struct spot spot = names_path(&places->names, path);
  for (size_t i = 0; i < places->alias_count; i++) {
    const char *rest;
    if (!is_prefix(places->aliases[i].path, path, &rest)) continue;
    struct spot other = places->aliases[i].spot;
    char copy[PATH_MAX], *left = copy;
    snprintf(copy, sizeof copy, "%s", rest);
    for (char *part = strsep(&left, "/"); part != NULL; part = strsep(&left, "/"))
      if (*part != 0) other = names_step(&places->names, &other, part);
    names_merge(&spot, &other);
  }
  return spot;
}

struct spot place_of(const struct places *places, const struct target *target, char *path) {
  bool special = strcmp(target->name, ".") == 0 || strcmp(target->name, "..") == 0 || strcmp(target->name, "/") == 0;
  bool by_object = target->parent < 0 || special;
  int fd = by_object ? target->object : target->parent;
  if (fd < 0 || !fd_path(places->proc_fd, fd, path)) {
    // A place without a path that fits: the kernel would not have made it either; refuse rather than guess.
    path[0] = 0;
    struct spot unknown = names_root();
    unknown.covered = true;
    return unknown;
  }
  if (!by_object) {
    size_t length = strlen(path);
    if (length + strlen(target->name) + 2 >= PATH_MAX) {
      struct spot unknown = names_root();
      unknown.covered = true;
      return unknown;
    }
    sprintf(path + length, "%s%s", length > 0 && path[length - 1] == '/' ? "" : "/", target->name);
  }
  const char *inside = below(places, path);
  if (inside == NULL) return names_outside();
  memmove(path, inside, strlen(inside) + 1);
  return spot_below(places, path);
}

bool place_shares_inode(const struct places *places, const struct target *target) {
  if (target->object < 0 || target->stat.st_nlink < 2) return false;
  for (size_t i = 0; i < places->inode_count; i++)
    if (places->inodes[i].number == target->stat.st_ino && places->inodes[i].device == target->stat.st_dev) return true;
  return false;
}

static bool see_before_move(struct visit *visit, int folder, const char *name, unsigned char type, const struct spot *at, const struct spot *to) {
  (void)folder;
  (void)name;
  // `DT_LNK` under way: the link would lead a protected name elsewhere.
  enum deed deed = type == DT_DIR ? DEED_FOLDER : type == DT_LNK ? DEED_LINK : DEED_FILE;
  visit->found = names_refuse(at, deed) || names_refuse(to, deed);
  return !visit->found;
}

bool place_move_refused(const struct places *places, int folder, const struct spot *from, const struct spot *to) {
  if (names_same(from, to)) return false;
  int fd = openat(places->proc_fd, fd_name(folder).text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return true;
  struct visit *visit = calloc(1, sizeof *visit);
  if (visit == NULL) {
    close(fd);
    return true;
  }
  *visit = (struct visit){.places = places, .see = see_before_move};
  bool complete = visit_folder(visit, fd, from, to, 0);
  bool refused = visit->found || !complete;
  free(visit);
  return refused;
}
