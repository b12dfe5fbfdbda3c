// Finding the monitor (hook_monitor.h). The folder is opened once, checked, and everything else goes through it: no name is looked up twice.
#define _GNU_SOURCE
#include "hook_monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hook_host.h"
#include "hook_refusal.h"
#include "hook_time.h"

#define INSIDE_SOCKET "/run/ringfence/agent.sock"

// A busy machine takes its time to start a host; one that has ended without listening gets only the time that another one may need.
enum { CONNECT_MS = 2000, START_MS = 20000, AGAIN_MS = 4 };

// A non-blocking connection, or -1 with errno. EAGAIN: the backlog is full.
static int dial(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, path, strlen(path) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  int cause = errno;
  close(fd);
  errno = cause;
  return -1;
}

// Whoever listens there must be us: what it says decides what runs.
static int checked(int fd) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) refuse_because("the monitor's identity cannot be read", strerror(errno));
  if (peer.uid != geteuid()) refuse("the monitor's socket belongs to another user");
  return fd;
}

static void pause_ms(long ms) {
  struct timespec time = {0, ms * 1000000L};
  nanosleep(&time, NULL);
}

static int reach_supervisor(void) {
  for (long long give_up = now_ms() + CONNECT_MS;;) {
    int fd = dial(INSIDE_SOCKET);
    if (fd >= 0) return checked(fd);
    if (errno != EAGAIN) refuse_because("this fence's supervisor does not answer", strerror(errno));
    if (now_ms() > give_up || deadline_is_over()) refuse("this fence's supervisor is too busy to answer");
    pause_ms(AGAIN_MS);
  }
}

// Ours alone and no link; made where it is missing.
static int open_private(int above, const char *name) {
  if (mkdirat(above, name, 0700) != 0 && errno != EEXIST) refuse_because("the state folder cannot be made", strerror(errno));
  int fd = openat(above, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat found;
  if (fd < 0 || fstat(fd, &found) != 0) refuse_because("the state folder cannot be entered", strerror(errno));
  if (found.st_uid != geteuid()) refuse("the state folder belongs to another user");
  if ((found.st_mode & 077) != 0) refuse("the state folder is open to others; `chmod 700` it");
  return fd;
}

// Makes every missing folder of an absolute path, private, and opens the last one.
static int open_state_home(const char *path) {
  char *copy = strdup(path);
  if (copy == NULL) refuse("out of memory");
  for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    (void)mkdir(copy, 0700);  // what cannot be made cannot be opened below
    *slash = '/';
  }
  (void)mkdir(copy, 0700);
  int fd = open(copy, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) refuse_because("the state folder cannot be entered", strerror(errno));
  free(copy);
  return fd;
}

// The lock file only keeps ten hooks from starting ten hosts; that there is one host is the host's own lock.
static bool may_start(int *lock) {
  if (*lock < 0) *lock = open("start.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (*lock < 0) refuse_because("the state folder cannot be written", strerror(errno));
  return flock(*lock, LOCK_EX | LOCK_NB) == 0;
}

static int reach_host(const char *state_home) {
  int home = open_state_home(state_home), state = open_private(home, "ringfence"), folder = open_private(state, "host");
  // Names below are relative to the checked folder, which also spares the limit on a socket's path.
  if (fchdir(folder) != 0) refuse_because("the state folder cannot be entered", strerror(errno));
  long long began = now_ms();
  pid_t started = 0;
  for (int lock = -1;;) {
    int fd = dial("hook.sock");
    if (fd >= 0) return checked(fd);
    bool nobody = errno == ENOENT || errno == ECONNREFUSED;
    if (!nobody && errno != EAGAIN) refuse_because("the hook host cannot be reached", strerror(errno));
    if (started > 0 && waitpid(started, NULL, WNOHANG) == started) began = now_ms(), started = -1;
    long long patience = nobody && started >= 0 ? START_MS : CONNECT_MS;
    if (now_ms() - began > patience || deadline_is_over()) {
      refuse(nobody ? "the hook host did not start; `ringfence host --foreground` shows why" : "the hook host is too busy to answer");
    }
    if (nobody && started == 0 && may_start(&lock)) started = start_host(state_home);
    pause_ms(AGAIN_MS);
  }
}

int reach_monitor(const char *state_home) {
  struct stat found;
  if (lstat(INSIDE_SOCKET, &found) == 0) return reach_supervisor();
  char *home = state_home != NULL ? strdup(state_home) : find_state_home();
  if (home == NULL || home[0] != '/') refuse("no state folder: name one with `--state-home`");
  // Names there mean another folder to whoever looks, for example /proc/self/cwd.
  if (strncmp(home, "/proc/", 6) == 0 || strncmp(home, "/sys/", 5) == 0) refuse("the state folder cannot be one of the kernel's");
  return reach_host(home);
}
