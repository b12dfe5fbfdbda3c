// Times by descriptors (times.h): every folder on the way is opened without following links, the last name is not followed either.
#define _GNU_SOURCE
#include "times.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NS_DIGITS = 20 };

static bool parse_time(const char *text, struct timespec *time) {
  if (strlen(text) > NS_DIGITS) return false;
  char *end;
  errno = 0;
  long long ns = strtoll(text, &end, 10);
  if (errno != 0 || *text == 0 || *end != 0) return false;
  // Before 1970 the seconds are negative and the rest is not.
  long long rest = ns % 1000000000;
  time->tv_nsec = rest < 0 ? rest + 1000000000 : rest;
  time->tv_sec = (ns - time->tv_nsec) / 1000000000;
  return true;
}

static bool set_time(int root, const char *path, struct timespec time) {
  struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
  char copy[8192];
  if (strlen(path) >= sizeof copy) return errno = ENAMETOOLONG, false;
  strcpy(copy, path);
  char *slash = strrchr(copy, '/');
  const char *name = slash == NULL ? path : path + (slash - copy) + 1;
  if (slash != NULL) *slash = 0;
  int folder = slash == NULL ? dup(root) : (int)syscall(SYS_openat2, root, copy, &how, sizeof how);
  if (folder < 0) return false;
  const struct timespec times[2] = {{0, UTIME_OMIT}, time};
  bool fine = *name == 0 ? utimensat(folder, ".", times, 0) == 0
                         : strcmp(name, "..") != 0 && utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW) == 0;
  close(folder);
  return fine;
}

int run_times(const char *top) {
  int root = open(top, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (root < 0) return fprintf(stderr, "ringfence-helper: cannot open `%s`: %s\n", top, strerror(errno)), 1;
  char *part[2] = {NULL, NULL};
  size_t room[2] = {0, 0};
  int failed = 0;
  while (getdelim(&part[0], &room[0], 0, stdin) > 0 && getdelim(&part[1], &room[1], 0, stdin) > 0) {
    struct timespec time;
    if (!parse_time(part[0], &time) || !set_time(root, part[1], time)) failed = 1;
  }
  free(part[0]);
  free(part[1]);
  close(root);
  return failed;
}
