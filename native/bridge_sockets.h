// The sockets of the bridge: how it listens inside, dials inside, and dials the supervisor.
#ifndef RINGFENCE_BRIDGE_SOCKETS_H
#define RINGFENCE_BRIDGE_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

// Binds to that port of loopback, or, EVERYWHERE, of all addresses. -1 with errno.
int bind_to(int fd, uint16_t port, bool six, bool everywhere);

// A listening TCP socket there. -1 with errno.
int listen_on(uint16_t port, bool six, bool everywhere);

// A TCP connection to that port of loopback, begun. -1 with errno.
int dial_inside(uint16_t port, bool six);

// A connection to a Unix socket that is known by an O_PATH descriptor only: no path to it exists inside. The working directory is /proc. -1 with errno.
int dial_unix(int path_fd);

#endif
