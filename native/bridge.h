// The bridge: the only way between the fence's loopback network and the supervisor's Unix sockets (DESIGN NET-2, `ports`).
// Inwards-out: 127.0.0.1:PORT and [::1]:PORT, each connection joined to a new one of the proxy's socket.
// Outwards-in: published ports; the supervisor hands over a connection by writing a port number into an idle one.
// It reads no byte of what it carries and decides nothing but "is this port in the list".
#ifndef RINGFENCE_BRIDGE_H
#define RINGFENCE_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

struct bridge_options {
  int proc_fd;            // O_PATH|O_DIRECTORY of a /proc of the pid namespace in which bridge_run will run
  int proxy_fd;           // O_PATH of the proxy's Unix socket, or -1: the network is closed
  uint16_t port;          // where the proxy is reached inside; 0 when proxy_fd is -1
  int publish_fd;         // O_PATH of the supervisor's socket for published ports, or -1
  const uint16_t *ports;  // the only ports that may be dialled inside; must live as long as the process
  size_t port_count;
};

struct bridge {
  struct bridge_options options;
  int listeners[2];
  int epoll_fd;
};

// Opens the listeners, in the fence's network namespace with loopback up. Call it before the command starts: afterwards the
// port answers. Returns 0, or -1 with errno (EADDRINUSE …): then the fence must not start.
int bridge_open(struct bridge *bridge, const struct bridge_options *options);

// Serves for ever. Call it in a child process of its own, still in the network namespace; it closes every descriptor that it
// does not need, gives up all capabilities, is not dumpable and is killed with its parent.
_Noreturn void bridge_run(struct bridge *bridge);

#endif
