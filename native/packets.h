// Packets that the fence's rules refused (nft.h), as the kernel tells them: which program wanted to speak UDP, ICMP or something else to whom.
#ifndef RINGFENCE_PACKETS_H
#define RINGFENCE_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct packet {
  uint8_t protocol;                  // IPPROTO_UDP, …
  struct sockaddr_storage from, to;  // ports are 0 where the protocol has none
};

// Opens the kernel's log of them, in the fence's network namespace with CAP_NET_ADMIN. -1 with errno.
int packets_open(void);

// Reads what waits and hands each to HEAR.
void packets_read(int fd, void (*hear)(const struct packet *));

// The ends of the packet that begins with these bytes; false for one that is not whole so far. Pure.
bool packet_ends(const uint8_t *bytes, size_t size, struct packet *packet);

#endif
