// Whose connection it is (DESIGN NET-8): the kernel is asked which socket has these two ends, and the fence's processes which of them holds it.
// Found or unknown, never guessed: a process that has ended, or passed its socket on, is not named.
#ifndef RINGFENCE_OWNER_H
#define RINGFENCE_OWNER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct owner {
  uint32_t pid;  // in the innermost pid namespace of that process
  char exe[PATH_MAX];  // "" when it cannot be told
};

// Opens what is needed, in the fence's network namespace. PROC: a /proc in which the fence's processes are seen. -1 with errno.
int owner_open(int proc);

// The descriptor that `owner_find` needs, for those who close all others.
int owner_descriptor(void);

// A process that holds the socket of PROTOCOL with the local end FROM and the far end TO (as that socket sees it, before it was turned; TCP alone has
// one that counts).
bool owner_find(int protocol, const struct sockaddr_storage *from, const struct sockaddr_storage *to, struct owner *owner);

#endif
