// The sockets of the bridge (bridge_sockets.h).
#define _GNU_SOURCE
#include "bridge_sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static int give_up(int fd) {
  int cause = errno;
  close(fd);
  errno = cause;
  return -1;
}

// The address of loopback or of everywhere; returns its size.
static socklen_t address_of(uint16_t port, bool six, bool everywhere, struct sockaddr_storage *address) {
  *address = (struct sockaddr_storage){0};
  if (six) {
    *(struct sockaddr_in6 *)address = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    if (everywhere) ((struct sockaddr_in6 *)address)->sin6_addr = in6addr_any;
    return sizeof(struct sockaddr_in6);
  }
  uint32_t to = everywhere ? INADDR_ANY : INADDR_LOOPBACK;
  *(struct sockaddr_in *)address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(to)};
  return sizeof(struct sockaddr_in);
}

int bind_to(int fd, uint16_t port, bool six, bool everywhere) {
  struct sockaddr_storage address;
  socklen_t size = address_of(port, six, everywhere, &address);
  return bind(fd, (struct sockaddr *)&address, size);
}

int listen_on(uint16_t port, bool six, bool everywhere) {
  int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int one = 1;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (six) (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  return bind_to(fd, port, six, everywhere) == 0 && listen(fd, BACKLOG) == 0 ? fd : give_up(fd);
}

int dial_inside(uint16_t port, bool six) {
  struct sockaddr_storage address;
  socklen_t size = address_of(port, six, false, &address);
  int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int one = 1;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return connect(fd, (struct sockaddr *)&address, size) == 0 || errno == EINPROGRESS ? fd : give_up(fd);
}

int dial_unix(int path_fd) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "self/fd/%d", path_fd);  // relative to /proc
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  return connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : give_up(fd);
}
