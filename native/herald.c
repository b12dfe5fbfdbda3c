// Signals for an engine (herald.h).
#define _GNU_SOURCE
#include "herald.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"

static _Noreturn void carry_signals(pid_t engine, const sigset_t *all) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, none) != 0 || syscall(SYS_close_range, 0U, ~0U, 0U) != 0) _exit(EXIT_NO_FENCE);
  for (;;) {
    int how, number = sigwaitinfo(all, NULL);
    if (number < 0) continue;
    if (number != SIGCHLD) {
      kill(engine, number);  // not waited for yet, so the number is its own
      continue;
    }
    if (waitpid(engine, &how, WNOHANG) != engine || WIFSTOPPED(how) || WIFCONTINUED(how)) continue;
    _exit(WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how));
  }
}

void stand_before_engine(void) {
  sigset_t all, before;
  sigfillset(&all);
  if (sigprocmask(SIG_BLOCK, &all, &before) != 0) fail("engine", "signals");
  pid_t herald = getpid(), engine = fork();
  if (engine < 0) fail("fork", "engine");
  if (engine > 0) {
    (void)setpgid(engine, engine);  // whoever of the two is first
    carry_signals(engine, &all);
  }
  if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != herald) _exit(EXIT_NO_FENCE);
  if (sigprocmask(SIG_SETMASK, &before, NULL) != 0) _exit(EXIT_NO_FENCE);
}
