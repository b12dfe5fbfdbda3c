// The nftables rules of a fence (redirect.h), set over netlink: no nft program is needed, and none is trusted.
#ifndef RINGFENCE_NFT_H
#define RINGFENCE_NFT_H

#include "redirect.h"

// All rules in one transaction, with what USE says (IPv6, resets, a log of refused packets up to a rate). 0, or -1 with errno and nothing set.
int nft_set(const struct redirect_wish *wish, const struct redirect *use);

#endif
