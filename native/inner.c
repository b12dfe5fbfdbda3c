// Process 1 as the command sees it (inner.h). It is the command's own user without any capability, but cannot be signalled from inside (the kernel's
// rule for a namespace's first process) and not traced (not dumpable, its memory belongs to an outer user namespace).
#define _GNU_SOURCE
#include "inner.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine.h"
#include "helper.h"
#include "landlock.h"
#include "spawn.h"
#include "user.h"
#include "view.h"

static void drop_all(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, none) != 0) fail("capabilities", "capset");
}

// The command's user, for good, and bound by the second layer: what this process forks needs only a filter.
static void confine(const struct command *command) {
  int rules = landlock_rules(command->program);
  become_user(command->program, command->settings);
  landlock_enter(rules);
}

// What is still needed, at fixed places: STATUS at 0, the ends of children at CHILDREN, the channel where a child's control socket will take its
// place (spawn.c), and nothing else.
enum { STATUS = 0, CHILDREN = 1 };

static void keep_only(int status, int channel) {
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  if (sigprocmask(SIG_BLOCK, &ended, NULL) != 0) _exit(EXIT_NO_FENCE);
  int children = signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
  int spare = fcntl(channel < 0 ? children : channel, F_DUPFD_CLOEXEC, FD_LAST + 1);
  int first = fcntl(status, F_DUPFD_CLOEXEC, FD_LAST + 1), second = fcntl(children, F_DUPFD_CLOEXEC, FD_LAST + 1);
  if (dup2(first, STATUS) != STATUS || dup2(second, CHILDREN) != CHILDREN || dup2(second, 2) != 2 || dup3(spare, FD_CONTROL, O_CLOEXEC) != FD_CONTROL ||
      syscall(SYS_close_range, FD_CONTROL + 1U, ~0U, 0U) != 0) {
    _exit(EXIT_NO_FENCE);
  }
}

static void reap(pid_t command) {
  struct signalfd_siginfo unused;
  while (read(CHILDREN, &unused, sizeof unused) > 0) {
  }
  int how;
  for (pid_t ended; (ended = waitpid(-1, &how, WNOHANG)) != 0;) {
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) _exit(EXIT_NO_FENCE);  // the command is still to come, so there is always a child
    if (ended == command) {
      (void)!write(STATUS, &how, sizeof how);
      _exit(0);  // and with process 1 everything that is left in its namespace
    }
    spawn_ended(ended, how);  // or an orphan
  }
}

static _Noreturn void look_after(const struct program *program, pid_t command, bool spawns) {
  for (;;) {
    reap(command);
    size_t count;
    struct pollfd *runners = spawn_watched(&count), wait[2 + count];
    wait[0] = (struct pollfd){CHILDREN, POLLIN, 0};
    wait[1] = (struct pollfd){spawns ? FD_CONTROL : -1, POLLIN, 0};
    if (count > 0) memcpy(wait + 2, runners, count * sizeof *runners);
    if (poll(wait, 2 + count, -1) < 0) continue;
    spawn_abandoned(wait + 2, count);
    if (wait[1].revents != 0) spawn_serve(program);
  }
}

_Noreturn void run_inner(struct command *command, int status) {
  const struct program *program = command->program;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail("inner", "pdeathsig");
  if (program->engine) engine_proc();
  command->settings = make_proc();
  if (program->engine || program->machine) engine_root(program->root);
  seal_view();
  char answer;
  if (send(command->report, "V", 1, MSG_NOSIGNAL) != 1 || read(command->report, &answer, 1) != 1) _exit(EXIT_NO_FENCE);
  if (!program->engine) confine(command);

  pid_t child = fork();
  if (child < 0) fail("fork", "command");
  if (child == 0) become_command(command);

  if (program->engine) drop_all();
  keep_only(status, command->spawner);
  look_after(program, child, command->spawner >= 0);
}
