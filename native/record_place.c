// Looking paths up (record_place.h). Most take one open of the folder through the caller's own /proc links; whatever needs the caller's
// view of /proc (`self`, `fd/N`) or has a link at its end takes the guard's walk.
#define _GNU_SOURCE
#include "record_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard_walk.h"

enum { PREFIX = 32 };

static bool link_text(int at, const char *name, char *to, size_t size) {
  ssize_t n = readlinkat(at, name, to, size - 1);
  if (n >= 0 && (size_t)n >= size - 1) errno = ENAMETOOLONG;
  if (n < 0 || (size_t)n >= size - 1) return false;
  to[n] = 0;
  return true;
}

// The name of DIRFD below /proc: `TID/cwd` or `TID/fd/N`.
static void base_name(const struct caller *caller, int dirfd, char text[PREFIX]) {
  if (dirfd == AT_FDCWD) snprintf(text, PREFIX, "%d/cwd", (int)caller->tid);
  else snprintf(text, PREFIX, "%d/fd/%d", (int)caller->tid, dirfd);
}

static void join(struct seen_place *place, const char *folder, const char *name) {
  size_t length = strlen(folder);
  const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
  snprintf(place->path, sizeof place->path, "%s%s%s", folder, slash, name);
}

// The nearest folder above that has a name: a path of a folder ends at PATH_MAX, folders do not. Beyond so many steps there is none: each
// costs as much as the folder is deep, and an agent could ask for it with every act.
static bool nearest_name(const struct caller *caller, const char *base, char folder[PATH_MAX]) {
  enum { MOST_STEPS = 16 };
  int fd = openat(caller->proc_fd, base, O_PATH | O_DIRECTORY | O_CLOEXEC);
  bool named = false;
  for (int i = 0; i < MOST_STEPS && fd >= 0 && !named; i++) {
    int above = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    close(fd);
    fd = above;
    named = fd >= 0 && fd_path(caller->proc_fd, fd, folder);
  }
  if (fd >= 0) close(fd);
  return named;
}

// As it was written, after the folder that it starts from; `...` is what is too deep to be said.
static void unresolved(const struct caller *caller, int dirfd, const char *path, int error, struct seen_place *place) {
  char base[PREFIX], folder[PATH_MAX];
  place->resolved = false;
  place->error = error;
  place->exists = false;
  base_name(caller, dirfd, base);
  if (path[0] == '/') {
    snprintf(place->path, sizeof place->path, "%s", path);
    return;
  }
  if (link_text(caller->proc_fd, base, folder, sizeof folder)) {
    join(place, folder, path);
    return;
  }
  bool deep = errno == ENAMETOOLONG, named = deep && nearest_name(caller, base, folder);
  snprintf(place->path, sizeof place->path, "%s%s%s", named ? folder : "", deep ? "/.../" : "", path);
}

static void walk_there(const struct caller *from, int dirfd, const char *path, bool follow, struct seen_place *place) {
  struct caller caller;
  struct target target;
  int failure = caller_open(&caller, from->listener, from->proc_fd, from->id, from->tid);
  if (failure == 0) {
    failure = walk(&caller, dirfd, path, follow ? LAST_FOLLOW : LAST_NAME, &target);
    caller_close(&caller);
  }
  if (failure != 0) {
    unresolved(from, dirfd, path, failure, place);
    return;
  }
  bool special = strcmp(target.name, ".") == 0 || strcmp(target.name, "..") == 0 || strcmp(target.name, "/") == 0;
  char folder[PATH_MAX];
  place->error = 0;
  place->resolved = fd_path(from->proc_fd, target.parent < 0 || special ? target.object : target.parent, folder);
  // Too deep to be named, which stands in the way of no act.
  if (!place->resolved) unresolved(from, dirfd, path, 0, place);
  else if (target.parent < 0 || special) snprintf(place->path, sizeof place->path, "%s", folder);
  else join(place, folder, target.name);
  place->exists = target.object >= 0;
  target_close(&target);
}

// The folder and what is in it under NAME. False: only the walk can tell.
static bool quick(const struct caller *caller, const char *folder_name, const char *name, bool follow, struct seen_place *place) {
  char folder[PATH_MAX], unused[2];
  bool absolute = folder_name[0] == '/';
  int fd = openat(absolute ? AT_FDCWD : caller->proc_fd, folder_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  bool known = fd_path(caller->proc_fd, fd, folder);
  ssize_t link = known ? readlinkat(fd, name, unused, sizeof unused) : -1;
  int error = errno;
  close(fd);
  // A folder of /proc is another one for the caller.
  if (!known || strncmp(folder, "/proc", 5) == 0 || (link >= 0 && follow) || (link < 0 && error != EINVAL && error != ENOENT)) return false;
  join(place, folder, name);
  place->resolved = true;
  place->error = 0;
  place->exists = link >= 0 || error == EINVAL;
  return true;
}

void place_look(const struct caller *caller, int dirfd, const char *path, bool follow, struct seen_place *place) {
  char base[PREFIX] = "", folder[PATH_MAX + PREFIX];
  if (path[0] == 0) {
    unresolved(caller, dirfd, path, ENOENT, place);
    return;
  }
  const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
  bool plain = *name != 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
  if (path[0] != '/') base_name(caller, dirfd, base);
  snprintf(folder, sizeof folder, "%s%s%.*s", base, path[0] == '/' ? "" : "/", slash == NULL ? 0 : (int)(slash - path) + 1, path);
  if (plain && quick(caller, folder, name, follow, place)) return;
  walk_there(caller, dirfd, path, follow, place);
}

void place_of_descriptor(const struct caller *caller, int fd, struct seen_place *place) {
  char base[PREFIX];
  base_name(caller, fd, base);
  place->resolved = link_text(caller->proc_fd, base, place->path, PATH_MAX);
  place->exists = place->resolved || errno == ENAMETOOLONG;
  place->error = place->exists ? 0 : errno;
  if (!place->resolved) place->path[0] = 0;
}

void place_of_cwd(const struct caller *caller, char path[PATH_MAX]) {
  char base[PREFIX];
  base_name(caller, AT_FDCWD, base);
  if (link_text(caller->proc_fd, base, path, PATH_MAX)) return;
  bool deep = errno == ENAMETOOLONG && nearest_name(caller, base, path) && strlen(path) + sizeof "/..." <= PATH_MAX;
  if (deep) strcat(path, "/...");
  else path[0] = 0;
}
