// Reading the caller. Everything goes through its /proc folder, held open, or is confirmed by caller_waits afterwards.
#define _GNU_SOURCE
#include "guard_caller.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096 };

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

int caller_open(struct caller *caller, int listener, int proc_fd, uint64_t id, pid_t tid) {
  char name[16];
  snprintf(name, sizeof name, "%d", (int)tid);
  *caller = (struct caller){.listener = listener, .id = id, .proc_fd = proc_fd, .tid = tid};
  caller->dir = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (caller->dir < 0) return ESRCH;
  if (caller_waits(caller)) return 0;
  caller_close(caller);
  return ESRCH;
}

void caller_close(struct caller *caller) {
  if (caller->dir >= 0) close(caller->dir);
  caller->dir = -1;
}

bool caller_waits(const struct caller *caller) {
  return ioctl(caller->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &caller->id) == 0;
}

int caller_bytes(const struct caller *caller, uint64_t address, void *to, size_t size) {
  struct iovec local = {to, size}, remote = {(void *)(uintptr_t)address, size};
  ssize_t n = process_vm_readv(caller->tid, &local, 1, &remote, 1, 0);
  return n == (ssize_t)size ? 0 : EFAULT;
}

int caller_string(const struct caller *caller, uint64_t address, char text[PATH_MAX]) {
  // Page by page: the string may end just before memory that is not there.
  size_t head = PAGE - (size_t)(address % PAGE);
  if (head > PATH_MAX) head = PATH_MAX;
  struct iovec local = {text, PATH_MAX};
  struct iovec remote[2] = {{(void *)(uintptr_t)address, head}, {(void *)(uintptr_t)(address + head), PATH_MAX - head}};
  ssize_t n = process_vm_readv(caller->tid, &local, 1, remote, head < PATH_MAX ? 2 : 1, 0);
  if (n <= 0) return EFAULT;
  if (memchr(text, 0, (size_t)n) != NULL) return 0;
  return n == PATH_MAX ? ENAMETOOLONG : EFAULT;
}

int caller_object(const struct caller *caller, int fd) {
  char name[32];
  if (fd < 0) {
    errno = EBADF;
    return -1;
  }
  snprintf(name, sizeof name, "fd/%d", fd);
  int object = openat(caller->dir, name, O_PATH | O_CLOEXEC);
  if (object < 0 && errno != EMFILE && errno != ENFILE) errno = EBADF;
  return object;
}

int caller_base(const struct caller *caller, int dirfd) {
  if (dirfd == AT_FDCWD) return openat(caller->dir, "cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return caller_object(caller, dirfd);
}

// One line of /proc/TID/status: the text after its name. The file is read anew, it is small.
static char *status_line(const struct caller *caller, char *buffer, size_t size, const char *name) {
  int fd = openat(caller->dir, "status", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  ssize_t n = read(fd, buffer, size - 1);
  close(fd);
  if (n <= 0) return NULL;
  buffer[n] = 0;
  char *at = strstr(buffer, name);
  if (at == NULL) return NULL;
  at += strlen(name);
  char *end = strchr(at, '\n');
  if (end == NULL) return NULL;
  *end = 0;
  return at;
}

static long last_number(const char *text) {
  const char *at = strrchr(text, '\t');
  return strtol(at == NULL ? text : at + 1, NULL, 10);
}

long caller_umask(const struct caller *caller) {
  char buffer[4096];
  // The process may have chosen its own Name: but a newline in it is written as `\n`, so no line can be forged.
  const char *text = status_line(caller, buffer, sizeof buffer, "\nUmask:\t");
  return text == NULL ? -1 : strtol(text, NULL, 8);
}

int caller_numbers(const struct caller *caller, long *process, long *thread) {
  char buffer[4096];
  const char *text = status_line(caller, buffer, sizeof buffer, "\nNStgid:");
  if (text == NULL) return ESRCH;
  *process = last_number(text);
  text = status_line(caller, buffer, sizeof buffer, "\nNSpid:");
  if (text == NULL) return ESRCH;
  *thread = last_number(text);
  return 0;
}

int caller_dup(const struct caller *caller, int fd) {
  int pidfd = (int)syscall(SYS_pidfd_open, caller->tid, PIDFD_THREAD);
  if (pidfd < 0) {
    char buffer[4096];
    const char *text = status_line(caller, buffer, sizeof buffer, "\nTgid:\t");
    if (text != NULL) pidfd = (int)syscall(SYS_pidfd_open, (pid_t)strtol(text, NULL, 10), 0);
  }
  if (pidfd < 0) return -1;
  int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
  int cause = errno;
  close(pidfd);
  errno = cause;
  return copy;
}

long caller_terminal(const struct caller *caller) {
  enum { UNIX98_FIRST = 136, UNIX98_LAST = 143, PER_MAJOR = 256 };
  char buffer[1024];
  int fd = openat(caller->dir, "stat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = read(fd, buffer, sizeof buffer - 1);
  close(fd);
  if (n <= 0) return -1;
  buffer[n] = 0;
  const char *after = strrchr(buffer, ')');  // the name in between may hold anything
  int number = 0;
  if (after == NULL || sscanf(after + 1, " %*c %*d %*d %*d %d", &number) != 1 || number == 0) return -1;
  // The kernel's 32-bit form: major in bits 8..19, minor in 0..7 and 20..31.
  unsigned device = (unsigned)number;
  unsigned upper = (device >> 8) & 0xfff, lower = (device & 0xff) | ((device >> 12) & 0xfff00);
  return upper >= UNIX98_FIRST && upper <= UNIX98_LAST ? (long)((upper - UNIX98_FIRST) * PER_MAJOR + lower) : -1;
}
