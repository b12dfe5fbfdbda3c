// `enter FILE... -- COMMAND`: joins the cgroups whose cgroup.procs files are named, then becomes COMMAND.
// Done by the helper, not after the start, so that not one process of the fence ever runs outside its limits.
#define _GNU_SOURCE
#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper.h"

int run_enter(char **arguments) {
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
