// One datagram a message (datagrams.h). A connected, blocking socket: a receiver that is slow is waited for, one that goes is an error.
#define _GNU_SOURCE
#include "datagrams.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LONGEST = 65536, DIGITS = 5, PATIENCE_S = 30 };

static int fail_with(const char *name) {
  fprintf(stderr, "%s\n", name);
  return 1;
}

static int connected(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  // A receiver that is stuck must not hold us for ever.
  const struct timeval patience = {.tv_sec = PATIENCE_S};
  if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
      connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    int error = errno;
    close(fd);
    return errno = error, -1;
  }
  return fd;
}

// 1: a message of *length bytes is in `bytes`; 0: the end; -1: not a message.
static int next_message(char *bytes, size_t *length) {
  size_t count = 0;
  int digits = 0;
  for (int c = getchar();; c = getchar()) {
    if (c == EOF) return digits == 0 ? 0 : -1;
    if (c == ' ' && digits > 0) break;
    if (c < '0' || c > '9' || ++digits > DIGITS) return -1;
    count = count * 10 + (size_t)(c - '0');
  }
  if (count > LONGEST || fread(bytes, 1, count, stdin) != count) return -1;
  *length = count;
  return 1;
}

int run_datagrams(const char *path) {
  static char bytes[LONGEST];
  int fd = connected(path);
  if (fd < 0) return fail_with(strerrorname_np(errno));
  for (;;) {
    size_t length;
    int read = next_message(bytes, &length);
    if (read == 0) return close(fd), 0;
    if (read < 0) return fail_with("EPROTO");
    ssize_t sent;
    do sent = send(fd, bytes, length, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent != (ssize_t)length) return fail_with(sent < 0 ? strerrorname_np(errno) : "EMSGSIZE");
  }
}
