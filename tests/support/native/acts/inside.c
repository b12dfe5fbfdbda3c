// What is inside but not the command's: the fence's first process, descriptors, its own entries under Landlock.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "acts.h"

static int inner_memory(void) {  // the first process of this pid namespace, whoever that is
  return result(open("/proc/1/mem", O_RDONLY));
}
static int inner_environ(void) { return read_at("/proc/1/environ"); }
static int inner_files(void) {
  char target[64];
  return result(readlink("/proc/1/fd/0", target, sizeof target));
}
static int inner_root(void) {
  DIR *folder = opendir("/proc/1/root/");
  return folder == NULL ? errno : 0;
}
static int inner_signal(void) { return result(kill(1, SIGSTOP)) == 0 ? EPERM : errno; }
static int inner_seize(void) { return result(ptrace(PTRACE_SEIZE, 1, 0, 0)); }
// Set to what they are already: process 1 starts further commands, which would inherit it.
static int inner_limits(void) {
  struct rlimit now;
  return prlimit(1, RLIMIT_NOFILE, NULL, &now) != 0 ? errno : result(prlimit(1, RLIMIT_NOFILE, &now, NULL));
}
static int inner_processors(void) {
  cpu_set_t now;
  return sched_getaffinity(1, sizeof now, &now) != 0 ? errno : result(sched_setaffinity(1, sizeof now, &now));
}
static int inner_priority(void) {
  errno = 0;
  int now = getpriority(PRIO_PROCESS, 1);
  return errno != 0 ? errno : result(setpriority(PRIO_PROCESS, 1, now));
}
static int inner_pidfd(void) {
  int fd = (int)syscall(SYS_pidfd_open, 1, 0);
  return fd < 0 ? errno : result(ioctl(fd, 0xff05, 0));  // PIDFD_GET_PID_NAMESPACE
}

// Landlock's: the mount would let it
static int own_process_file(void) { return result(open("/proc/self/oom_score_adj", O_WRONLY)); }

static int descriptor_nine(void) { return result(fcntl(9, F_GETFD)); }
static int descriptors_more(void) {
  for (int fd = 3; fd < 1024; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) return 0;
  }
  return EBADF;
}

const struct act inside_acts[] = {
    ACT(inner_memory), ACT(inner_environ), ACT(inner_files), ACT(inner_root), ACT(inner_signal), ACT(inner_seize), ACT(inner_limits),
    ACT(inner_processors), ACT(inner_priority), ACT(inner_pidfd), ACT(own_process_file), ACT(descriptor_nine), ACT(descriptors_more),
    {NULL, NULL},
};
