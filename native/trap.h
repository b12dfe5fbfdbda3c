// How a command's trapping filter comes to the process that answers it: the handshake of the guard and of the recorder.
#ifndef RINGFENCE_TRAP_H
#define RINGFENCE_TRAP_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>

// In the command child: waits until the other end is ready, loads the filter, hands its listener over and waits for the answer; then
// closes SOCKET. 0, or -1 with errno: then the command must not start.
int trap_install(int socket, const struct sock_fprog *filter);

// At the other end: says that it is ready and receives the listener. -1 with errno.
int trap_receive(int socket);

// Answers: from now on somebody serves. Closes SOCKET; -1 with errno.
int trap_confirm(int socket);

// The next trapped call. False when nobody is left who could make one. Any other trouble ends this process: closed, not open.
bool trap_next(int listener, struct seccomp_notif *notice);

#endif
