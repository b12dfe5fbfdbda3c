// The words of nftables as netlink messages (linux/netfilter/nf_tables.h): one table, its chains, and rules made of expressions.
#ifndef RINGFENCE_NFT_RULE_H
#define RINGFENCE_NFT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink.h"

// A transaction: begin, the table, chains and rules in their order, end.
void nft_begin(struct netlink *batch);
void nft_end(struct netlink *batch);
void nft_table(struct netlink *batch);

// A chain of packets that leave: KIND `filter` or `nat`; POLICY what becomes of those that no rule ends.
void nft_chain(struct netlink *batch, const char *name, const char *kind, int priority, uint32_t policy);

// A rule being written: its expressions one after the other, each leaving its value in the one register. The rule goes on while they hold.
struct rule {
  struct netlink *batch;
  size_t list, element, data;
};
struct rule rule_begin(struct netlink *batch, const char *chain);
void rule_end(struct rule *rule);

void when_protocol(struct rule *rule, uint8_t protocol);
void when_port(struct rule *rule, uint8_t protocol, uint16_t port);
// Neither from nor to one of these ports.
void when_at_no_end(struct rule *rule, const uint16_t ports[2]);
// To an address of FAMILY (NFPROTO_IPV4, NFPROTO_IPV6) that begins with these bytes.
void when_to(struct rule *rule, uint8_t family, const uint8_t *address, size_t bytes);
// While there are no more than RATE in so many SECONDS; OVER: only when there are more.
void when_rate(struct rule *rule, bool over, uint64_t rate, uint64_t seconds, uint32_t burst);

void end_with(struct rule *rule, uint32_t verdict);
void turn_to(struct rule *rule, uint16_t port);
// The packet's first bytes are told to whoever listens to that group.
void tell_group(struct rule *rule, uint16_t group, uint32_t bytes);
void reset_tcp(struct rule *rule);
void leave_untracked(struct rule *rule);

#endif
