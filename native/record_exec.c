// A program that is about to run: the file, for a script its interpreter, and the arguments. A name that leads to no executable file is a
// probe (a shell trying its PATH): it gets here the answer that the kernel would give, so that no file can appear between look and call.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guard_walk.h"
#include "record_look.h"

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000  // Linux 6.14
#endif

enum { HEAD_BYTES = 256, MOST_SCRIPTS = 5, POINTERS = 64, PAGE = 4096 };

// The words after `#!`; false when it is no script.
static bool interpreter_of(const struct caller *caller, int file, char interpreter[HEAD_BYTES]) {
  char head[HEAD_BYTES + 1];
  int fd = openat(caller->proc_fd, fd_name(file).text, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : pread(fd, head, HEAD_BYTES, 0);
  if (fd >= 0) close(fd);
  if (n < 3 || head[0] != '#' || head[1] != '!') return false;
  head[n] = 0;
  const char *from = head + 2 + strspn(head + 2, " \t");
  size_t length = strcspn(from, " \t\n");
  if (length == 0 || length >= HEAD_BYTES) return false;
  memcpy(interpreter, from, length);
  interpreter[length] = 0;
  return true;
}

// The file of a path, held. -1 with errno.
static int open_file(const struct caller *caller, int dirfd, const char *path, bool follow) {
  struct target target;
  int failure = walk(caller, dirfd, path, follow ? LAST_FOLLOW : LAST_ITSELF, &target);
  if (failure == 0 && target.object < 0) failure = ENOENT;
  if (failure == 0 && target.slash && !S_ISDIR(target.stat.st_mode)) failure = ENOTDIR;
  int file = failure == 0 ? target.object : -1;
  if (failure == 0) {
    target.object = -1;
    target_close(&target);
  }
  errno = failure;
  return file;
}

static int executable(int file) {
  struct stat stat;
  if (fstat(file, &stat) != 0) return errno;
  return S_ISREG(stat.st_mode) && (stat.st_mode & 0111) != 0 ? 0 : EACCES;
}

// A file that is too deep to be named is called what the caller calls it.
static void name_file(struct look *look, int file, const char *as) {
  if (!fd_path(look->caller.proc_fd, file, look->first.path)) snprintf(look->first.path, sizeof look->first.path, "%s", as);
}

// From the file to what the kernel loads. Takes FILE over. 0, or the errno of an interpreter that is not there.
static int follow_scripts(struct look *look, int file) {
  char interpreter[HEAD_BYTES];
  for (int i = 0; i < MOST_SCRIPTS && interpreter_of(&look->caller, file, interpreter); i++) {
    if (i == 0) snprintf(look->script, sizeof look->script, "%.*s", PATH_MAX - 1, look->first.path);
    int next = open_file(&look->caller, AT_FDCWD, interpreter, true);
    int failure = next < 0 ? errno : executable(next);
    close(file);
    file = next;
    if (failure == 0) name_file(look, file, interpreter);
    if (failure != 0) {
      if (file >= 0) close(file);
      return failure;
    }
  }
  struct stat stat;
  if (fstat(file, &stat) == 0) look->device = stat.st_dev, look->inode = stat.st_ino;
  close(file);
  return 0;
}

// One argument, as far as there is room. False when it cannot be read.
static bool take_argument(struct look *look, uint64_t address) {
  size_t room = ARGUMENT_BYTES - look->argument_bytes;
  char *to = look->arguments + look->argument_bytes;
  size_t head = PAGE - (size_t)(address % PAGE);
  if (head > room) head = room;
  struct iovec local = {to, room};
  struct iovec remote[2] = {{(void *)(uintptr_t)address, head}, {(void *)(uintptr_t)(address + head), room - head}};
  ssize_t n = process_vm_readv(look->caller.tid, &local, 1, remote, head < room ? 2 : 1, 0);
  if (n <= 0) return false;
  char *end = memchr(to, 0, (size_t)n);
  if (end == NULL) {
    look->cut = true;
    end = to + n - 1;
    *end = 0;
  }
  look->argument_bytes += (size_t)(end - to) + 1;
  look->argument_count++;
  return true;
}

// The kernel's own limit of arguments is far above what is counted here.
static void take_arguments(struct look *look, uint64_t address) {
  uint64_t pointers[POINTERS];
  while (address != 0) {
    size_t bytes = PAGE - (size_t)(address % PAGE);  // never over a page's end, behind which nothing may be
    if (bytes > sizeof pointers) bytes = sizeof pointers;
    if (bytes < sizeof *pointers) bytes = sizeof *pointers;
    if (caller_bytes(&look->caller, address, pointers, bytes) != 0) {
      look->cut = true;
      return;
    }
    for (size_t i = 0; i < bytes / sizeof *pointers; i++) {
      if (pointers[i] == 0) return;
      if (look->argument_total == MOST_ARGUMENTS) {
        look->cut = true;
        return;
      }
      look->argument_total++;
      if (look->cut || look->argument_bytes + 1 >= ARGUMENT_BYTES || !take_argument(look, pointers[i])) look->cut = true;
    }
    address += bytes / sizeof *pointers * sizeof *pointers;
  }
}

// Without access to its memory or folders (a program that nobody may read) the exec is told without them.
static int tell_blind(struct look *look) {
  look->first.path[0] = 0;
  look->first.resolved = false;
  look->cut = true;
  place_of_cwd(&look->caller, look->cwd);
  return 0;
}

// With the caller's folder of /proc open.
static int look_at_program(struct look *look, int dirfd, int path, int arguments, int flags) {
  int failure = look_text(look, look->args[path], look->raw);
  if (failure != 0) return failure == EPERM ? tell_blind(look) : failure;
  bool itself = look->raw[0] == 0 && (flags & AT_EMPTY_PATH) != 0;
  int file = itself ? caller_object(&look->caller, dirfd) : open_file(&look->caller, dirfd, look->raw, (flags & AT_SYMLINK_NOFOLLOW) == 0);
  failure = file < 0 ? errno : executable(file);
  look->first.resolved = failure == 0;
  if (failure == 0) {
    name_file(look, file, look->raw);
    failure = follow_scripts(look, file);
  } else if (file >= 0) {
    close(file);
  }
  if (failure == ENOENT || failure == ENOTDIR || (failure == EACCES && file >= 0)) {
    look->kind = LOOK_PROBE;
    return failure;
  }
  if (failure != 0) snprintf(look->first.path, sizeof look->first.path, "%s", look->raw);
  take_arguments(look, look->args[arguments]);
  place_of_cwd(&look->caller, look->cwd);
  return 0;
}

int look_at_exec(struct look *look, int dirfd, int path, int arguments, int flags) {
  look->kind = LOOK_NOTHING;
  if ((flags & AT_EXECVE_CHECK) != 0) return 0;  // only asks whether it could
  look->kind = LOOK_EXEC;
  look->script[0] = 0;
  look->argument_bytes = look->argument_count = look->argument_total = 0;
  look->cut = false;
  look->inode = 0;
  struct caller *caller = &look->caller;
  if (caller_open(caller, caller->listener, caller->proc_fd, caller->id, caller->tid) != 0) return -1;
  int answer = look_at_program(look, dirfd, path, arguments, flags);
  caller_close(caller);
  return answer;
}
