// The fence's name server: UDP and TCP, port 53, over IPv4 and IPv6. It answers with addresses that lead to the bridge (names.h) and asks nobody.
#ifndef RINGFENCE_DNS_SERVICE_H
#define RINGFENCE_DNS_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

enum { DNS_DESCRIPTORS = 5 };

struct dns_service {
  int epoll_fd, sockets[4];  // -1: without IPv6
  bool six;
};

// Opens its sockets, in the fence's network namespace, with the right to bind port 53. -1 with errno.
int dns_open(struct dns_service *service, bool six);

// Its descriptors, for those who close all others.
void dns_keep(const struct dns_service *service, int descriptors[DNS_DESCRIPTORS]);

// Answers what waits. Call it when `epoll_fd` is readable.
void dns_serve(struct dns_service *service);

#endif
