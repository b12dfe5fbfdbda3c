// The name server's sockets (dns_service.h). Its epoll descriptor stands in the bridge's.
#define _GNU_SOURCE
#include "dns_service.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "arrival.h"
#include "bridge_sockets.h"
#include "dns.h"
#include "redirect.h"
#include "refused.h"

// TALKS: at once over TCP; who comes then takes the place of the oldest. ROUNDS: messages of one turn, others first.
enum { TALKS = 32, ROUNDS = 64, MESSAGE_MOST = 2048 };

enum { UDP_FOUR, UDP_SIX, TCP_FOUR, TCP_SIX };

struct talk {
  int fd;  // 0: none (no talk has standard input)
  size_t have;
  uint8_t bytes[2 + MESSAGE_MOST];
};

static struct talk talks[TALKS];
static size_t oldest;

static uint32_t seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return (uint32_t)now.tv_sec;
}

static int watch(const struct dns_service *service, int fd, uint32_t mark) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = mark};
  return epoll_ctl(service->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int open_datagrams(bool six) {
  int fd = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  // An answer comes from the address that was asked, whichever it was.
  int one = 1, level = six ? IPPROTO_IPV6 : IPPROTO_IP;
  if (six) (void)setsockopt(fd, level, IPV6_V6ONLY, &one, sizeof one);
  (void)setsockopt(fd, level, six ? IPV6_FREEBIND : IP_FREEBIND, &one, sizeof one);
  if (setsockopt(fd, level, six ? IPV6_RECVPKTINFO : IP_PKTINFO, &one, sizeof one) == 0 && bind_to(fd, REDIRECT_DNS_PORT, six, true) == 0) return fd;
  int cause = errno;
  close(fd);
  errno = cause;
  return -1;
}

int dns_open(struct dns_service *service, bool six) {
  *service = (struct dns_service){.six = six, .sockets = {-1, -1, -1, -1}};
  service->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (service->epoll_fd < 0) return -1;
  for (uint32_t i = 0; i < 4; i++) {
    bool is_six = i == UDP_SIX || i == TCP_SIX;
    if (is_six && !six) continue;
    int fd = i <= UDP_SIX ? open_datagrams(is_six) : listen_on(REDIRECT_DNS_PORT, is_six, true);
    if (fd < 0 || watch(service, fd, i) != 0) return -1;
    service->sockets[i] = fd;
  }
  return 0;
}

void dns_keep(const struct dns_service *service, int descriptors[DNS_DESCRIPTORS]) {
  descriptors[0] = service->epoll_fd;
  memcpy(descriptors + 1, service->sockets, sizeof service->sockets);
}

// The message's own address becomes the answer's source: the rest of what came with it is not sent back.
static void answer_from(struct msghdr *message) {
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(header), sizeof info);
      info = (struct in_pktinfo){.ipi_spec_dst = info.ipi_addr};
      memcpy(CMSG_DATA(header), &info, sizeof info);
    }
  }
}

static void told_talk(const struct dns_question *asked, const struct talk *talk) {
  struct sockaddr_storage from, to;
  socklen_t size = sizeof from;
  if (asked->kind == DNS_ORDINARY || getpeername(talk->fd, (struct sockaddr *)&from, &size) != 0 || !arrival_destination(talk->fd, &to)) return;
  refused_question(asked, IPPROTO_TCP, &from, &to);
}

static void serve_datagrams(const struct dns_service *service, int fd) {
  for (int i = 0; i < ROUNDS; i++) {
    uint8_t question[MESSAGE_MOST], answer[DNS_ANSWER_MOST];
    char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    struct sockaddr_storage from;
    struct iovec data = {question, sizeof question};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &message, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    struct dns_question asked;
    if (message.msg_flags & MSG_TRUNC) continue;
    size_t size = dns_answer(question, (size_t)n, service->six, seconds(), answer, &asked);
    if (size == 0) continue;
    refused_question(&asked, IPPROTO_UDP, &from, NULL);
    data = (struct iovec){answer, size};
    message.msg_flags = 0;
    answer_from(&message);
    (void)sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
}

static void end_talk(struct talk *talk) {
  if (talk->fd > 0) close(talk->fd);
  *talk = (struct talk){0};
}

static void accept_talk(const struct dns_service *service, int listener) {
  int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  struct talk *talk = &talks[oldest];
  end_talk(talk);
  talk->fd = fd;
  if (watch(service, fd, 4 + (uint32_t)oldest) != 0) end_talk(talk);
  oldest = (oldest + 1) % TALKS;
}

// RFC 7766: two bytes of length, a message, and again. One whose answer cannot be sent at once is let go.
static void serve_talk(const struct dns_service *service, struct talk *talk) {
  ssize_t n = recv(talk->fd, talk->bytes + talk->have, sizeof talk->bytes - talk->have, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return end_talk(talk);
  talk->have += (size_t)n;
  for (;;) {
    size_t length = talk->have < 2 ? 0 : (size_t)(talk->bytes[0] << 8 | talk->bytes[1]);
    if (length > MESSAGE_MOST || (talk->have >= 2 && length == 0)) {
      told_talk(&(struct dns_question){.kind = DNS_MALFORMED}, talk);
      return end_talk(talk);
    }
    if (talk->have < 2 || talk->have < 2 + length) return;
    uint8_t answer[2 + DNS_ANSWER_MOST];
    struct dns_question asked;
    size_t size = dns_answer(talk->bytes + 2, length, service->six, seconds(), answer + 2, &asked);
    answer[0] = (uint8_t)(size >> 8);
    answer[1] = (uint8_t)size;
    told_talk(&asked, talk);
    if (size == 0 || send(talk->fd, answer, 2 + size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)(2 + size)) return end_talk(talk);
    talk->have -= 2 + length;
    memmove(talk->bytes, talk->bytes + 2 + length, talk->have);
  }
}

void dns_serve(struct dns_service *service) {
  struct epoll_event events[8];
  int count = epoll_wait(service->epoll_fd, events, 8, 0);
  for (int i = 0; i < count; i++) {
    uint32_t mark = events[i].data.u32;
    if (mark <= UDP_SIX) serve_datagrams(service, service->sockets[mark]);
    else if (mark <= TCP_SIX) accept_talk(service, service->sockets[mark]);
    else if (talks[mark - 4].fd > 0) serve_talk(service, &talks[mark - 4]);
  }
}
