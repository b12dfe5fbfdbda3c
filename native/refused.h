// What was refused inside, told to the proxy, which records every refusal: a connection of its own with nothing but a preface (preface.h).
#ifndef RINGFENCE_REFUSED_H
#define RINGFENCE_REFUSED_H

#include <stdbool.h>
#include <sys/socket.h>

#include "dns.h"
#include "packets.h"

// Where the proxy is (an O_PATH descriptor), and whether programs can be named. Before this nothing is told.
void refused_to(int proxy_fd, bool owners);

// A packet that the rules refused.
void refused_packet(const struct packet *packet);

// A question that no ordinary program asks, from that socket; TO only for TCP. Of a flood only some.
void refused_question(const struct dns_question *question, int protocol, const struct sockaddr_storage *from, const struct sockaddr_storage *to);

#endif
