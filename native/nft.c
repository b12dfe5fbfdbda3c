// The nftables rules (nft.h). As nft(8) would print them:
//   table inet ringfence {
//     chain untracked { type filter hook output priority -300; policy accept;  # the agent's own loopback costs nothing and fills no table
//       ip daddr 127.0.0.0/8 th sport != { PORT, 53 } notrack; and so for ip6 daddr ::1 }
//     chain turned { type nat hook output priority -100; policy accept;
//       ip daddr 127.0.0.0/8 accept; ip6 daddr ::1 accept; ip daddr 198.18.0.1 accept; ip6 daddr fd52:696e:6766::1 accept
//       udp dport 53 limit rate over 1000/second burst 5000 drop; udp dport 53 redirect to :53; tcp dport 53 redirect to :53
//       meta l4proto tcp ip daddr { 198.18.0.0/15, the wish's addresses } redirect to :PORT, and so on for ip6; or all of it }
//     chain closed { type filter hook output priority 0; policy drop;     # a local sender hears EPERM at once
//       (the same four) accept; limit rate 20/minute log group 53; meta l4proto tcp reject with tcp reset }
//   }
#define _GNU_SOURCE
#include "nft.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"
#include "redirect.h"

#define TABLE "ringfence"

static const uint8_t loopback[] = {127}, loopback_six[16] = {[15] = 1};

// Each question is a connection to the kernel, which remembers it for half a minute in memory that no cgroup counts.
enum { LOGGED_PER_MINUTE = 20, LOGGED_BYTES = 64, QUESTIONS_PER_SECOND = 1000, QUESTIONS_AT_ONCE = 5000 };

static void begin(struct netlink *batch, uint16_t type, uint16_t flags) {
  struct nfgenmsg head = {.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0};
  netlink_begin(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags | NLM_F_ACK, &head, sizeof head);
}

static void bracket(struct netlink *batch, uint16_t type) {
  struct nfgenmsg head = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  netlink_begin(batch, type, 0, &head, sizeof head);
  netlink_end(batch);
}

static void chain(struct netlink *batch, const char *name, const char *kind, int priority, uint32_t policy) {
  begin(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  netlink_put_text(batch, NFTA_CHAIN_TABLE, TABLE);
  netlink_put_text(batch, NFTA_CHAIN_NAME, name);
  size_t hook = netlink_nest(batch, NFTA_CHAIN_HOOK);
  netlink_put_u32be(batch, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
  netlink_put_u32be(batch, NFTA_HOOK_PRIORITY, (uint32_t)priority);
  netlink_end_nest(batch, hook);
  netlink_put_text(batch, NFTA_CHAIN_TYPE, kind);
  netlink_put_u32be(batch, NFTA_CHAIN_POLICY, policy);
  netlink_end(batch);
}

// A rule being written: its expressions one after the other, each leaving its value in the one register.
struct rule {
  struct netlink *batch;
  size_t list, element, data;
};

static struct rule rule_begin(struct netlink *batch, const char *name) {
  begin(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  netlink_put_text(batch, NFTA_RULE_TABLE, TABLE);
  netlink_put_text(batch, NFTA_RULE_CHAIN, name);
  return (struct rule){.batch = batch, .list = netlink_nest(batch, NFTA_RULE_EXPRESSIONS)};
}

static void rule_end(struct rule *rule) {
  netlink_end_nest(rule->batch, rule->list);
  netlink_end(rule->batch);
}

static void expression(struct rule *rule, const char *name) {
  rule->element = netlink_nest(rule->batch, NFTA_LIST_ELEM);
  netlink_put_text(rule->batch, NFTA_EXPR_NAME, name);
  rule->data = netlink_nest(rule->batch, NFTA_EXPR_DATA);
}

static void expression_end(struct rule *rule) {
  netlink_end_nest(rule->batch, rule->data);
  netlink_end_nest(rule->batch, rule->element);
}

static void value(struct rule *rule, uint16_t type, const void *bytes, size_t size) {
  size_t nest = netlink_nest(rule->batch, type);
  netlink_put(rule->batch, NFTA_DATA_VALUE, bytes, size);
  netlink_end_nest(rule->batch, nest);
}

static void compare(struct rule *rule, uint32_t how, const void *bytes, size_t size) {
  expression(rule, "cmp");
  netlink_put_u32be(rule->batch, NFTA_CMP_SREG, NFT_REG_1);
  netlink_put_u32be(rule->batch, NFTA_CMP_OP, how);
  value(rule, NFTA_CMP_DATA, bytes, size);
  expression_end(rule);
}

static void when_equal(struct rule *rule, const void *bytes, size_t size) { compare(rule, NFT_CMP_EQ, bytes, size); }

static void when_meta(struct rule *rule, uint32_t key, uint8_t wanted) {
  expression(rule, "meta");
  netlink_put_u32be(rule->batch, NFTA_META_KEY, key);
  netlink_put_u32be(rule->batch, NFTA_META_DREG, NFT_REG_1);
  expression_end(rule);
  when_equal(rule, &wanted, 1);
}

static void load(struct rule *rule, uint32_t base, uint32_t offset, uint32_t size) {
  expression(rule, "payload");
  netlink_put_u32be(rule->batch, NFTA_PAYLOAD_DREG, NFT_REG_1);
  netlink_put_u32be(rule->batch, NFTA_PAYLOAD_BASE, base);
  netlink_put_u32be(rule->batch, NFTA_PAYLOAD_OFFSET, offset);
  netlink_put_u32be(rule->batch, NFTA_PAYLOAD_LEN, size);
  expression_end(rule);
}

static void when_port(struct rule *rule, uint8_t protocol, uint16_t port) {
  when_meta(rule, NFT_META_L4PROTO, protocol);
  load(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
  uint16_t wire = htons(port);
  when_equal(rule, &wire, sizeof wire);
}

// The packet's destination: the first BITS of ADDRESS, in whole bytes.
static void when_to(struct rule *rule, uint8_t family, const uint8_t *address, size_t bytes) {
  when_meta(rule, NFT_META_NFPROTO, family);
  load(rule, NFT_PAYLOAD_NETWORK_HEADER, family == NFPROTO_IPV4 ? 16 : 24, (uint32_t)bytes);
  when_equal(rule, address, bytes);
}

static void end_with(struct rule *rule, uint32_t code) {
  expression(rule, "immediate");
  netlink_put_u32be(rule->batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  size_t nest = netlink_nest(rule->batch, NFTA_IMMEDIATE_DATA), verdict = netlink_nest(rule->batch, NFTA_DATA_VERDICT);
  netlink_put_u32be(rule->batch, NFTA_VERDICT_CODE, code);
  netlink_end_nest(rule->batch, verdict);
  netlink_end_nest(rule->batch, nest);
  expression_end(rule);
}

static void turn_to(struct rule *rule, uint16_t port) {
  uint16_t wire = htons(port);
  expression(rule, "immediate");
  netlink_put_u32be(rule->batch, NFTA_IMMEDIATE_DREG, NFT_REG_1);
  value(rule, NFTA_IMMEDIATE_DATA, &wire, sizeof wire);
  expression_end(rule);
  expression(rule, "redir");
  netlink_put_u32be(rule->batch, NFTA_REDIR_REG_PROTO_MIN, NFT_REG_1);
  netlink_put_u32be(rule->batch, NFTA_REDIR_FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED);
  expression_end(rule);
}

// Goes on while there are no more than RATE in so many SECONDS; OVER: only when there are more.
static void limit(struct rule *rule, uint64_t rate, uint64_t seconds, uint32_t burst, bool over) {
  rate = htobe64(rate);
  seconds = htobe64(seconds);
  expression(rule, "limit");
  netlink_put(rule->batch, NFTA_LIMIT_RATE, &rate, sizeof rate);
  netlink_put(rule->batch, NFTA_LIMIT_UNIT, &seconds, sizeof seconds);
  netlink_put_u32be(rule->batch, NFTA_LIMIT_BURST, burst);
  if (over) netlink_put_u32be(rule->batch, NFTA_LIMIT_FLAGS, NFT_LIMIT_F_INV);
  expression_end(rule);
}

// Of a flood only the first of each minute: what they say is the same.
static void tell(struct rule *rule) {
  uint16_t group = htons(REDIRECT_LOG_GROUP);
  limit(rule, LOGGED_PER_MINUTE, 60, LOGGED_PER_MINUTE, false);
  expression(rule, "log");
  netlink_put(rule->batch, NFTA_LOG_GROUP, &group, sizeof group);
  netlink_put_u32be(rule->batch, NFTA_LOG_SNAPLEN, LOGGED_BYTES);
  expression_end(rule);
}

// Not what comes back from the bridge and the name server: the kernel has to give it the address that was dialled.
static void leave_alone(struct netlink *batch, uint16_t port, uint8_t family, const uint8_t *loopback, size_t bytes) {
  struct rule rule = rule_begin(batch, "untracked");
  when_to(&rule, family, loopback, bytes);
  load(&rule, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2);
  const uint16_t ours[] = {htons(port), htons(REDIRECT_DNS_PORT)};
  for (size_t i = 0; i < 2; i++) compare(&rule, NFT_CMP_NEQ, &ours[i], sizeof ours[i]);
  expression(&rule, "notrack");
  expression_end(&rule);
  rule_end(&rule);
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
  when_meta(&rule, NFT_META_L4PROTO, IPPROTO_TCP);
  if (bytes > 0) when_to(&rule, family, prefix, bytes);
  turn_to(&rule, port);
  rule_end(&rule);
}

static void turn_names(struct netlink *batch, uint16_t port, bool six) {
  for (uint8_t i = 0; i < 2; i++) turn_tcp(batch, port, (uint8_t[]){redirect_four[0], redirect_four[1] + i}, 2, NFPROTO_IPV4);
  if (six) turn_tcp(batch, port, redirect_six, 8, NFPROTO_IPV6);
}

// Without it a connection would wait for an answer that never comes.
static void reset_tcp(struct netlink *batch) {
  struct rule rule = rule_begin(batch, "closed");
  when_meta(&rule, NFT_META_L4PROTO, IPPROTO_TCP);
  expression(&rule, "reject");
  netlink_put_u32be(batch, NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST);
  netlink_put(batch, NFTA_REJECT_ICMP_CODE, (uint8_t[]){0}, 1);
  expression_end(&rule);
  rule_end(&rule);
}

int nft_set(const struct redirect_wish *wish, const struct redirect *use) {
  bool six = use->six;
  static struct netlink batch;
  batch.used = batch.expected = 0;
  batch.overflow = 0;
  bracket(&batch, NFNL_MSG_BATCH_BEGIN);
  begin(&batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
  netlink_put_text(&batch, NFTA_TABLE_NAME, TABLE);
  netlink_end(&batch);

  chain(&batch, "untracked", "filter", -300, NF_ACCEPT);
  leave_alone(&batch, wish->port, NFPROTO_IPV4, loopback, sizeof loopback);
  if (six) leave_alone(&batch, wish->port, NFPROTO_IPV6, loopback_six, sizeof loopback_six);

  chain(&batch, "turned", "nat", -100, NF_ACCEPT);
  accept_own(&batch, "turned", six);
  static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP};
  struct rule rule = rule_begin(&batch, "turned");
  when_port(&rule, IPPROTO_UDP, REDIRECT_DNS_PORT);
  limit(&rule, QUESTIONS_PER_SECOND, 1, QUESTIONS_AT_ONCE, true);
  end_with(&rule, NF_DROP);
  rule_end(&rule);
  for (size_t i = 0; i < sizeof protocols; i++) {
    rule = rule_begin(&batch, "turned");
    when_port(&rule, protocols[i], REDIRECT_DNS_PORT);
    turn_to(&rule, REDIRECT_DNS_PORT);
    rule_end(&rule);
  }
  if (wish->all || !use->resets) turn_tcp(&batch, wish->port, NULL, 0, 0);
  else turn_names(&batch, wish->port, six);
  for (size_t i = 0; use->resets && i < wish->address_count; i++) {
    const struct redirect_address *address = &wish->addresses[i];
    if (address->size == 16 && !six) continue;
    turn_tcp(&batch, wish->port, address->bytes, address->size, address->size == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
  }

  chain(&batch, "closed", "filter", 0, NF_DROP);
  accept_own(&batch, "closed", six);
  if (use->logged) {
    rule = rule_begin(&batch, "closed");
    tell(&rule);
    rule_end(&rule);
  }
  if (use->resets) reset_tcp(&batch);
  bracket(&batch, NFNL_MSG_BATCH_END);

  int fd = netlink_open(NETLINK_NETFILTER);
  if (fd < 0) return -1;
  int result = netlink_send(fd, &batch), cause = errno;
  close(fd);
  errno = cause;
  return result;
}
