// Programs that ignore proxy variables (DESIGN NET-4): in the fence's own network namespace every TCP connection to elsewhere arrives at the bridge,
// every question to a name server at our responder, and everything else is refused. Set by the helper before the command exists; the command has no
// capability over that namespace and no netlink socket, so it cannot change it. There is no route out behind it: a rule that fails closes, it never opens.
#ifndef RINGFENCE_REDIRECT_H
#define RINGFENCE_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How connections are caught.
enum redirect_way {
  REDIRECT_NFT,    // the kernel's nftables turn them to the bridge's own port, whatever theirs is
  REDIRECT_ANYIP,  // every address is local, and the bridge listens on the ports that rules name
};

struct redirect {
  enum redirect_way way;
  bool six;     // IPv6 as well
  bool resets;  // a connection to an address that is not turned is refused at once; otherwise all are turned
  bool logged;  // refused packets are told to whoever listens to REDIRECT_LOG_GROUP
};

enum { REDIRECT_DNS_PORT = 53, REDIRECT_LOG_GROUP = 53, REDIRECT_ADDRESSES = 64 };

// An address as it stands in a packet: SIZE 4 or 16.
struct redirect_address {
  uint8_t bytes[16];
  uint8_t size;
};

// What is turned. Names always are, by the addresses that stand for them.
struct redirect_wish {
  uint16_t port;  // the bridge's
  bool anyip;     // do not try nftables
  bool all;       // every address
  const struct redirect_address *addresses;  // or these alone: a connection to another is refused at once
  size_t address_count;
};

// The addresses that the loopback device gets, so that programs see a network: 198.18.0.1 and fd52:696e:6766::1. Names have addresses from these blocks.
extern const uint8_t redirect_four[4], redirect_six[16];

// An address from its text. False for anything else.
bool redirect_parse(const char *text, struct redirect_address *address);

// Sets it up, with loopback up and CAP_NET_ADMIN over the namespace.
// 0, or -1 with errno: then connections that are not for the proxy's own port end nowhere.
int redirect_set(struct redirect *redirect, const struct redirect_wish *wish);

// The errand `redirect [anyip]`: sets it up in a network namespace of its own, and prints how: `nft 4 6 reset log`. 0, or 1 with the reason on stderr.
int run_redirect(const char *option);

#endif
