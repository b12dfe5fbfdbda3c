// Sockets: who can be reached, which families there are, and what sockets can be made to do in the kernel.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "acts.h"

// Sockets
static int connect_unix(const char *name, bool abstract) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return errno;
  snprintf(to.sun_path + abstract, sizeof to.sun_path - abstract, "%s", name);
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name) + (abstract ? 0 : 1));
  return result(connect(fd, (struct sockaddr *)&to, length));
}
static int unix_abstract(void) { return connect_unix(setting("abstract"), true); }
static int unix_path(void) { return connect_unix(setting("socket"), false); }
static int tcp_host(void) {
  struct sockaddr_in {
    uint16_t family, port;
    uint32_t address;
    char pad[8];
  } to = {AF_INET, __builtin_bswap16((uint16_t)number("tcp")), 0x0100007f, ""};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&to, sizeof to));
}
static int net_raw(void) { return result(socket(AF_INET, SOCK_RAW, 1)); }
static int net_packet(void) { return result(socket(AF_PACKET, SOCK_RAW, 0)); }
static int net_netlink(void) { return result(socket(AF_NETLINK, SOCK_RAW, 0)); }
static int net_netfilter(void) { return result(socket(AF_NETLINK, SOCK_RAW, 12)); }
static int net_vsock(void) { return result(socket(40, SOCK_STREAM, 0)); }
static int net_alg(void) { return result(socket(38, SOCK_SEQPACKET, 0)); }
static int net_pair(void) {
  int pair[2];
  return result(socketpair(AF_INET, SOCK_STREAM, 0, pair)) == EOPNOTSUPP ? 0 : errno;
}
static int net_mptcp(void) { return result(socket(AF_INET, SOCK_STREAM, 262)); }

// Filters, and what sockets can be made to do in the kernel
static struct sock_filter all_of_it[] = {{0x06, 0, 0, 0x7fff0000}};
static int listener(void) {
  struct sock_fprog program = {1, all_of_it};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return result(syscall(SYS_seccomp, 1, 8, &program));
}
static int socket_filter(void) {
  struct sock_fprog program = {1, all_of_it};
  return result(setsockopt(socket(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET, 26, &program, sizeof program));
}
static int socket_upper(void) {
  int got = result(setsockopt(socket(AF_INET, SOCK_STREAM, 0), 6, 31, "tls", 3));
  return got == ENOTCONN || got == ENOENT ? 0 : got;
}
static int urgent(void) {
  int pair[2];
  return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 ? errno : result(send(pair[0], "x", 1, MSG_OOB));
}
static int urgent_message(void) {
  int pair[2];
  struct iovec part = {"x", 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 ? errno : result(sendmsg(pair[0], &message, MSG_OOB));
}
static int net_sctp(void) { return result(socket(AF_INET, SOCK_SEQPACKET, 0)); }

const struct act network_acts[] = {
    ACT(unix_abstract), ACT(unix_path), ACT(tcp_host), ACT(net_raw), ACT(net_packet), ACT(net_netlink), ACT(net_netfilter), ACT(net_vsock),
    ACT(net_alg), ACT(net_pair), ACT(net_mptcp), ACT(listener), ACT(socket_filter), ACT(socket_upper), ACT(urgent), ACT(urgent_message),
    ACT(net_sctp),
    {NULL, NULL},
};
