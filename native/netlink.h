// Netlink messages, as the kernel's own networking wants them: built in a buffer, sent, and every acknowledgement awaited.
#ifndef RINGFENCE_NETLINK_H
#define RINGFENCE_NETLINK_H

#include <stddef.h>
#include <stdint.h>

// One request of one or more messages. What does not fit makes `netlink_send` fail with EMSGSIZE: nothing is cut silently.
struct netlink {
  size_t used, message;  // MESSAGE: where the one being built begins
  unsigned expected;     // acknowledgements
  int overflow;
  _Alignas(4) unsigned char bytes[1 << 15];
};

// Opens a socket of that netlink family. -1 with errno.
int netlink_open(int family);

// Begins a message: its type, its flags besides NLM_F_REQUEST, its fixed head. `netlink_end` closes it.
void netlink_begin(struct netlink *request, uint16_t type, uint16_t flags, const void *head, size_t size);
void netlink_end(struct netlink *request);

// An attribute of the message being built.
void netlink_put(struct netlink *request, uint16_t type, const void *data, size_t size);
void netlink_put_text(struct netlink *request, uint16_t type, const char *text);
void netlink_put_u32be(struct netlink *request, uint16_t type, uint32_t value);

// An attribute that holds others: what `netlink_nest` returned closes it.
size_t netlink_nest(struct netlink *request, uint16_t type);
void netlink_end_nest(struct netlink *request, size_t nest);

// Sends it and waits for all acknowledgements. 0, or -1 with the errno of the first message that was refused.
int netlink_send(int fd, const struct netlink *request);

#endif
