// Netlink messages (netlink.h).
#define _GNU_SOURCE
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

// A kernel that does not answer at all must not hold a start up for ever.
enum { ANSWER_SECONDS = 5 };

int netlink_open(int family) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
  if (fd < 0) return -1;
  struct timeval patience = {.tv_sec = ANSWER_SECONDS};
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

static void append(struct netlink *request, const void *data, size_t size) {
  size_t padded = NLMSG_ALIGN(size);
  if (request->overflow || request->used + padded > sizeof request->bytes) {
    request->overflow = 1;
    return;
  }
  memset(request->bytes + request->used, 0, padded);
  if (size > 0) memcpy(request->bytes + request->used, data, size);
  request->used += padded;
}

void netlink_begin(struct netlink *request, uint16_t type, uint16_t flags, const void *head, size_t size) {
  struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_flags = flags | NLM_F_REQUEST};
  request->message = request->used;
  if (flags & NLM_F_ACK) request->expected++;
  append(request, &header, sizeof header);
  append(request, head, size);
}

void netlink_end(struct netlink *request) {
  if (request->overflow) return;
  uint32_t length = (uint32_t)(request->used - request->message);
  memcpy(request->bytes + request->message, &length, sizeof length);
}

void netlink_put(struct netlink *request, uint16_t type, const void *data, size_t size) {
  struct nlattr attribute = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type};
  append(request, &attribute, sizeof attribute);
  append(request, data, size);
}

void netlink_put_text(struct netlink *request, uint16_t type, const char *text) { netlink_put(request, type, text, strlen(text) + 1); }

void netlink_put_u32be(struct netlink *request, uint16_t type, uint32_t value) {
  value = htonl(value);
  netlink_put(request, type, &value, sizeof value);
}

size_t netlink_nest(struct netlink *request, uint16_t type) {
  size_t at = request->used;
  netlink_put(request, type | NLA_F_NESTED, NULL, 0);
  return at;
}

void netlink_end_nest(struct netlink *request, size_t nest) {
  if (request->overflow) return;
  uint16_t length = (uint16_t)(request->used - nest);
  memcpy(request->bytes + nest, &length, sizeof length);
}

int netlink_send(int fd, const struct netlink *request) {
  if (request->overflow) return errno = EMSGSIZE, -1;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  if (sendto(fd, request->bytes, request->used, 0, (struct sockaddr *)&kernel, sizeof kernel) != (ssize_t)request->used) return -1;
  for (unsigned acknowledged = 0; acknowledged < request->expected;) {
    _Alignas(4) unsigned char answer[8192];
    ssize_t n = recv(fd, answer, sizeof answer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return -1;
    int left = (int)n;
    for (struct nlmsghdr *header = (struct nlmsghdr *)answer; NLMSG_OK(header, (unsigned)left); header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type != NLMSG_ERROR) continue;
      const struct nlmsgerr *error = NLMSG_DATA(header);
      if (error->error != 0) return errno = -error->error, -1;
      acknowledged++;
    }
  }
  return 0;
}
