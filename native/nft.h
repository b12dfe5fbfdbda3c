// The nftables rules of a fence (redirect.h), set over netlink: no nft program is needed, and none is trusted.
#ifndef RINGFENCE_NFT_H
#define RINGFENCE_NFT_H

#include <stdbool.h>
#include <stdint.h>

// All rules in one transaction. With SIX also for IPv6; with LOG refused packets are told, up to a rate. 0, or -1 with errno and nothing set.
int nft_set(uint16_t port, bool six, bool log);

#endif
