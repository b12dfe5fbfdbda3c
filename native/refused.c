// Telling the proxy what was refused inside (refused.h).
#define _GNU_SOURCE
#include "refused.h"

#include <netinet/in.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "arrival.h"
#include "bridge_sockets.h"
#include "owner.h"
#include "preface.h"

// Questions that are told: so many at once, then one in so many seconds. The kernel itself holds the packets back (nft.c).
enum { QUESTIONS_AT_ONCE = 20, SECONDS_EACH = 3 };

static int proxy = -1;
static bool with_owners;

void refused_to(int proxy_fd, bool owners) {
  proxy = proxy_fd;
  with_owners = owners;
}

static bool may_tell(void) {
  static long allowance = QUESTIONS_AT_ONCE, last;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  long grown = (now.tv_sec - last) / SECONDS_EACH;
  if (grown > 0) last = now.tv_sec, allowance = allowance + grown > QUESTIONS_AT_ONCE ? QUESTIONS_AT_ONCE : allowance + grown;
  return allowance > 0 && allowance-- > 0;
}

// Never waits: what cannot be told now is not told, and was refused all the same.
static void send_preface(struct preface *preface, int protocol) {
  static struct owner owner;
  uint8_t bytes[PREFACE_MOST];
  if (with_owners && owner_find(protocol, &preface->from, &preface->to, &owner)) {
    preface->pid = owner.pid;
    preface->exe = owner.exe[0] == 0 ? NULL : owner.exe;
  }
  size_t size = preface_write(preface, bytes);
  int fd = dial_unix(proxy);
  if (fd < 0) return;
  (void)!send(fd, bytes, size, MSG_NOSIGNAL);
  close(fd);
}

void refused_packet(const struct packet *packet) {
  if (proxy < 0) return;
  char what[16];
  bool ping = packet->protocol == IPPROTO_ICMP || packet->protocol == IPPROTO_ICMPV6;
  const char *word = packet->protocol == IPPROTO_TCP ? "tcp" : packet->protocol == IPPROTO_UDP ? "udp" : ping ? "icmp" : NULL;
  if (word != NULL) snprintf(what, sizeof what, "%s", word);
  else snprintf(what, sizeof what, "ip-%u", packet->protocol);
  struct preface preface = {.from = packet->from, .to = packet->to, .refused = what, .name = arrival_name(&packet->to)};
  send_preface(&preface, packet->protocol);
}

void refused_question(const struct dns_question *question, int protocol, const struct sockaddr_storage *from, const struct sockaddr_storage *to) {
  if (proxy < 0 || question->kind == DNS_ORDINARY || !may_tell()) return;
  static const char *const words[] = {[DNS_NO_NAME] = "dns-name", [DNS_TOO_MANY] = "dns-flood", [DNS_MALFORMED] = "dns-malformed"};
  char what[24];
  if (question->kind == DNS_OTHER) snprintf(what, sizeof what, "dns-type-%u", question->type);
  else snprintf(what, sizeof what, "%s", words[question->kind]);
  struct preface preface = {.from = *from, .refused = what, .name = question->name[0] == 0 ? NULL : question->name};
  if (to != NULL) preface.to = *to;
  send_preface(&preface, protocol);
}
