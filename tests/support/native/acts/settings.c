// What every act needs (acts.h).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acts.h"

char **settings;

const char *setting(const char *key) {
  size_t length = strlen(key);
  for (char **at = settings; *at != NULL; at++) {
    if (strncmp(*at, key, length) == 0 && (*at)[length] == '=') return *at + length + 1;
  }
  fprintf(stderr, "acts: no setting %s\n", key);
  exit(2);
}

int number(const char *key) { return atoi(setting(key)); }
int result(long value) { return value < 0 ? errno : 0; }

int read_at(const char *path) {
  char bytes[64];
  int fd = open(path, O_RDONLY | O_NONBLOCK);
  if (fd < 0) return errno;
  ssize_t n = read(fd, bytes, sizeof bytes);
  int cause = n > 0 ? 0 : n == 0 ? ENODATA : errno;
  close(fd);
  return cause;
}

int child(int (*act)(void)) {
  pid_t pid = fork();
  if (pid == 0) _exit(act());
  int how;
  waitpid(pid, &how, 0);
  return WIFEXITED(how) ? WEXITSTATUS(how) : 200 + WTERMSIG(how);
}
