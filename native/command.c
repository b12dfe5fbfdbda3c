// From a process with the fence's capabilities to the command without any (command.h).
#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
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

static void put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || !write_all(fd, text, strlen(text))) fail("user", path);
  close(fd);
}

void map_user(unsigned uid, unsigned gid) {
  put("/proc/self/setgroups", "deny");
  // In the fence this process was root, and nobody else is there.
  char *map = format("%u 0 1\n", gid);
  put("/proc/self/gid_map", map);
  free(map);
  map = format("%u 0 1\n", uid);
  put("/proc/self/uid_map", map);
  free(map);
}

void forbid_namespaces(int settings) {
  // Looked up from inside the new namespace, the file is that namespace's alone.
  int limit = openat(settings, "user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
  if (limit < 0 ? errno != ENOENT : !write_all(limit, "0", 1)) fail("user", "max_user_namespaces");
  if (limit >= 0) close(limit);
}

// A user namespace inside the fence's: the command is one ordinary user there, and root nowhere.
static void become_user(const struct command *command) {
  const struct program *p = command->program;
  if (unshare(CLONE_NEWUSER) != 0) fail("user-namespace", "nested");
  map_user(p->uid, p->gid);
  forbid_namespaces(command->settings);  // a second barrier behind the filter
  if (setresgid(p->gid, p->gid, p->gid) != 0 || setresuid(p->uid, p->uid, p->uid) != 0) fail("user", "setresuid");
}

// The first command's, so that both are the same user under the same limits. Needs the fence's capabilities.
static void join_user(const struct command *command) {
  const struct program *p = command->program;
  if (setns(command->user, CLONE_NEWUSER) != 0) fail("user-namespace", "join");
  if (setresgid(p->gid, p->gid, p->gid) != 0 || setresuid(p->uid, p->uid, p->uid) != 0) fail("user", "setresuid");
}

static void drop_capabilities(void) {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) fail("capabilities", "ambient");
  for (int capability = 0; capability < 64; capability++) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL) fail("capabilities", "bounding");
  }
  unsigned long locked = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                         SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  if (prctl(PR_SET_SECUREBITS, locked, 0, 0, 0) != 0) fail("capabilities", "securebits");
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, none) != 0) fail("capabilities", "capset");
}

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
  if (p->pids > 0) limit(RLIMIT_NPROC, "processes", p->pids);
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

_Noreturn void become_command(const struct command *command) {
  const struct program *p = command->program;
  take_streams(command);
  // An own, empty session keyring; the caller's keys would otherwise be inherited.
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS) fail("keyring", "join");
  if (p->engine && command->user >= 0) join_engine(command->user);
  else if (p->engine) become_engine(command->settings);
  else if (command->user >= 0) join_user(command);
  else become_user(command);
  set_limits(p);
  if (p->engine) engine_capabilities();
  else drop_capabilities();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no-new-privs", "prctl");
  default_signals();
  // The guard's traps come first: whatever the main filter refuses outweighs them, and nothing that follows is trapped.
  if (p->guard && guard_install(command->guard) != 0) fail("guard", "install");
  if (command->recorder >= 0 && record_install(command->recorder, p->record_reads) != 0) fail("recorder", "install");
  if (chdir(p->cwd) != 0) fail("chdir", p->cwd);
  char answer;
  if (send(command->report, "R", 1, MSG_NOSIGNAL) != 1 || read(command->report, &answer, 1) != 1) _exit(EXIT_NO_FENCE);

  // Only 0, 1, 2 and, until the exec, the report remain.
  if (dup2(command->report, 3) != 3) fail("streams", "report");
  if (fcntl(3, F_SETFD, FD_CLOEXEC) != 0 || syscall(SYS_close_range, 4U, ~0U, 0U) != 0) fail("streams", "close_range");
  load_filter(&p->seccomp);
  if (p->engine) stand_before_engine();
  // The recorder has to read what is executed. Others of this user inside could now trace us: they find nothing that they do not have.
  if (command->recorder >= 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) fail("recorder", "dumpable");
  int why = execute(p);
  char message[1 + sizeof(int)] = {'X'};
  memcpy(message + 1, &why, sizeof why);
  (void)!send(3, message, sizeof message, MSG_NOSIGNAL);
  _exit(EXIT_NO_FENCE);
}
