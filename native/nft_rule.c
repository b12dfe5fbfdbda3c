// The words of nftables (nft_rule.h).
#define _GNU_SOURCE
#include "nft_rule.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#define TABLE "ringfence"

static void begin(struct netlink *batch, uint16_t type, uint16_t flags) {
  struct nfgenmsg head = {.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0};
  netlink_begin(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags | NLM_F_ACK, &head, sizeof head);
}

static void bracket(struct netlink *batch, uint16_t type) {
  struct nfgenmsg head = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  netlink_begin(batch, type, 0, &head, sizeof head);
  netlink_end(batch);
}

void nft_begin(struct netlink *batch) {
  batch->used = batch->expected = 0;
  batch->overflow = 0;
  bracket(batch, NFNL_MSG_BATCH_BEGIN);
}

void nft_end(struct netlink *batch) { bracket(batch, NFNL_MSG_BATCH_END); }

void nft_table(struct netlink *batch) {
  begin(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
  netlink_put_text(batch, NFTA_TABLE_NAME, TABLE);
  netlink_end(batch);
}

void nft_chain(struct netlink *batch, const char *name, const char *kind, int priority, uint32_t policy) {
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

struct rule rule_begin(struct netlink *batch, const char *chain) {
  begin(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  netlink_put_text(batch, NFTA_RULE_TABLE, TABLE);
  netlink_put_text(batch, NFTA_RULE_CHAIN, chain);
  return (struct rule){.batch = batch, .list = netlink_nest(batch, NFTA_RULE_EXPRESSIONS)};
}

void rule_end(struct rule *rule) {
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

void when_protocol(struct rule *rule, uint8_t protocol) { when_meta(rule, NFT_META_L4PROTO, protocol); }

void when_port(struct rule *rule, uint8_t protocol, uint16_t port) {
  when_protocol(rule, protocol);
  load(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
  uint16_t wire = htons(port);
  when_equal(rule, &wire, sizeof wire);
}

void when_at_no_end(struct rule *rule, const uint16_t ports[2]) {
  for (uint32_t offset = 0; offset <= 2; offset += 2) {
    load(rule, NFT_PAYLOAD_TRANSPORT_HEADER, offset, 2);
    for (size_t i = 0; i < 2; i++) {
      uint16_t wire = htons(ports[i]);
      compare(rule, NFT_CMP_NEQ, &wire, sizeof wire);
    }
  }
}

void when_to(struct rule *rule, uint8_t family, const uint8_t *address, size_t bytes) {
  when_meta(rule, NFT_META_NFPROTO, family);
  load(rule, NFT_PAYLOAD_NETWORK_HEADER, family == NFPROTO_IPV4 ? 16 : 24, (uint32_t)bytes);
  when_equal(rule, address, bytes);
}

void end_with(struct rule *rule, uint32_t code) {
  expression(rule, "immediate");
  netlink_put_u32be(rule->batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  size_t nest = netlink_nest(rule->batch, NFTA_IMMEDIATE_DATA), verdict = netlink_nest(rule->batch, NFTA_DATA_VERDICT);
  netlink_put_u32be(rule->batch, NFTA_VERDICT_CODE, code);
  netlink_end_nest(rule->batch, verdict);
  netlink_end_nest(rule->batch, nest);
  expression_end(rule);
}

void turn_to(struct rule *rule, uint16_t port) {
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

void when_rate(struct rule *rule, bool over, uint64_t rate, uint64_t seconds, uint32_t burst) {
  rate = htobe64(rate);
  seconds = htobe64(seconds);
  expression(rule, "limit");
  netlink_put(rule->batch, NFTA_LIMIT_RATE, &rate, sizeof rate);
  netlink_put(rule->batch, NFTA_LIMIT_UNIT, &seconds, sizeof seconds);
  netlink_put_u32be(rule->batch, NFTA_LIMIT_BURST, burst);
  if (over) netlink_put_u32be(rule->batch, NFTA_LIMIT_FLAGS, NFT_LIMIT_F_INV);
  expression_end(rule);
}

void tell_group(struct rule *rule, uint16_t group, uint32_t bytes) {
  group = htons(group);
  expression(rule, "log");
  netlink_put(rule->batch, NFTA_LOG_GROUP, &group, sizeof group);
  netlink_put_u32be(rule->batch, NFTA_LOG_SNAPLEN, bytes);
  expression_end(rule);
}

void reset_tcp(struct rule *rule) {
  when_protocol(rule, IPPROTO_TCP);
  expression(rule, "reject");
  netlink_put_u32be(rule->batch, NFTA_REJECT_TYPE, NFT_REJECT_TCP_RST);
  netlink_put(rule->batch, NFTA_REJECT_ICMP_CODE, (uint8_t[]){0}, 1);
  expression_end(rule);
}

void leave_untracked(struct rule *rule) {
  expression(rule, "notrack");
  expression_end(rule);
}
