// Process 1 as the command sees it (inner.h). It cannot be signalled from inside (the kernel's rule for a namespace's first
// process), not traced (not dumpable, and of an outer user namespace), and after the start it holds nothing worth taking.
#define _GNU_SOURCE
#include "inner.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine.h"
#include "helper.h"
#include "view.h"

static void drop_all(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, none) != 0) fail("capabilities", "capset");
}

_Noreturn void run_inner(struct command *command, int status) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail("inner", "pdeathsig");
  if (command->program->engine) engine_proc();
  command->settings = make_proc();
  if (command->program->engine) engine_root();
  seal_view();
  char answer;
  if (send(command->report, "V", 1, MSG_NOSIGNAL) != 1 || read(command->report, &answer, 1) != 1) _exit(EXIT_NO_FENCE);

  pid_t child = fork();
  if (child < 0) fail("fork", "command");
  if (child == 0) become_command(command);

  drop_all();
  if (dup2(status, 0) != 0 || syscall(SYS_close_range, 1U, ~0U, 0U) != 0) _exit(EXIT_NO_FENCE);
  for (;;) {
    int how;
    pid_t ended = waitpid(-1, &how, 0);
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) _exit(EXIT_NO_FENCE);
    if (ended != child) continue;  // an orphan
    (void)!write(0, &how, sizeof how);
    _exit(0);  // and with process 1 everything that is left in its namespace
  }
}
