// Turning connections to the bridge (redirect.h): addresses and routes over rtnetlink, then nftables, or AnyIP where the kernel has none.
#define _GNU_SOURCE
#include "redirect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"
#include "nft.h"

const uint8_t redirect_four[4] = {198, 18, 0, 1}, redirect_six[16] = {0xfd, 0x52, 0x69, 0x6e, 0x67, 0x66, [15] = 1};

static uint32_t loopback_index(void) { return if_nametoindex("lo"); }

static int send_one(int fd, struct netlink *request) {
  netlink_end(request);
  return netlink_send(fd, request);
}

static int add_address(int fd, int family, const uint8_t *address, size_t size) {
  struct ifaddrmsg head = {.ifa_family = (uint8_t)family, .ifa_prefixlen = (uint8_t)(size * 8), .ifa_scope = RT_SCOPE_UNIVERSE, .ifa_index = loopback_index()};
  if (family == AF_INET6) head.ifa_flags = IFA_F_NODAD;
  struct netlink request = {0};
  netlink_begin(&request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
  netlink_put(&request, IFA_LOCAL, address, size);
  netlink_put(&request, IFA_ADDRESS, address, size);
  return send_one(fd, &request);
}

// Everywhere, by the loopback device: what nftables do not turn, or do not know, is dropped there.
static int add_route(int fd, int family, const uint8_t *from, size_t size, bool local) {
  struct rtmsg head = {.rtm_family = (uint8_t)family,
                       .rtm_table = local ? RT_TABLE_LOCAL : RT_TABLE_MAIN,
                       .rtm_protocol = RTPROT_STATIC,
                       .rtm_scope = local && family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
                       .rtm_type = local ? RTN_LOCAL : RTN_UNICAST};
  struct netlink request = {0};
  netlink_begin(&request, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE, &head, sizeof head);
  uint32_t device = loopback_index();
  netlink_put(&request, RTA_OIF, &device, sizeof device);
  if (!local) netlink_put(&request, RTA_PREFSRC, from, size);
  return send_one(fd, &request);
}

// A machine without IPv6 has nobody who could ask there.
static bool no_such_family(int cause) { return cause == EAFNOSUPPORT || cause == EOPNOTSUPP || cause == EACCES || cause == ENODEV || cause == EPERM; }

static int set_routes(struct redirect *redirect, bool local) {
  int fd = netlink_open(NETLINK_ROUTE);
  if (fd < 0) return -1;
  int result = add_address(fd, AF_INET, redirect_four, sizeof redirect_four);
  if (result == 0) result = add_route(fd, AF_INET, redirect_four, sizeof redirect_four, local);
  redirect->six = result == 0 && add_address(fd, AF_INET6, redirect_six, sizeof redirect_six) == 0;
  if (redirect->six) result = add_route(fd, AF_INET6, redirect_six, sizeof redirect_six, local);
  else if (result == 0 && !no_such_family(errno)) result = -1;
  int cause = errno;
  close(fd);
  errno = cause;
  return result;
}

// The kernel's filter is asked with everything first, then without what it may lack.
static bool set_rules(struct redirect *redirect, const struct redirect_wish *wish) {
  for (int lacks = 0; lacks < 4; lacks++) {
    redirect->logged = (lacks & 1) == 0;
    redirect->resets = (lacks & 2) == 0;
    if (nft_set(wish, redirect) == 0) return true;
  }
  return false;
}

bool redirect_parse(const char *text, struct redirect_address *address) {
  address->size = strchr(text, ':') == NULL ? 4 : 16;
  return inet_pton(address->size == 4 ? AF_INET : AF_INET6, text, address->bytes) == 1;
}

int redirect_set(struct redirect *redirect, const struct redirect_wish *wish) {
  *redirect = (struct redirect){.way = REDIRECT_NFT};
  // The rules first, for both families: there is never a route without them.
  redirect->six = access("/proc/net/if_inet6", F_OK) == 0;
  if (!wish->anyip && set_rules(redirect, wish)) return set_routes(redirect, false);
  redirect->way = REDIRECT_ANYIP;
  redirect->logged = redirect->resets = false;
  return set_routes(redirect, true);
}

static int own_namespace(void) {
  // With the right to, as in a fence; else as whoever may make a user namespace.
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return -1;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int result = ioctl(fd, SIOCSIFFLAGS, &request);
  close(fd);
  return result;
}

int run_redirect(const char *option) {
  struct redirect redirect;
  struct redirect_wish wish = {.port = 1, .anyip = strcmp(option, "anyip") == 0};
  if (own_namespace() != 0 || redirect_set(&redirect, &wish) != 0) {
    perror("redirect");
    return 1;
  }
  const char *way = redirect.way == REDIRECT_NFT ? "nft" : "anyip";
  printf("%s 4%s%s%s\n", way, redirect.six ? " 6" : "", redirect.resets ? " reset" : "", redirect.logged ? " log" : "");
  return 0;
}
