// Finding and starting the host (hook_host.h).
#define _GNU_SOURCE
#include "hook_host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hook_refusal.h"

#define SYSTEM_PATH "/usr/local/bin:/usr/bin:/bin"

static char *text(const char *pattern, const char *first, const char *second) {
  char *made = NULL;
  if (asprintf(&made, pattern, first, second) < 0) refuse("out of memory");
  return made;
}

// Field FIELD (0 is the name) of a line of passwd(5), in place.
static char *field(char *line, int number) {
  for (; number > 0; number--) {
    line = strchr(line, ':');
    if (line == NULL) return NULL;
    line++;
  }
  line[strcspn(line, ":\n")] = '\0';
  return line;
}

// getpwuid would load the machine's name services into a static program; users of a directory name their folder with --state-home.
static char *home_of_caller(void) {
  FILE *file = fopen("/etc/passwd", "re");
  char line[4096], copy[sizeof line];
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    memcpy(copy, line, sizeof copy);
    const char *uid = field(copy, 2);
    char *end;
    if (uid == NULL || *uid < '0' || *uid > '9' || strtoul(uid, &end, 10) != getuid() || *end != '\0') continue;
    const char *home = field(line, 5);
    char *found = home != NULL && home[0] == '/' ? strdup(home) : NULL;
    fclose(file);
    return found;
  }
  if (file != NULL) fclose(file);
  return NULL;
}

char *find_state_home(void) {
  const char *named = getenv("XDG_STATE_HOME");
  if (named != NULL && named[0] == '/') return strdup(named);
  char *home = home_of_caller();
  return home == NULL ? NULL : text("%s/.local/state%s", home, "");
}

// The folder two above this program: build/ringfence-helper stands beside the launcher's folder.
static char *installation(void) {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) refuse_because("this helper cannot find its installation", strerror(errno));
  path[length] = '\0';
  for (int up = 0; up < 2; up++) {
    char *slash = strrchr(path, '/');
    if (slash == NULL) refuse("this helper cannot find its installation");
    *slash = '\0';
  }
  return text("%s%s", path, "");
}

// The launcher looks for Node in PATH and remembers where it found one (build/node). That folder comes first, so that the host finds a Node
// in a person's own folders too, while the agent's PATH, which a repository may have set, is left out.
static char *host_path(const char *root) {
  char *remembered = text("%s/build/node%s", root, ""), node[PATH_MAX] = "";
  FILE *file = fopen(remembered, "re");
  free(remembered);
  if (file != NULL) {
    if (fgets(node, sizeof node, file) == NULL) node[0] = '\0';
    fclose(file);
  }
  node[strcspn(node, "\n")] = '\0';
  char *slash = strrchr(node, '/');
  if (node[0] != '/' || slash == node || strchr(node, ':') != NULL) return text("PATH=%s%s", SYSTEM_PATH, "");
  *slash = '\0';
  return text("PATH=%s:%s", node, SYSTEM_PATH);
}

static _Noreturn void become_host(const char *program, char **environment) {
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (setsid() < 0 || chdir("/") != 0 || nothing < 0) _exit(EXIT_REFUSED);
  for (int fd = 0; fd < 3; fd++) {
    if (dup2(nothing, fd) != fd) _exit(EXIT_REFUSED);
  }
  if (syscall(SYS_close_range, 3U, ~0U, 0U) != 0) _exit(EXIT_REFUSED);
  for (int number = 1; number < NSIG; number++) {
    if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  char *arguments[] = {"ringfence", "host", "--foreground", NULL};
  execve(program, arguments, environment);
  _exit(EXIT_REFUSED);
}

pid_t start_host(const char *state_home) {
  char *root = installation(), *program = text("%s/ringfence%s", root, ""), *path = host_path(root);
  char *state = text("XDG_STATE_HOME=%s%s", state_home, "");
  struct stat found;
  if (stat(program, &found) != 0) refuse_because("no hook host to start", strerror(errno));
  char *environment[] = {path, state, "LANG=C.UTF-8", NULL};
  pid_t child = fork();
  if (child < 0) refuse_because("the hook host cannot be started", strerror(errno));
  if (child == 0) become_host(program, environment);
  free(root);
  free(program);
  free(path);
  free(state);
  return child;
}
