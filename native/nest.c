// The nest (nest.h). Two processes keep it: the keeper outside, whose death by any signal is the kernel's word to the second, and process 1 inside,
// with which the kernel ends everything in its pid namespace. What is bound for the container is cloned by descriptor before anything is covered.
#define _GNU_SOURCE
#include "nest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"

#define ENGINE "/run/engine"

// How long the fence inside gets to give the terminal back when the supervisor is gone.
enum { GRACE_SECONDS = 2, SOURCES_MOST = 1024 };

struct source {
  const char *path;
  bool writable;
  int tree;  // a detached clone of the mount
};

static struct source sources[SOURCES_MOST];
static size_t source_count;
static pid_t first;  // process 1 inside

static void put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || !write_all(fd, text, strlen(text))) fail("nest", path);
  close(fd);
}

static void own_user(void) {
  char *user = format("0 %u 1\n", getuid()), *group = format("0 %u 1\n", getgid());
  if (unshare(CLONE_NEWUSER) != 0) fail("user-namespace", "nest");
  put("/proc/self/setgroups", "deny");
  put("/proc/self/uid_map", user);
  put("/proc/self/gid_map", group);
  free(user);
  free(group);
}

static int clone_tree(const char *path) {
  int fd = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  if (fd < 0) fail("bind", path);
  return fd;
}

static void restrict_tree(int fd, const char *path, unsigned long long more) {
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | more};
  if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) != 0) fail("read-only", path);
}

static void empty(const char *path, const char *options) {
  if (mount("nest", path, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0) fail("tmpfs", path);
}

static bool is_kind(const char *path, long kind) {
  struct statfs found;
  return statfs(path, &found) == 0 && (long)found.f_type == kind;
}

// The host as the engine sees it: as it is, but nothing of it can be changed, and nothing that listens in /run can be asked.
static void make_host(void) {
  struct mount_attr all = {.attr_set = MOUNT_ATTR_RDONLY};
  if (syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &all, sizeof all) != 0) fail("read-only", "/");
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) fail("proc", "nest");
  empty("/run", "mode=755,size=64m");
  empty("/tmp", "mode=1777,size=16m");
  empty("/dev/shm", "mode=1777,size=16m");
  // crun refuses a machine with both generations of cgroups (its "hybrid mode"). The container joins none, so it need not see the second.
  if (is_kind("/sys/fs/cgroup", TMPFS_MAGIC) && is_kind("/sys/fs/cgroup/unified", CGROUP2_SUPER_MAGIC)) empty("/sys/fs/cgroup/unified", "mode=555,size=4k");
}

static void make_folder(const char *path) {
  if (mkdir(path, 0755) != 0) fail("mkdir", path);
}

// An object of the source's kind to mount it on.
static void attach(int tree, const char *path) {
  struct stat found;
  if (fstat(tree, &found) != 0) fail("stat", path);
  if (S_ISDIR(found.st_mode)) make_folder(path);
  else if (mknod(path, S_IFREG | 0600, 0) != 0) fail("mknod", path);
  if (syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) != 0) fail("bind", path);
  close(tree);
}

static void make_engine(int helper, int profile) {
  static const char *const folders[] = {"",        "/root",        "/run",        "/tmp",         "/home",      "/rootfs",     "/rootfs/m",
                                        "/rootfs/new", "/rootfs/proc", "/rootfs/sys", "/rootfs/dev", "/rootfs/run", "/rootfs/etc"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    char *path = format(ENGINE "%s", folders[i]);
    make_folder(path);
    free(path);
  }
  put(ENGINE "/containers.conf", "[containers]\n[engine]\n");
  attach(helper, ENGINE "/rootfs/helper");
  if (profile >= 0) attach(profile, ENGINE "/seccomp.json");
  for (size_t i = 0; i < source_count; i++) {
    char *path = format(ENGINE "/rootfs/m/%zu", i);
    attach(sources[i].tree, path);
    free(path);
  }
}

static _Noreturn void become_engine(char **command) {
  static char *environment[] = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin",
                                "HOME=" ENGINE "/home",
                                "TMPDIR=" ENGINE "/tmp",
                                "XDG_RUNTIME_DIR=" ENGINE "/run",
                                "CONTAINERS_CONF=" ENGINE "/containers.conf",
                                "LC_ALL=C",
                                NULL};
  execve(command[0], command, environment);
  fail("engine", command[0]);
}

// By name: the link in /proc leads to a mount of the namespace that was left.
static const char *own_path(void) {
  static char path[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  if (n <= 0) fail("nest", "/proc/self/exe");
  path[n] = '\0';
  return path;
}

static int code_of(int how) { return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how); }

// Process 1: everything in the nest ends with it.
static _Noreturn void run_first(const char *profile_path, char **command) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail("nest", "pdeathsig");
  signal(SIGTERM, SIG_IGN);
  signal(SIGALRM, SIG_IGN);
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail("nest", "private");
  for (size_t i = 0; i < source_count; i++) {
    sources[i].tree = clone_tree(sources[i].path);
    restrict_tree(sources[i].tree, sources[i].path, sources[i].writable ? 0 : MOUNT_ATTR_RDONLY);
  }
  int helper = clone_tree(own_path()), profile = profile_path == NULL ? -1 : clone_tree(profile_path);
  restrict_tree(helper, "helper", MOUNT_ATTR_RDONLY);
  if (profile >= 0) restrict_tree(profile, profile_path, MOUNT_ATTR_RDONLY);
  make_host();
  make_engine(helper, profile);
  pid_t engine = fork();
  if (engine < 0) fail("fork", "engine");
  if (engine == 0) {
    signal(SIGTERM, SIG_DFL);
    signal(SIGALRM, SIG_DFL);
    become_engine(command);
  }
  // The control socket must end with the fence, and the host's streams are none of ours.
  if (syscall(SYS_close_range, 0U, ~0U, 0U) != 0) _exit(EXIT_NO_FENCE);
  for (;;) {
    int how;
    pid_t ended = waitpid(-1, &how, 0);
    if (ended == engine) _exit(code_of(how));
    // Engines leave their container's keeper (conmon) to us. Nobody else misses one that was killed.
    if (ended > 0 && WIFSIGNALED(how)) _exit(code_of(how));
    if (ended < 0 && errno != EINTR) _exit(EXIT_NO_FENCE);
  }
}

// The supervisor is gone. Its end of the control socket tells the fence, which ends by itself; what hangs is ended.
static void supervisor_died(int number) {
  if (number == SIGTERM) alarm(GRACE_SECONDS);
  else kill(first, SIGKILL);
}

// The engine hands on a row of descriptors without gaps.
static void fill_gaps(void) {
  for (int fd = FD_CONTROL; fd <= FD_LAST; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    int none = open("/dev/null", O_RDWR);
    if (none < 0 || dup2(none, fd) < 0) fail("nest", "/dev/null");
    if (none != fd) close(none);
  }
}

static char **parse(char **arguments, const char **profile) {
  for (; *arguments != NULL && strcmp(*arguments, "--") != 0; arguments += 2) {
    if (arguments[1] == NULL) break;
    bool writable = strcmp(*arguments, "--rw") == 0;
    if (strcmp(*arguments, "--profile") == 0) *profile = arguments[1];
    else if ((writable || strcmp(*arguments, "--ro") == 0) && source_count < SOURCES_MOST)
      sources[source_count++] = (struct source){.path = arguments[1], .writable = writable, .tree = -1};
    else errno = EINVAL, fail("nest", *arguments);
  }
  if (*arguments == NULL || arguments[1] == NULL) errno = EINVAL, fail("nest", "no command");
  return arguments + 1;
}

int run_nest(char **arguments) {
  const char *profile = NULL;
  char **command = parse(arguments, &profile);
  fill_gaps();
  own_user();
  if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) != 0) fail("namespace", "nest");
  first = fork();
  if (first < 0) fail("fork", "nest");
  if (first == 0) run_first(profile, command);
  struct sigaction action = {.sa_handler = supervisor_died};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGALRM, &action, NULL);
  if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) kill(first, SIGKILL);
  (void)syscall(SYS_close_range, 3U, ~0U, 0U);
  int how;
  while (waitpid(first, &how, 0) != first) {
    if (errno != EINTR) return EXIT_NO_FENCE;
  }
  return code_of(how);
}
