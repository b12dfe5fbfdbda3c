// From process 1 of the guest to the agent (machine_agent.h).
#define _GNU_SOURCE
#include "machine_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "helper.h"
#include "request.h"

enum { REQUEST_BYTES = 1 << 22, OPEN_FILES = 524288 };

static _Noreturn void refuse_agent(const char *what) {
  fprintf(stderr, "ringfence: the guest's kernel refuses: %s (%s)\n", what, strerror(errno));
  _exit(EXIT_NO_FENCE);
}

static struct request read_request(void) {
  static char bytes[REQUEST_BYTES];
  struct request request;
  int fd = open("/request", O_RDONLY | O_CLOEXEC);
  size_t size = 0;
  for (ssize_t n; fd >= 0 && (n = read(fd, bytes + size, sizeof bytes - size)) > 0;) size += (size_t)n;
  if (fd < 0 || !parse_request(bytes, size, &request)) refuse_agent("request");
  close(fd);
  return request;
}

static void make_devices(void) {
  static const struct {
    const char *name;
    unsigned major, minor;
  } nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
  static const char *const links[][2] = {
      {"/proc/self/fd", "fd"}, {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"}, {"pts/ptmx", "ptmx"}};
  if (mount("dev", MACHINE_VIEW "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755") != 0 || chdir(MACHINE_VIEW "/dev") != 0) refuse_agent("devices");
  umask(0);
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
    if (mknod(nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) != 0) refuse_agent(nodes[i].name);
  }
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    if (symlink(links[i][0], links[i][1]) != 0) refuse_agent(links[i][1]);
  }
  if (mkdir("pts", 0755) != 0 || mkdir("shm", 01777) != 0) refuse_agent("devices");
  if (mount("devpts", "pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620") != 0) refuse_agent("devpts");
  if (mount("shm", "shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=50%") != 0) refuse_agent("shm");
  umask(022);
}

// The view becomes the root; what was the root before lies under it, where no path leads.
static void enter_view(void) {
  if (mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) != 0) refuse_agent("mount namespace");
  if (mount("proc", MACHINE_VIEW "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) refuse_agent("proc");
  make_devices();
  if (chdir(MACHINE_VIEW) != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0) refuse_agent("root");
}

static void limit(int resource, unsigned long long most) {
  struct rlimit both = {most, most};
  if (most > 0 && setrlimit(resource, &both) != 0) refuse_agent("limits");
}

static _Noreturn void become_agent(const struct machine_facts *facts, const struct request *request, struct sock_fprog *filter) {
  sigset_t none;
  sigemptyset(&none);
  signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  limit(RLIMIT_NOFILE, OPEN_FILES);
  limit(RLIMIT_NPROC, facts->processes);
  limit(RLIMIT_FSIZE, facts->file_size);
  if (facts->uid == 0 || facts->gid == 0) errno = EINVAL, refuse_agent("user");
  for (int capability = 0; capability < 64; capability++) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL) refuse_agent("bounding set");
  }
  if (setsid() < 0 || setgroups(0, NULL) != 0 || setresgid(facts->gid, facts->gid, facts->gid) != 0 ||
      setresuid(facts->uid, facts->uid, facts->uid) != 0) {
    refuse_agent("user");
  }
  guest_drop();
  if (chdir(request->cwd) != 0) refuse_agent(request->cwd);
  static char *nothing[] = {NULL};
  environ = request->env.items == NULL ? nothing : request->env.items;
  guest_execute(filter, request->argv.items);
}

// Process 1 of the agent's namespace: with its end all that is in it ends.
static _Noreturn void stand_by(pid_t command, int orders) {
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  int children = signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
  for (;;) {
    struct pollfd wait[] = {{children, POLLIN, 0}, {orders, POLLIN, 0}};
    int how;
    for (pid_t gone; (gone = waitpid(-1, &how, WNOHANG)) > 0;) {
      if (gone == command) _exit(WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how));
    }
    if (poll(wait, 2, -1) < 0) continue;
    struct signalfd_siginfo unused;
    while (wait[0].revents != 0 && read(children, &unused, sizeof unused) > 0) {
    }
    unsigned char number;
    if (wait[1].revents == 0 || read(orders, &number, 1) != 1) continue;
    kill(command, number);
    kill(-command, number);
  }
}

static _Noreturn void run_agent(const struct machine_facts *facts, int orders) {
  struct request request = read_request();
  struct sock_fprog filter = guest_filter("/filter");
  enter_view();
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &ended, NULL);
  char go;
  if (read(orders, &go, 1) != 1) _exit(EXIT_NO_FENCE);
  pid_t command = fork();
  if (command < 0) refuse_agent("process");
  if (command == 0) become_agent(facts, &request, &filter);
  for (int i = 0; i < 3; i++) close(i);  // the streams end with those who use them
  stand_by(command, orders);
}

struct machine_agent machine_start(const struct machine_facts *facts) {
  int in[2], out[2], err[2], orders[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0 || pipe2(orders, O_CLOEXEC) != 0) machine_refuse("pipes");
  pid_t process = (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | SIGCHLD, NULL, NULL, NULL, NULL);
  if (process < 0) machine_refuse("namespaces");
  if (process == 0) {
    // Above what become 0, 1, 2: process 1 of a guest may have been given none of them.
    int streams[] = {fcntl(in[0], F_DUPFD_CLOEXEC, 64), fcntl(out[1], F_DUPFD_CLOEXEC, 64), fcntl(err[1], F_DUPFD_CLOEXEC, 64)};
    int order = fcntl(orders[0], F_DUPFD_CLOEXEC, 64);
    for (int i = 0; i < 3; i++) {
      // Its user's, so that /dev/stdout can be opened once more.
      if (streams[i] < 0 || dup2(streams[i], i) != i || fchown(i, facts->uid, facts->gid) != 0) _exit(EXIT_NO_FENCE);
    }
    // Neither the ports nor the other ends: a command of this namespace never inherits them, and nobody in it holds them.
    if (dup2(order, 3) != 3 || fcntl(3, F_SETFD, FD_CLOEXEC) != 0 || syscall(SYS_close_range, 4U, ~0U, 0U) != 0) _exit(EXIT_NO_FENCE);
    run_agent(facts, 3);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  close(orders[0]);
  return (struct machine_agent){process, {in[1], out[0], err[0]}, orders[1]};
}
