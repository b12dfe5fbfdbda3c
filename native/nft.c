// The nftables rules (nft.h). As nft(8) would print them:
//   table inet ringfence {
//     chain untracked { type filter hook output priority -300; policy accept;  # the agent's own loopback costs nothing and fills no table
//       ip daddr 127.0.0.0/8 tcp sport != { PORT, 53 } tcp dport != { PORT, 53 } notrack; udp of 53 alone; and so for ip6 daddr ::1 }
//     chain turned { type nat hook output priority -100; policy accept;
//       udp dport 53 limit rate over 1000/second burst 5000 drop
//       ip daddr 127.0.0.0/8 accept; ip6 daddr ::1 accept; ip daddr 198.18.0.1 accept; ip6 daddr fd52:696e:6766::1 accept
//       udp dport 53 redirect to :53; tcp dport 53 redirect to :53
//       meta l4proto tcp ip daddr { 198.18.0.0/15, the wish's addresses } redirect to :PORT, and so on for ip6; or all of it }
//     chain closed { type filter hook output priority 0; policy drop;     # a local sender hears EPERM at once
//       (the same four) accept; limit rate 20/minute log group 53; meta l4proto tcp reject with tcp reset }
//   }
#define _GNU_SOURCE
#include "nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <unistd.h>

#include "netlink.h"
#include "nft_rule.h"
#include "redirect.h"

static const uint8_t loopback[] = {127}, loopback_six[16] = {[15] = 1};

// LOGGED: of a flood only the first of each minute; what the others say is the same. QUESTIONS: each is a connection to the kernel, which remembers it
// for half a minute in memory that no cgroup counts.
enum { LOGGED_PER_MINUTE = 20, LOGGED_BYTES = 64, QUESTIONS_PER_SECOND = 1000, QUESTIONS_AT_ONCE = 5000 };

// Not what comes back from the bridge and the name server: the kernel has to give it the address that was dialled. Nor what goes to them: of a connection
// whose one direction is followed and the other is not, the kernel makes another that may be given another port.
static void leave_alone(struct netlink *batch, uint16_t port, uint8_t family, const uint8_t *own, size_t bytes) {
  static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
  for (size_t i = 0; i < sizeof protocols; i++) {
    struct rule rule = rule_begin(batch, "untracked");
    when_to(&rule, family, own, bytes);
    when_protocol(&rule, protocols[i]);
    when_at_no_end(&rule, (uint16_t[]){protocols[i] == IPPROTO_TCP ? port : REDIRECT_DNS_PORT, REDIRECT_DNS_PORT});
    leave_untracked(&rule);
    rule_end(&rule);
  }
}

// What is the fence's own: loopback with whatever the agent serves there, and the device's own addresses.
static void accept_own(struct netlink *batch, const char *name, bool six) {
  struct rule rule = rule_begin(batch, name);
  when_to(&rule, NFPROTO_IPV4, loopback, sizeof loopback);
  end_with(&rule, NF_ACCEPT);
  rule_end(&rule);
  rule = rule_begin(batch, name);
  when_to(&rule, NFPROTO_IPV4, redirect_four, sizeof redirect_four);
  end_with(&rule, NF_ACCEPT);
  rule_end(&rule);
  if (!six) return;
  const uint8_t *const own[] = {loopback_six, redirect_six};
  for (size_t i = 0; i < 2; i++) {
    rule = rule_begin(batch, name);
    when_to(&rule, NFPROTO_IPV6, own[i], 16);
    end_with(&rule, NF_ACCEPT);
    rule_end(&rule);
  }
}

// TCP to addresses that begin so; all TCP when there is nothing to begin with.
static void turn_tcp(struct netlink *batch, uint16_t port, const uint8_t *prefix, size_t bytes, uint8_t family) {
  struct rule rule = rule_begin(batch, "turned");
  when_protocol(&rule, IPPROTO_TCP);
  if (bytes > 0) when_to(&rule, family, prefix, bytes);
  turn_to(&rule, port);
  rule_end(&rule);
}

static void turn_names(struct netlink *batch, uint16_t port, bool six) {
  for (uint8_t i = 0; i < 2; i++) turn_tcp(batch, port, (uint8_t[]){redirect_four[0], redirect_four[1] + i}, 2, NFPROTO_IPV4);
  if (six) turn_tcp(batch, port, redirect_six, 8, NFPROTO_IPV6);
}

// Wherever they go, loopback too.
static void bound_questions(struct netlink *batch) {
  struct rule rule = rule_begin(batch, "turned");
  when_port(&rule, IPPROTO_UDP, REDIRECT_DNS_PORT);
  when_rate(&rule, true, QUESTIONS_PER_SECOND, 1, QUESTIONS_AT_ONCE);
  end_with(&rule, NF_DROP);
  rule_end(&rule);
}

static void turn_questions(struct netlink *batch) {
  static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP};
  for (size_t i = 0; i < sizeof protocols; i++) {
    struct rule rule = rule_begin(batch, "turned");
    when_port(&rule, protocols[i], REDIRECT_DNS_PORT);
    turn_to(&rule, REDIRECT_DNS_PORT);
    rule_end(&rule);
  }
}

static void turn_connections(struct netlink *batch, const struct redirect_wish *wish, const struct redirect *use) {
  if (wish->all || !use->resets) return turn_tcp(batch, wish->port, NULL, 0, 0);
  turn_names(batch, wish->port, use->six);
  for (size_t i = 0; i < wish->address_count; i++) {
    const struct redirect_address *address = &wish->addresses[i];
    if (address->size == 16 && !use->six) continue;
    turn_tcp(batch, wish->port, address->bytes, address->size, address->size == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
  }
}

static void close_rest(struct netlink *batch, const struct redirect *use) {
  struct rule rule;
  if (use->logged) {
    rule = rule_begin(batch, "closed");
    when_rate(&rule, false, LOGGED_PER_MINUTE, 60, LOGGED_PER_MINUTE);
    tell_group(&rule, REDIRECT_LOG_GROUP, LOGGED_BYTES);
    rule_end(&rule);
  }
  if (!use->resets) return;
  // Without it a connection would wait for an answer that never comes.
  rule = rule_begin(batch, "closed");
  reset_tcp(&rule);
  rule_end(&rule);
}

int nft_set(const struct redirect_wish *wish, const struct redirect *use) {
  static struct netlink batch;
  nft_begin(&batch);
  nft_table(&batch);
  nft_chain(&batch, "untracked", "filter", -300, NF_ACCEPT);
  leave_alone(&batch, wish->port, NFPROTO_IPV4, loopback, sizeof loopback);
  if (use->six) leave_alone(&batch, wish->port, NFPROTO_IPV6, loopback_six, sizeof loopback_six);
  nft_chain(&batch, "turned", "nat", -100, NF_ACCEPT);
  bound_questions(&batch);
  accept_own(&batch, "turned", use->six);
  turn_questions(&batch);
  turn_connections(&batch, wish, use);
  nft_chain(&batch, "closed", "filter", 0, NF_DROP);
  accept_own(&batch, "closed", use->six);
  close_rest(&batch, use);
  nft_end(&batch);

  int fd = netlink_open(NETLINK_NETFILTER);
  if (fd < 0) return -1;
  int result = netlink_send(fd, &batch), cause = errno;
  close(fd);
  errno = cause;
  return result;
}
