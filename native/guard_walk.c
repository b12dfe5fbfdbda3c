// The walk. Fast way: the whole folder part in one openat2 that refuses links. Slow way, when there are links: step by step.
#define _GNU_SOURCE
#include "guard_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { MOST_LINKS = 40, REST = 2 * PATH_MAX, PROC_ROOT_INODE = 1 };

// Where the walk stands: the folder it is in and what is left to walk.
struct walker {
  const struct caller *caller;
  int at;
  int links;
  char rest[REST];
};

struct fd_name fd_name(int fd) {
  struct fd_name name;
  snprintf(name.text, sizeof name.text, "self/fd/%d", fd);
  return name;
}

bool fd_path(int proc_fd, int fd, char path[PATH_MAX]) {
  ssize_t n = readlinkat(proc_fd, fd_name(fd).text, path, PATH_MAX);
  if (n <= 0 || n >= PATH_MAX) return false;
  path[n] = 0;
  return true;
}

void target_close(struct target *target) {
  if (target->parent >= 0) close(target->parent);
  if (target->object >= 0) close(target->object);
  target->parent = target->object = -1;
}

static void move_to(struct walker *walker, int fd) {
  if (walker->at >= 0) close(walker->at);
  walker->at = fd;
}

static int go_to_root(struct walker *walker) {
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return errno;
  move_to(walker, root);
  return 0;
}

// Puts a link's text in front of what is left.
static int prepend(struct walker *walker, const char *text, const char *rest) {
  size_t length = strlen(text), left = strlen(rest);
  if (length == 0) return ENOENT;
  if (length + 1 + left >= REST) return ENAMETOOLONG;
  memmove(walker->rest + length + (left > 0), rest, left + 1);
  memcpy(walker->rest, text, length);
  if (left > 0) walker->rest[length] = '/';
  else walker->rest[length] = 0;
  return text[0] == '/' ? go_to_root(walker) : 0;
}

// `self` and `thread-self` of a /proc whose pid namespace is the caller's, not ours: there they do not even have a text for us.
static int read_self(const struct walker *walker, const char *name, char text[PATH_MAX], bool *done) {
  bool self = strcmp(name, "self") == 0;
  struct stat folder;
  if (!self && strcmp(name, "thread-self") != 0) return 0;
  if (fstat(walker->at, &folder) != 0) return errno;
  if (folder.st_ino != PROC_ROOT_INODE) return 0;
  long process, thread;
  int failure = caller_numbers(walker->caller, &process, &thread);
  if (failure != 0) return failure;
  if (self) snprintf(text, PATH_MAX, "%ld", process);
  else snprintf(text, PATH_MAX, "%ld/task/%ld", process, thread);
  *done = true;
  return 0;
}

// What a symbolic link means for the caller: a text to walk, or (in /proc) an object that has no path of its own.
static int read_link(const struct walker *walker, int link, const char *name, char text[PATH_MAX], int *object) {
  struct statfs fs;
  *object = -1;
  if (fstatfs(link, &fs) != 0) return errno;
  bool proc = fs.f_type == PROC_SUPER_MAGIC, done = false;
  if (proc) {
    int failure = read_self(walker, name, text, &done);
    if (failure != 0 || done) return failure;
  }
  ssize_t n = readlinkat(link, "", text, PATH_MAX - 1);
  if (n < 0) return errno;
  text[n] = 0;
  if (!proc) return 0;
  struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
  int plain = (int)syscall(SYS_openat2, walker->at, name, &how, sizeof how);
  if (plain >= 0) {
    close(plain);
    return 0;
  }
  if (errno != ELOOP) return 0;  // an ordinary link of /proc whose end is missing: its text is walked like any other
  *object = openat(walker->at, name, O_PATH | O_CLOEXEC);
  return *object < 0 ? errno : 0;
}

// Follows the link FD, called NAME in the current folder, with REST to walk after it.
static int follow_link(struct walker *walker, int fd, const char *name, const char *rest, int *object) {
  char text[PATH_MAX];
  if (++walker->links > MOST_LINKS) return ELOOP;
  int failure = read_link(walker, fd, name, text, object);
  if (failure != 0 || *object >= 0) return failure;
  return prepend(walker, text, rest);
}

// Cuts the first component off `rest`. *last: nothing but slashes comes after it.
static int cut(struct walker *walker, char name[NAME_MAX + 2], const char **rest, bool *last, bool *slash) {
  const char *from = walker->rest + strspn(walker->rest, "/");
  size_t length = strcspn(from, "/");
  if (length > NAME_MAX) return ENAMETOOLONG;
  memcpy(name, from, length);
  name[length] = 0;
  const char *after = from + length;
  *rest = after + strspn(after, "/");
  *last = **rest == 0;
  *slash = *after == '/';
  return 0;
}

// The fast way over everything but the last component. Leaves `rest` as it is when a link is in the way.
static int leap(struct walker *walker) {
  size_t length = strlen(walker->rest);
  while (length > 0 && walker->rest[length - 1] == '/') length--;
  while (length > 0 && walker->rest[length - 1] != '/') length--;
  if (length == 0) return 0;
  char folder[REST];
  memcpy(folder, walker->rest, length);
  folder[length] = 0;
  struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
  const char *relative = folder + strspn(folder, "/");  // the walker stands at the root already for an absolute path
  if (*relative == 0) return 0;
  int fd = (int)syscall(SYS_openat2, walker->at, relative, &how, sizeof how);
  if (fd < 0) return errno == ELOOP || errno == ENOSYS ? 0 : errno;
  move_to(walker, fd);
  memmove(walker->rest, walker->rest + length, strlen(walker->rest + length) + 1);
  return 0;
}

static int finish(struct walker *walker, struct target *target, int object) {
  target->object = object;
  if (object >= 0 && fstat(object, &target->stat) != 0) return errno;
  target->parent = walker->at;
  walker->at = -1;
  return 0;
}

static int steps(struct walker *walker, enum last how, struct target *target) {
  for (;;) {
    const char *rest;
    bool last;
    int failure = cut(walker, target->name, &rest, &last, &target->slash);
    if (failure != 0) return failure;
    if (target->name[0] == 0) {  // the root itself
      strcpy(target->name, "/");
      return finish(walker, target, dup(walker->at));
    }
    int fd = openat(walker->at, target->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT && last ? finish(walker, target, -1) : errno;
    struct stat stat;
    if (fstat(fd, &stat) != 0) failure = errno;
    if (failure == 0 && S_ISLNK(stat.st_mode) && (!last || how == LAST_FOLLOW || (how == LAST_ITSELF && target->slash))) {
      char tail[REST];
      snprintf(tail, sizeof tail, "%s%s", rest, last && target->slash ? "/" : "");
      int object = -1;
      failure = follow_link(walker, fd, target->name, last && target->slash ? "" : tail, &object);
      close(fd);
      if (failure != 0) return failure;
      if (object < 0) {
        if (last && target->slash) strcat(walker->rest, "/");
        continue;
      }
      if (last) {
        move_to(walker, -1);
        return finish(walker, target, object);
      }
      move_to(walker, object);
      memmove(walker->rest, tail, strlen(tail) + 1);
      continue;
    }
    if (failure != 0) {
      close(fd);
      return failure;
    }
    if (last) return finish(walker, target, fd);
    if (!S_ISDIR(stat.st_mode)) {
      close(fd);
      return ENOTDIR;
    }
    move_to(walker, fd);
    memmove(walker->rest, rest, strlen(rest) + 1);
  }
}

int walk(const struct caller *caller, int dirfd, const char *path, enum last last, struct target *target) {
  *target = (struct target){.parent = -1, .object = -1};
  if (path[0] == 0) return ENOENT;
  struct walker walker = {.caller = caller, .at = -1};
  strcpy(walker.rest, path);
  if (path[0] == '/') {
    int failure = go_to_root(&walker);
    if (failure != 0) return failure;
  } else {
    walker.at = caller_base(caller, dirfd);
    if (walker.at < 0) return errno;
  }
  int failure = leap(&walker);
  if (failure == 0) failure = steps(&walker, last, target);
  if (walker.at >= 0) close(walker.at);
  if (failure != 0) target_close(target);
  return failure;
}

int walk_descriptor(const struct caller *caller, int fd, struct target *target) {
  *target = (struct target){.parent = -1, .object = fd == AT_FDCWD ? caller_base(caller, fd) : caller_object(caller, fd)};
  if (target->object < 0) return errno;
  if (fstat(target->object, &target->stat) == 0) return 0;
  int failure = errno;
  target_close(target);
  return failure;
}
