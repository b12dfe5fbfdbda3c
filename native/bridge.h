// The bridge: the only way between the fence's loopback network and the supervisor's Unix sockets (DESIGN NET-2, `ports`).
// Inwards-out: 127.0.0.1:PORT and [::1]:PORT, each connection joined to a new one of the proxy's socket.
// Outwards-in: published ports; the supervisor hands over a connection by writing a port number into an idle one.
// Connections to elsewhere come here too, where the network is turned (redirect.h). It reads no byte of what it carries and decides nothing but "is this
// port in the list": where a connection was meant to go and whose it is, it tells the proxy (preface.h).
#ifndef RINGFENCE_BRIDGE_H
#define RINGFENCE_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns_service.h"
#include "redirect.h"

enum { BRIDGE_TURNED = 64, BRIDGE_LISTENERS = 2 + 2 * BRIDGE_TURNED };

struct bridge_options {
  int proc_fd;            // O_PATH|O_DIRECTORY of a /proc of the pid namespace in which bridge_run will run
  int proxy_fd;           // O_PATH of the proxy's Unix socket, or -1: the network is closed
  uint16_t port;          // where the proxy is reached inside; 0 when proxy_fd is -1
  int publish_fd;         // O_PATH of the supervisor's socket for published ports, or -1
  const uint16_t *ports;  // the only ports that may be dialled inside; must live as long as the process
  size_t port_count;
  bool preface;           // each connection to the proxy begins with who made it and where it was meant to go
  bool owners;            // and with the program: not where an engine stands between
  bool turn, anyip;       // connections to elsewhere come here; by AnyIP even where nftables could
  bool turn_all;          // to every address
  const struct redirect_address *addresses;  // or to names and these; at most REDIRECT_ADDRESSES
  size_t address_count;
  const uint16_t *turned; // by AnyIP: the ports that can be reached; at most BRIDGE_TURNED
  size_t turned_count;
};

struct bridge {
  struct bridge_options options;
  int listeners[BRIDGE_LISTENERS];
  size_t listener_count;
  int epoll_fd;
  struct redirect redirect;
  int packets_fd;  // refused packets are told there, or -1
  struct dns_service dns;
};

// Opens the listeners, in the fence's network namespace with loopback up. Call it before the command starts: afterwards the
// port answers, and the network is turned. Returns 0, or -1 with errno (EADDRINUSE …): then the fence must not start.
int bridge_open(struct bridge *bridge, const struct bridge_options *options);

// Closes what bridge_open opened: for the process that forked the one which serves.
void bridge_close(struct bridge *bridge);

// Serves for ever. Call it in a child process of its own, still in the network namespace; it closes every descriptor that it
// does not need, gives up all capabilities, is not dumpable and is killed with its parent.
_Noreturn void bridge_run(struct bridge *bridge);

#endif
