// Opening the bridge (bridge.h): its listeners, the network turned to them, the name server. What follows needs none of the rights that this does.
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "bridge.h"
#include "bridge_sockets.h"
#include "owner.h"
#include "packets.h"

// On loopback, or, EVERYWHERE, at every address. 0, or -1 with errno.
static int add_listener(struct bridge *bridge, uint16_t port, bool six, bool everywhere) {
  int fd = listen_on(port, six, everywhere);
  if (fd < 0) return -1;
  bridge->listeners[bridge->listener_count++] = fd;
  return 0;
}

static int open_listeners(struct bridge *bridge) {
  const struct bridge_options *options = &bridge->options;
  if (add_listener(bridge, options->port, false, false) != 0) return -1;
  // A machine without IPv6 has nobody who could ask there.
  if (add_listener(bridge, options->port, true, false) != 0 && errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL) return -1;
  if (!options->turn) return 0;
  struct redirect_wish wish = {.port = options->port, .anyip = options->anyip, .all = options->turn_all, .addresses = options->addresses, .address_count = options->address_count};
  if (redirect_set(&bridge->redirect, &wish) != 0 || dns_open(&bridge->dns, bridge->redirect.six) != 0) return -1;
  if (bridge->redirect.logged) bridge->packets_fd = packets_open();  // a kernel that does not tell them refuses them all the same
  if (bridge->redirect.way != REDIRECT_ANYIP) return 0;
  for (size_t i = 0; i < options->turned_count; i++) {
    uint16_t port = options->turned[i];
    if (port == options->port || port == REDIRECT_DNS_PORT) continue;
    if (add_listener(bridge, port, false, true) != 0 || (bridge->redirect.six && add_listener(bridge, port, true, true) != 0)) return -1;
  }
  return 0;
}

int bridge_open(struct bridge *bridge, const struct bridge_options *options) {
  *bridge = (struct bridge){.options = *options, .epoll_fd = -1, .packets_fd = -1, .dns = {.epoll_fd = -1, .sockets = {-1, -1, -1, -1}}};
  if (options->proxy_fd < 0) return 0;
  if (open_listeners(bridge) == 0 && (!options->owners || owner_open(options->proc_fd) == 0)) return 0;
  int cause = errno;
  bridge_close(bridge);
  errno = cause;
  return -1;
}

void bridge_close(struct bridge *bridge) {
  int others[DNS_DESCRIPTORS + 3] = {bridge->epoll_fd, bridge->packets_fd, owner_descriptor()};
  dns_keep(&bridge->dns, others + 3);
  for (size_t i = 0; i < bridge->listener_count; i++) close(bridge->listeners[i]);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (others[i] >= 0) close(others[i]);
}
