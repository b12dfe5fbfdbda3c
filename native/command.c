// From a process that is the command's user already (user.h), or for an engine from one with the fence's capabilities, to the command (command.h).
#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine.h"
#include "guard.h"
#include "helper.h"
#include "herald.h"
#include "record_filter.h"
#include "user.h"

static void limit(int resource, const char *name, rlim_t most) {
  struct rlimit now;
  if (getrlimit(resource, &now) != 0) fail("limit", name);
  if (now.rlim_max > most) now.rlim_max = most;
  if (now.rlim_cur > now.rlim_max) now.rlim_cur = now.rlim_max;
  if (setrlimit(resource, &now) != 0) fail("limit", name);
}

// To this many of the processors that we may use, beginning anywhere: sessions side by side do not all take the first ones. What runs inside can undo
// it; where no cgroup can be had it is what there is, and the session's summary says so.
static void pin(unsigned most) {
  cpu_set_t all, some;
  if (sched_getaffinity(0, sizeof all, &all) != 0) return;
  unsigned count = (unsigned)CPU_COUNT(&all), start = 0;
  if (count <= most || getrandom(&start, sizeof start, 0) != sizeof start) return;
  start %= count;
  CPU_ZERO(&some);
  for (unsigned at = 0, place = 0; place < CPU_SETSIZE; place++) {
    if (CPU_ISSET(place, &all) && (at++ + count - start) % count < most) CPU_SET(place, &some);
  }
  if (sched_setaffinity(0, sizeof some, &some) != 0) fail("limit", "processors");
}

static void set_limits(const struct program *p) {
  // One byte, not none: core(5), a core_pattern that is a pipe runs on the host as root even at 0, and only 1 keeps it from that.
  struct rlimit core;
  if (getrlimit(RLIMIT_CORE, &core) != 0) fail("limit", "core");
  core.rlim_cur = core.rlim_max = core.rlim_max < 1 ? core.rlim_max : 1;
  if (setrlimit(RLIMIT_CORE, &core) != 0) fail("limit", "core");
  limit(RLIMIT_NOFILE, "files", p->open_files > 0 ? p->open_files : 524288);
  if (p->processors > 0) pin(p->processors);
  // Process 1 is of the same user and counts.
  if (p->pids > 0) limit(RLIMIT_NPROC, "processes", p->pids + (p->engine ? 0 : 1));
  if (p->file_size > 0) limit(RLIMIT_FSIZE, "file-size", p->file_size);
}

static void default_signals(void) {
  for (int number = 1; number < NSIG; number++) {
    if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static void take_streams(const struct command *command) {
  if (setsid() < 0) fail("session", "setsid");
  if (command->terminal >= 0 && ioctl(command->terminal, TIOCSCTTY, 0) != 0) fail("terminal", "controlling terminal");
  for (int i = 0; i < 3; i++) {
    if (dup2(command->streams[i], i) != i) fail("streams", "dup2");
  }
}

static void load_filter(const struct text *bytes) {
  struct sock_fprog filter = {(unsigned short)(bytes->length / 8), (struct sock_filter *)need_memory(bytes->length)};
  memcpy(filter.filter, bytes->bytes, bytes->length);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) fail("seccomp", "the kernel refused the filter");
}

// The PATH is the fence's. As in a shell: the first file that can be executed; else the reason that says most.
static int execute(const struct program *p) {
  static char *no_env[] = {NULL};
  char **env = p->env.items == NULL ? no_env : p->env.items, *name = p->argv.items[0];
  if (*name == '\0') return ENOENT;
  if (strchr(name, '/') != NULL) {
    execve(name, p->argv.items, env);
    return errno;
  }
  int why = ENOENT;
  for (const char *at = p->search; at != NULL;) {
    const char *colon = strchr(at, ':');
    int length = colon == NULL ? (int)strlen(at) : (int)(colon - at);
    if (length > 0 && *at == '/') {
      char *path = format("%.*s/%s", length, at, name);
      struct stat found;
      if (stat(path, &found) != 0 || !S_ISREG(found.st_mode)) {
        free(path);
      } else {
        execve(path, p->argv.items, env);
        if (errno != ENOENT && errno != ENOTDIR) why = errno;
        free(path);
      }
    }
    at = colon == NULL ? NULL : colon + 1;
  }
  return why;
}

// An engine has a user namespace of its own, in which it is root.
static void become_engine_user(const struct command *command) {
  forget_keys();
  if (command->user >= 0) join_engine(command->user);
  else become_engine(command->settings);
}

_Noreturn void become_command(const struct command *command) {
  const struct program *p = command->program;
  take_streams(command);
  if (p->engine) become_engine_user(command);
  set_limits(p);
  if (p->engine) engine_capabilities();
  if (p->engine && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no-new-privs", "prctl");
  default_signals();
  // The guard's traps come first: whatever the main filter refuses outweighs them, and nothing that follows is trapped.
  if (command->guard >= 0 && guard_install(command->guard) != 0) fail("guard", "install");
  struct record_wants wants = {p->record_reads, p->guard};
  if (command->recorder >= 0 && record_install(command->recorder, wants) != 0) fail("recorder", "install");
  if (p->guard && command->guard < 0 && command->recorder < 0) fail("guard", "none");
  if (chdir(p->cwd) != 0) fail("chdir", p->cwd);
  char answer;
  if (send(command->report, "R", 1, MSG_NOSIGNAL) != 1 || read(command->report, &answer, 1) != 1) _exit(EXIT_NO_FENCE);

  // Only 0, 1, 2 and, until the exec, the report remain.
  if (dup2(command->report, 3) != 3) fail("streams", "report");
  if (fcntl(3, F_SETFD, FD_CLOEXEC) != 0 || syscall(SYS_close_range, 4U, ~0U, 0U) != 0) fail("streams", "close_range");
  load_filter(&p->seccomp);
  if (p->engine) stand_before_engine(command->user >= 0 ? NULL : &p->engine_signal);
  // The recorder has to read what is executed. Others of this user inside could now trace us: they find nothing that they do not have.
  if (command->recorder >= 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) fail("recorder", "dumpable");
  int why = execute(p);
  char message[1 + sizeof(int)] = {'X'};
  memcpy(message + 1, &why, sizeof why);
  (void)!send(3, message, sizeof message, MSG_NOSIGNAL);
  _exit(EXIT_NO_FENCE);
}
