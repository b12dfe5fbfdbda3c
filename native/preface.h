// What stands in front of every connection that the bridge hands to the proxy: the PROXY protocol, version 2 (haproxy.org, proxy-protocol.txt), with
// who connected, where to before it was turned, and what the fence knows besides. Pure.
#ifndef RINGFENCE_PREFACE_H
#define RINGFENCE_PREFACE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

// Our own fields (the protocol leaves 0xE0 to 0xEF to applications).
enum { PREFACE_PID = 0xe0, PREFACE_EXE = 0xe1, PREFACE_NAME = 0xe2, PREFACE_REFUSED = 0xe3 };

enum { PREFACE_MOST = 2048, PREFACE_EXE_MOST = 1024 };

struct preface {
  struct sockaddr_storage from, to;  // of one family; otherwise the connection's ends are unknown (LOCAL)
  uint32_t pid;                      // in the fence's pid namespace; 0: unknown
  const char *exe, *name;            // or NULL
  const char *refused;               // one word when this is no connection but was refused inside (refused.h), or NULL
};

// Writes it to BYTES (PREFACE_MOST). Returns its length.
size_t preface_write(const struct preface *preface, uint8_t *bytes);

#endif
