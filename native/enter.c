// `enter [--listen SOCKET] FILE... -- COMMAND`: joins the cgroups whose cgroup.procs files are named, then becomes COMMAND, which finds the
// listening socket at FD_COMMANDS.
// Done by the helper, not after the start, so that not one process of the fence ever runs outside its limits.
#define _GNU_SOURCE
#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "helper.h"

// Only its folder decides who may connect; by the folder's descriptor, since a socket's path has room for 107 bytes only.
static void listen_at(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = format("%.*s/", slash == NULL ? 0 : (int)(slash - path), path);
  int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int length = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d%s", at, slash == NULL ? "" : slash);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  mode_t callers = umask(077);
  if (at < 0 || fd < 0 || length >= (int)sizeof address.sun_path || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(fd, 64) != 0 || dup2(fd, FD_COMMANDS) < 0) {
    fail("commands", path);
  }
  if (fd != FD_COMMANDS) close(fd);
  if (at != FD_COMMANDS) close(at);  // else it was replaced
  free(folder);
  umask(callers);
}

int run_enter(char **arguments) {
  if (*arguments != NULL && strcmp(*arguments, "--listen") == 0 && arguments[1] != NULL) {
    listen_at(arguments[1]);
    arguments += 2;
  }
  for (; *arguments != NULL && strcmp(*arguments, "--") != 0; arguments++) {
    int fd = open(*arguments, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || !write_all(fd, "0", 1)) fail("cgroup", *arguments);
    close(fd);
  }
  if (*arguments == NULL || arguments[1] == NULL) {
    errno = EINVAL;
    fail("enter", "no command");
  }
  execv(arguments[1], arguments + 1);
  fail("enter", arguments[1]);
}
