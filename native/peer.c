// The peer of a connected Unix socket (peer.h).
#define _GNU_SOURCE
#include "peer.h"

#include <stdio.h>
#include <sys/socket.h>

int run_peer(void) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(0, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer) return 1;
  // 0: a process of a pid namespace that this one cannot see into.
  if (peer.pid <= 0) return 1;
  return printf("%d %u\n", peer.pid, peer.uid) > 0 && fflush(stdout) == 0 ? 0 : 1;
}
