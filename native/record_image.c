// Expectation and truth of an exec (record_image.h): the file's inode before, and that of /proc/PID/exe after.
#define _GNU_SOURCE
#include "record_image.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void image_expect(struct process *process, const struct look *look) {
  process->unproved = look->inode != 0;
  process->executer = look->caller.tid;
  process->device = look->device;
  process->inode = look->inode;
}

static void tell_image(const struct recorder *recorder, const struct process *process) {
  static struct line line;  // under the lock
  char path[32], exe[PATH_MAX], cwd[PATH_MAX];
  int living = (int)process_living(recorder, process);
  snprintf(path, sizeof path, "%d/exe", living);
  ssize_t exe_length = readlinkat(recorder->proc_fd, path, exe, sizeof exe);
  snprintf(path, sizeof path, "%d/cwd", living);
  ssize_t cwd_length = readlinkat(recorder->proc_fd, path, cwd, sizeof cwd);
  line_begin(&line, "exec");
  line_number(&line, (unsigned long long)process->inner);
  line_number(&line, line_clock());
  line_number(&line, (unsigned long long)process->parent);
  line_text(&line, exe, exe_length < 0 ? 0 : (size_t)exe_length);
  line_text(&line, "", 0);
  line_text(&line, cwd, cwd_length < 0 ? 0 : (size_t)cwd_length);
  line_number(&line, 0);
  line_word(&line, "1");
  line_send(&line, recorder->stream);
}

void image_prove(struct recorder *recorder, struct process *process, const struct look *look) {
  char path[64];
  struct stat stat;
  if (!process->unproved) return;
  snprintf(path, sizeof path, "%d/exe", (int)process_living(recorder, process));
  bool known = fstatat(recorder->proc_fd, path, &stat, 0) == 0;
  bool same = known && stat.st_dev == process->device && stat.st_ino == process->inode;
  // Another thread acts while the one that called exec may still be on its way: only its own next act, or its end, says that the exec is over.
  snprintf(path, sizeof path, "%d/task/%d", (int)process->outer, (int)process->executer);
  bool under_way = look->caller.tid != process->executer && faccessat(recorder->proc_fd, path, F_OK, 0) == 0;
  if (!same && under_way) return;
  process->unproved = false;
  if (known && !same) tell_image(recorder, process);
}
