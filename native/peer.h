// Says who is at the other end of a Unix socket, as the kernel wrote it down when the connection was made: Node cannot ask.
#ifndef RINGFENCE_PEER_H
#define RINGFENCE_PEER_H

// Prints `PID UID` of the peer of descriptor 0. Returns the exit code: 0, or 1 when it is no such socket.
int run_peer(void);

#endif
