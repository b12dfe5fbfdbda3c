// A service process beside the command: few descriptors, no capability, not dumpable, gone with its parent.
#define _GNU_SOURCE
#include "service.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int compare(const void *left, const void *right) {
  return *(const int *)left - *(const int *)right;
}

static int close_others(const int *keep, size_t count) {
  int sorted[256];
  size_t n = 0;
  if (count > sizeof sorted / sizeof sorted[0]) {
    errno = EINVAL;
    return -1;
  }
  for (size_t i = 0; i < count; i++)
    if (keep[i] >= 0) sorted[n++] = keep[i];
  qsort(sorted, n, sizeof sorted[0], compare);
  unsigned first = 0;
  for (size_t i = 0; i < n; i++) {
    unsigned fd = (unsigned)sorted[i];
    if (fd > first && syscall(SYS_close_range, first, fd - 1, 0) != 0) return -1;
    if (fd >= first) first = fd + 1;
  }
  return (int)syscall(SYS_close_range, first, ~0U, 0);
}

static int drop_capabilities(void) {
  // The bounding set may only be cut while CAP_SETPCAP is still there; EPERM means there is nothing to cut with.
  for (int cap = 0; cap < 64; cap++)
    if (prctl(PR_CAPBSET_READ, cap) == 1 && prctl(PR_CAPBSET_DROP, cap) != 0 && errno != EPERM) return -1;
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return -1;
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  return (int)syscall(SYS_capset, &header, none);
}

int service_begin(const int *keep, size_t count) {
  if (close_others(keep, count) != 0) return -1;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return -1;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || drop_capabilities() != 0) return -1;
  // After the capabilities: changing them would make the process dumpable again.
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return -1;
  for (int number = 1; number < NSIG; number++)
    if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_DFL);
  // A peer that is gone, a limit on file size and the terminal's keys are answers, not ends.
  const int ignored[] = {SIGPIPE, SIGXFSZ, SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) signal(ignored[i], SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  return sigprocmask(SIG_SETMASK, &none, NULL);
}

void service_raise_files(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}
