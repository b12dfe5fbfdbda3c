// Who is who (record_process.h). A number alone names nobody: it is another process's as soon as its holder is reaped, so an entry counts
// only while its pidfd says that it lives, and its end is told exactly once.
#define _GNU_SOURCE
#include "record_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record.h"
#include "record_line.h"

// linux/pidfd.h of 6.15; older headers do not have it.
struct ended {
  uint64_t mask, cgroup;
  uint32_t ids[11];
  int32_t exit_code;
};
#define GET_INFO _IOWR(0xFF, 11, struct ended)
#define INFO_EXIT (1ULL << 3)

enum { STATUS_BYTES = 4096, MOST_ANCESTORS = 64 };

// What /proc says of a thread or process.
struct status {
  pid_t process, parent;  // as the recorder sees them
  pid_t inner;            // as the session sees the process; 0: it does not
};

static pid_t number_after(const char *text, const char *name, bool last) {
  const char *at = strstr(text, name);
  if (at == NULL) return 0;
  at += strlen(name);
  const char *end = strchr(at, '\n'), *tab = last && end != NULL ? memrchr(at, '\t', (size_t)(end - at)) : at;
  // A single number: no pid namespace below ours, so the session does not see it.
  if (last && (tab == NULL || tab == at)) return 0;
  return (pid_t)strtol(tab, NULL, 10);
}

static bool read_status(const struct recorder *recorder, pid_t thread, struct status *status) {
  char path[32], text[STATUS_BYTES];
  snprintf(path, sizeof path, "%d/status", (int)thread);
  int fd = openat(recorder->proc_fd, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  if (n <= 0) return false;
  text[n] = 0;
  // A process names itself, but a newline in its name is written as `\n`: no line is forged.
  status->process = number_after(text, "\nTgid:", false);
  status->parent = number_after(text, "\nPPid:", false);
  status->inner = number_after(text, "\nNStgid:", true);
  return status->process > 0;
}

static struct process **place_of_number(struct process_table *table, pid_t outer) {
  struct process **at = &table->buckets[(unsigned)outer % PROCESS_BUCKETS];
  while (*at != NULL && (*at)->outer != outer) at = &(*at)->next;
  return at;
}

static uint64_t key_of(const struct process *process) { return (uint64_t)(uint32_t)process->outer << 32 | process->serial; }

static void tell_end(struct recorder *recorder, const struct process *process) {
  struct line line;
  struct ended info = {.mask = INFO_EXIT};
  bool known = ioctl(process->pidfd, GET_INFO, &info) == 0 && (info.mask & INFO_EXIT) != 0;
  line_begin(&line, "exit");
  line_number(&line, (unsigned long long)process->inner);
  line_number(&line, line_clock());
  if (known && WIFEXITED(info.exit_code)) line_number(&line, (unsigned long long)WEXITSTATUS(info.exit_code));
  else line_word(&line, "-");
  if (known && WIFSIGNALED(info.exit_code)) line_number(&line, (unsigned long long)WTERMSIG(info.exit_code));
  else line_word(&line, "-");
  line_number(&line, process->probes);
  line_send(&line, recorder->stream);
}

static void retire(struct recorder *recorder, struct process **at) {
  struct process *process = *at;
  *at = process->next;
  struct process *above = process->above == 0 ? NULL : *place_of_number(&recorder->processes, process->above);
  if (process->told && process->pidfd >= 0) tell_end(recorder, process);
  else if (above != NULL && above->inner == process->parent) above->probes += process->probes;  // a child that found nothing to execute
  if (process->pidfd >= 0) {
    close(process->pidfd);
    recorder->processes.count--;
  }
  free(process);
}

// Clock ticks since boot; 0 when it is gone.
static unsigned long long start_of(const struct recorder *recorder, pid_t outer) {
  char path[32], text[1024];
  snprintf(path, sizeof path, "%d/stat", (int)outer);
  int fd = openat(recorder->proc_fd, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n < 0 ? 0 : n] = 0;
  const char *after = strrchr(text, ')');  // the name in between may hold anything
  unsigned long long started = 0;
  if (after == NULL || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &started) != 1) return 0;
  return started;
}

static bool is_reaped(const struct recorder *recorder, const struct process *process) {
  if (process->pidfd < 0) return start_of(recorder, process->outer) != process->started;
  return syscall(SYS_pidfd_send_signal, process->pidfd, 0, NULL, 0) != 0 && errno == ESRCH;
}

// The living holder of a number that somebody alive has at this moment; an earlier holder's end is told on the way.
static struct process *known(struct recorder *recorder, pid_t outer) {
  struct process **at = place_of_number(&recorder->processes, outer);
  if (*at != NULL && is_reaped(recorder, *at)) retire(recorder, at);
  return *place_of_number(&recorder->processes, outer);
}

// A pidfd that is watched, or -1.
static int watch(struct recorder *recorder, const struct process *process) {
  if (recorder->processes.count >= recorder->processes.most) return -1;
  int pidfd = (int)syscall(SYS_pidfd_open, process->outer, 0);
  // One event when it has ended and one when it is reaped: only then does the kernel say how.
  struct epoll_event event = {.events = EPOLLET | EPOLLIN, .data.u64 = key_of(process)};
  if (pidfd >= 0 && epoll_ctl(recorder->ends, EPOLL_CTL_ADD, pidfd, &event) == 0) return pidfd;
  if (pidfd >= 0) close(pidfd);
  return -1;
}

// Those without a pidfd whose process is gone: nobody tells us when.
static void forget_gone(struct recorder *recorder) {
  for (size_t i = 0; i < PROCESS_BUCKETS; i++) {
    struct process **at = &recorder->processes.buckets[i];
    while (*at != NULL) {
      if ((*at)->pidfd < 0 && is_reaped(recorder, *at)) retire(recorder, at);
      else at = &(*at)->next;
    }
  }
}

static struct process *take_in(struct recorder *recorder, const struct status *status, pid_t parent) {
  enum { FORGET_EVERY = 4096 };
  struct process_table *table = &recorder->processes;
  struct process *process = malloc(sizeof *process);
  if (process == NULL) _exit(1);
  *process = (struct process){.outer = status->process, .inner = status->inner, .parent = parent, .above = status->parent, .serial = ++table->serial};
  process->pidfd = watch(recorder, process);
  if (process->pidfd >= 0) {
    table->count++;
  } else {
    table->lost++;
    if (process->serial % FORGET_EVERY == 0) forget_gone(recorder);
    process->started = start_of(recorder, process->outer);
  }
  struct process **bucket = &table->buckets[(unsigned)process->outer % PROCESS_BUCKETS];
  process->next = *bucket;
  *bucket = process;
  return process;
}

static bool runs(const struct recorder *recorder, pid_t thread) {
  char path[32];
  struct stat stat;
  snprintf(path, sizeof path, "%d/exe", (int)thread);
  return fstatat(recorder->proc_fd, path, &stat, 0) == 0 || errno != ENOENT;
}

pid_t process_living(const struct recorder *recorder, const struct process *process) {
  char path[32];
  pid_t living = process->outer;
  if (runs(recorder, living)) return living;
  snprintf(path, sizeof path, "%d/task", (int)living);
  int fd = openat(recorder->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *threads = fd < 0 ? NULL : fdopendir(fd);
  if (threads == NULL && fd >= 0) close(fd);
  for (struct dirent *entry; threads != NULL && living == process->outer && (entry = readdir(threads)) != NULL;) {
    pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
    if (thread > 0 && runs(recorder, thread)) living = thread;
  }
  if (threads != NULL) closedir(threads);
  return living;
}

static void tell_fork(struct recorder *recorder, const struct process *process) {
  struct line line;
  char path[32], exe[PATH_MAX];
  snprintf(path, sizeof path, "%d/exe", (int)process_living(recorder, process));
  ssize_t n = readlinkat(recorder->proc_fd, path, exe, sizeof exe);
  line_begin(&line, "fork");
  line_number(&line, (unsigned long long)process->inner);
  line_number(&line, line_clock());
  line_number(&line, (unsigned long long)process->parent);
  line_text(&line, exe, n < 0 ? 0 : (size_t)n);
  line_send(&line, recorder->stream);
}

// From the one that was asked for upwards to the first that is known, then taken in from there downwards.
static struct process *introduce(struct recorder *recorder, const struct status *first) {
  struct status chain[MOST_ANCESTORS] = {*first};
  size_t length = 1;
  pid_t above = 0;
  for (;;) {
    struct status parent;
    struct process *there = known(recorder, chain[length - 1].parent);
    if (there != NULL) above = there->inner;
    if (there != NULL || !read_status(recorder, chain[length - 1].parent, &parent)) break;
    if (parent.inner <= 1 || length == MOST_ANCESTORS) {  // the session's first process, or one outside
      above = parent.inner;
      break;
    }
    chain[length++] = parent;
  }
  struct process *process = NULL;
  while (length-- > 0) {
    process = take_in(recorder, &chain[length], above);
    above = process->inner;
  }
  return process;
}

struct process *process_of(struct recorder *recorder, pid_t thread) {
  struct process_table *table = &recorder->processes;
  struct process *process = known(recorder, thread);
  if (process != NULL) return process;
  size_t hint = (unsigned)thread % THREAD_HINTS;
  if (table->hints[hint].thread == thread) {
    char path[64];
    snprintf(path, sizeof path, "%d/task/%d", (int)table->hints[hint].process, (int)thread);
    if (faccessat(recorder->proc_fd, path, F_OK, 0) == 0) process = known(recorder, table->hints[hint].process);
    if (process != NULL) return process;
  }
  struct status status;
  if (!read_status(recorder, thread, &status)) return NULL;
  if (status.process != thread) {
    table->hints[hint].thread = thread;
    table->hints[hint].process = status.process;
    process = known(recorder, status.process);
  }
  return process != NULL ? process : introduce(recorder, &status);
}

void process_ended(struct recorder *recorder, uint64_t key) {
  struct process **at = place_of_number(&recorder->processes, (pid_t)(key >> 32));
  if (*at != NULL && key_of(*at) == key && (!recorder->exit_info || is_reaped(recorder, *at))) retire(recorder, at);
}

static void tell_lost(struct recorder *recorder) {
  struct line line;
  line_begin(&line, "lost");
  line_number(&line, recorder->processes.lost);
  line_send(&line, recorder->stream);
  recorder->processes.lost = 0;
}

void process_announce(struct recorder *recorder, struct process *process, bool executes) {
  if (recorder->processes.lost > 0) tell_lost(recorder);
  if (process->told) return;
  process->told = true;
  struct process *above = process->above == 0 ? NULL : *place_of_number(&recorder->processes, process->above);
  if (above != NULL && above->inner == process->parent && !above->told) process_announce(recorder, above, false);
  if (!executes) tell_fork(recorder, process);
}
