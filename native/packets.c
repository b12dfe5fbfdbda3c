// Refused packets (packets.h), from the kernel's log (NFLOG).
#define _GNU_SOURCE
#include "packets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"
#include "redirect.h"

enum { HEAD_BYTES = 64, MESSAGES = 32 };

static void configure(struct netlink *request) {
  struct nfgenmsg head = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(REDIRECT_LOG_GROUP)};
  netlink_begin(request, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG, NLM_F_ACK, &head, sizeof head);
}

int packets_open(void) {
  int fd = netlink_open(NETLINK_NETFILTER);
  if (fd < 0) return -1;
  struct netlink request = {0};
  struct nfulnl_msg_config_cmd bind = {.command = NFULNL_CFG_CMD_BIND};
  struct nfulnl_msg_config_mode mode = {.copy_range = htonl(HEAD_BYTES), .copy_mode = NFULNL_COPY_PACKET};
  configure(&request);
  netlink_put(&request, NFULA_CFG_CMD, &bind, sizeof bind);
  netlink_end(&request);
  configure(&request);
  netlink_put(&request, NFULA_CFG_MODE, &mode, sizeof mode);
  netlink_put_u32be(&request, NFULA_CFG_QTHRESH, 1);  // told at once: who sent it may end soon
  netlink_end(&request);
  if (netlink_send(fd, &request) == 0) return fd;
  int cause = errno;
  close(fd);
  errno = cause;
  return -1;
}

static void put_ends(struct packet *packet, int family, const uint8_t *from, const uint8_t *to, const uint8_t *ports) {
  uint16_t of[2] = {0, 0};
  if (ports != NULL) memcpy(of, ports, sizeof of);
  if (family == AF_INET) {
    struct sockaddr_in *a = (void *)&packet->from, *b = (void *)&packet->to;
    *a = *b = (struct sockaddr_in){.sin_family = AF_INET};
    memcpy(&a->sin_addr, from, 4), memcpy(&b->sin_addr, to, 4);
    a->sin_port = of[0], b->sin_port = of[1];
  } else {
    struct sockaddr_in6 *a = (void *)&packet->from, *b = (void *)&packet->to;
    *a = *b = (struct sockaddr_in6){.sin6_family = AF_INET6};
    memcpy(&a->sin6_addr, from, 16), memcpy(&b->sin6_addr, to, 16);
    a->sin6_port = of[0], b->sin6_port = of[1];
  }
}

bool packet_ends(const uint8_t *bytes, size_t size, struct packet *packet) {
  *packet = (struct packet){0};
  if (size < 1) return false;
  bool four = bytes[0] >> 4 == 4;
  size_t head = four ? (size_t)(bytes[0] & 15) * 4 : 40;
  if ((!four && bytes[0] >> 4 != 6) || head < 20 || size < head) return false;
  packet->protocol = four ? bytes[9] : bytes[6];
  bool ports = (packet->protocol == IPPROTO_UDP || packet->protocol == IPPROTO_TCP) && size >= head + 4;
  put_ends(packet, four ? AF_INET : AF_INET6, bytes + (four ? 12 : 8), bytes + (four ? 16 : 24), ports ? bytes + head : NULL);
  return true;
}

static void read_packet(const struct nlmsghdr *header, void (*hear)(const struct packet *)) {
  if (header->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg))) return;
  size_t left = header->nlmsg_len - NLMSG_LENGTH(sizeof(struct nfgenmsg));
  const uint8_t *at = (const uint8_t *)NLMSG_DATA(header) + NLMSG_ALIGN(sizeof(struct nfgenmsg));
  struct nlattr attribute;
  while (left >= sizeof attribute) {
    memcpy(&attribute, at, sizeof attribute);
    if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > left) return;
    struct packet packet;
    if (attribute.nla_type == NFULA_PAYLOAD && packet_ends(at + NLA_HDRLEN, attribute.nla_len - NLA_HDRLEN, &packet)) hear(&packet);
    size_t step = NLA_ALIGN(attribute.nla_len);
    if (step >= left) return;
    at += step;
    left -= step;
  }
}

void packets_read(int fd, void (*hear)(const struct packet *)) {
  for (int i = 0; i < MESSAGES; i++) {
    _Alignas(4) uint8_t bytes[8192];
    ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n <= 0) return;
    int left = (int)n;
    for (const struct nlmsghdr *header = (const void *)bytes; NLMSG_OK(header, (unsigned)left); header = NLMSG_NEXT(header, left)) read_packet(header, hear);
  }
}
