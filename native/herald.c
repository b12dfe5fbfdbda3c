// Signals for an engine (herald.h).
#define _GNU_SOURCE
#include "herald.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"

// One after the other, so that they arrive in their order.
static void take(const struct list *deliver, int number) {
  pid_t errand = fork();
  if (errand == 0) {
    static char *no_env[] = {NULL};
    char **argv = need_memory((deliver->count + 2) * sizeof *argv);
    memcpy(argv, deliver->items, deliver->count * sizeof *argv);
    argv[deliver->count] = format("%d", number);
    argv[deliver->count + 1] = NULL;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(argv[0], argv, no_env);
    _exit(EXIT_NOT_EXECUTABLE);
  }
  while (errand > 0 && waitpid(errand, NULL, 0) < 0 && errno == EINTR) {
  }
}

static _Noreturn void carry_signals(pid_t engine, const sigset_t *all, const struct list *deliver) {
  if (syscall(SYS_close_range, 0U, ~0U, 0U) != 0) _exit(EXIT_NO_FENCE);
  for (;;) {
    int how, number = sigwaitinfo(all, NULL);
    if (number > 0 && number != SIGCHLD) {
      if (deliver == NULL) kill(engine, number);  // not waited for yet, so the number is its own
      else take(deliver, number);
    }
    // Also after an errand, whose end and the engine's may have been told by one signal.
    if (waitpid(engine, &how, WNOHANG) != engine || WIFSTOPPED(how) || WIFCONTINUED(how)) continue;
    _exit(WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how));
  }
}

void stand_before_engine(const struct list *deliver) {
  sigset_t all, before;
  sigfillset(&all);
  if (sigprocmask(SIG_BLOCK, &all, &before) != 0) fail("engine", "signals");
  pid_t herald = getpid(), engine = fork();
  if (engine < 0) fail("fork", "engine");
  if (engine > 0) {
    (void)setpgid(engine, engine);  // whoever of the two is first
    carry_signals(engine, &all, deliver);
  }
  if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != herald) _exit(EXIT_NO_FENCE);
  if (sigprocmask(SIG_SETMASK, &before, NULL) != 0) _exit(EXIT_NO_FENCE);
}
