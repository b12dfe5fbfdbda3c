// A command under the guard, for its test: guard-main ROOT NAMES EXCEPT EVENTS -- COMMAND… (lists separated by commas).
// What it replaces is kept in the folder $PAST, up to 1 MiB, if that is set. Must start as the only process of its kind in a pid namespace or outside one; the guard is a sibling of the command.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../native/guard.h"

static size_t split(char *text, const char **list, size_t room) {
  size_t count = 0;
  for (char *part = strtok(text, ","); part != NULL && count < room; part = strtok(NULL, ",")) list[count++] = part;
  return count;
}

// As in the fence: a root caller's command has no capability either, or the guard could not look into it.
static int drop_capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) (void)prctl(PR_CAPBSET_DROP, cap);
  return (int)syscall(SYS_capset, &header, none);
}

int main(int argc, char **argv) {
  static const char *names[1024], *except[64];
  int pair[2];
  if (argc < 7 || strcmp(argv[5], "--") != 0) return 64;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return 125;
  struct guard_options options = {.socket_fd = pair[0],
                                  .event_fd = open(argv[4], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600),
                                  .proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC),
                                  .mount_ns_fd = -1,
                                  .root = argv[1],
                                  .names = names,
                                  .except = except,
                                  .past_fd = -1,
                                  .past_bytes = 1 << 20};
  if (getenv("PAST") != NULL) options.past_fd = open(getenv("PAST"), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (drop_capabilities() != 0) return 125;
  options.name_count = split(argv[2], names, 1024);
  options.except_count = split(argv[3], except, 64);
  pid_t guard = fork();
  if (guard == 0) {
    close(pair[1]);
    guard_run(&options);
    perror("guard");
    _exit(1);
  }
  pid_t command = fork();
  if (command == 0) {
    close(pair[0]);
    if (guard_install(pair[1]) != 0) {
      perror("guard_install");
      _exit(125);
    }
    execvp(argv[6], argv + 6);
    perror(argv[6]);
    _exit(127);
  }
  close(pair[0]);
  close(pair[1]);
  if (getenv("KILL_GUARD_AFTER") != NULL) {
    usleep((useconds_t)atoi(getenv("KILL_GUARD_AFTER")) * 1000);
    kill(guard, SIGKILL);
  }
  int status = 0;
  while (waitpid(command, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
