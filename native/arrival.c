// A connection that has just arrived (arrival.h).
#define _GNU_SOURCE
#include "arrival.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "names.h"
#include "owner.h"

enum { ORIGINAL_DESTINATION = 80 };  // SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST

// What nftables turned, or, where they turned nothing, the address at which it arrived.
bool arrival_destination(int near, struct sockaddr_storage *to) {
  socklen_t size = sizeof *to;
  if (getsockname(near, (struct sockaddr *)to, &size) != 0) return false;
  struct sockaddr_storage turned;
  size = sizeof turned;
  int level = to->ss_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
  if (getsockopt(near, level, ORIGINAL_DESTINATION, &turned, &size) == 0 && turned.ss_family == to->ss_family) *to = turned;
  return true;
}

static bool is_loopback(const struct sockaddr_storage *address) {
  const struct sockaddr_in *four = (const void *)address;
  const struct sockaddr_in6 *six = (const void *)address;
  if (address->ss_family == AF_INET) return ntohl(four->sin_addr.s_addr) >> 24 == 127;
  return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static uint16_t port_of(const struct sockaddr_storage *address) {
  return ntohs(address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port : ((const struct sockaddr_in6 *)address)->sin6_port);
}

const char *arrival_name(const struct sockaddr_storage *address) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  uint32_t number;
  bool known = address->ss_family == AF_INET ? names_of_four((const uint8_t *)&((const struct sockaddr_in *)address)->sin_addr, &number)
                                             : names_of_six((const uint8_t *)&((const struct sockaddr_in6 *)address)->sin6_addr, &number);
  return known ? names_find(number, (uint32_t)now.tv_sec) : NULL;
}

size_t arrival_preface(int near, uint16_t own_port, bool owners, uint8_t *bytes) {
  struct preface preface = {0};
  socklen_t size = sizeof preface.from;
  if (getpeername(near, (struct sockaddr *)&preface.from, &size) != 0 || !arrival_destination(near, &preface.to)) return 0;
  if (is_loopback(&preface.to) && port_of(&preface.to) != own_port) return 0;
  static struct owner owner;
  if (owners && owner_find(IPPROTO_TCP, &preface.from, &preface.to, &owner)) {
    preface.pid = owner.pid;
    preface.exe = owner.exe[0] == 0 ? NULL : owner.exe;
  }
  preface.name = arrival_name(&preface.to);
  return preface_write(&preface, bytes);
}
