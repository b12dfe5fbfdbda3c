// Whose connection it is (owner.h). Needs no capability: the user namespace of the fence's processes is this user's own.
#define _GNU_SOURCE
#include "owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"

// A fence full of processes with full descriptor tables makes its own connections anonymous; it does not hold the bridge up.
enum { LINKS_MOST = 20000, PROCESSES_MOST = 4096, RECENT = 8 };

// Where a socket was found.
struct place {
  pid_t pid;  // 0: nowhere
  int fd;
};

static int diag = -1, proc = -1;
static struct place recent[RECENT];  // most connections come from few processes, and from the same descriptor again

int owner_open(int proc_fd) {
  proc = proc_fd;
  diag = netlink_open(NETLINK_SOCK_DIAG);
  return diag < 0 ? -1 : 0;
}

int owner_descriptor(void) { return diag; }

static bool ends(const struct sockaddr_storage *from, const struct sockaddr_storage *to, struct inet_diag_sockid *id) {
  if (from->ss_family != to->ss_family) return false;
  id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (from->ss_family == AF_INET) {
    const struct sockaddr_in *a = (const void *)from, *b = (const void *)to;
    id->idiag_sport = a->sin_port, id->idiag_dport = b->sin_port;
    memcpy(id->idiag_src, &a->sin_addr, 4), memcpy(id->idiag_dst, &b->sin_addr, 4);
    return true;
  }
  if (from->ss_family != AF_INET6) return false;
  const struct sockaddr_in6 *a = (const void *)from, *b = (const void *)to;
  id->idiag_sport = a->sin6_port, id->idiag_dport = b->sin6_port;
  memcpy(id->idiag_src, &a->sin6_addr, 16), memcpy(id->idiag_dst, &b->sin6_addr, 16);
  return true;
}

struct question {
  struct nlmsghdr header;
  struct inet_diag_req_v2 request;
};

static bool ask(struct question *question, int protocol, int family, uint16_t flags) {
  static uint32_t sequence;
  question->header = (struct nlmsghdr){.nlmsg_len = sizeof *question, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | flags, .nlmsg_seq = ++sequence};
  question->request.sdiag_family = (uint8_t)family;
  question->request.sdiag_protocol = (uint8_t)protocol;
  question->request.idiag_states = ~0U;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  return sendto(diag, question, sizeof *question, 0, (struct sockaddr *)&kernel, sizeof kernel) == (ssize_t)sizeof *question;
}

// The inode of the one socket that the answers name; 0 for none, and for several.
static unsigned answered(const struct question *question, bool many) {
  unsigned inode = 0;
  bool several = false;
  for (;;) {
    _Alignas(4) unsigned char answer[8192];
    ssize_t n = recv(diag, answer, sizeof answer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return 0;
    int left = (int)n;
    for (const struct nlmsghdr *header = (const void *)answer; NLMSG_OK(header, (unsigned)left); header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_seq != question->header.nlmsg_seq) continue;  // of a question that was given up
      bool whole = header->nlmsg_type == SOCK_DIAG_BY_FAMILY && header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg));
      const struct inet_diag_msg *found = NLMSG_DATA(header);
      if (whole && found->id.idiag_sport == question->request.id.idiag_sport) {
        several = several || (inode != 0 && inode != found->idiag_inode);
        inode = found->idiag_inode;
      }
      if (!many || !whole) return several ? 0 : inode;
    }
  }
}

// A connection is known by its two ends.
static unsigned stream_inode(int protocol, const struct sockaddr_storage *from, const struct sockaddr_storage *to) {
  struct question question = {0};
  return ends(from, to, &question.request.id) && ask(&question, protocol, from->ss_family, 0) ? answered(&question, false) : 0;
}

// A datagram's socket by its port alone, and only where no other has it: whom it was meant for may be turned already. A socket of IPv6 may send IPv4.
static unsigned datagram_inode(int protocol, uint16_t port) {
  unsigned inode = 0;
  for (int i = 0; i < 2; i++) {
    struct question question = {.request.id.idiag_sport = port};
    unsigned found = ask(&question, protocol, i == 0 ? AF_INET : AF_INET6, NLM_F_DUMP) ? answered(&question, true) : 0;
    if (found != 0 && inode != 0) return 0;
    if (found != 0) inode = found;
  }
  return inode;
}

static unsigned inode_of(int protocol, const struct sockaddr_storage *from, const struct sockaddr_storage *to) {
  if (protocol == IPPROTO_TCP) return stream_inode(protocol, from, to);
  uint16_t port = from->ss_family == AF_INET ? ((const struct sockaddr_in *)from)->sin_port : ((const struct sockaddr_in6 *)from)->sin6_port;
  return protocol == IPPROTO_UDP && port != 0 ? datagram_inode(protocol, port) : 0;
}

static bool holds_at(const struct place *place, const char *socket) {
  char path[48], link[64];
  snprintf(path, sizeof path, "%d/fd/%d", (int)place->pid, place->fd);
  ssize_t n = readlinkat(proc, path, link, sizeof link - 1);
  if (n <= 0) return false;
  link[n] = 0;
  return strcmp(link, socket) == 0;
}

// The numbers in a folder of /proc, in its order; at most MOST.
static size_t numbers_in(const char *path, int *numbers, size_t most) {
  int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  if (folder == NULL) {
    if (fd >= 0) close(fd);
    return 0;
  }
  size_t count = 0;
  for (struct dirent *entry; count < most && (entry = readdir(folder)) != NULL;)
    if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') numbers[count++] = atoi(entry->d_name);
  closedir(folder);
  return count;
}

// Looks through what PLACE's process holds, the highest descriptor first: a new connection has often just got it.
static bool find_in(struct place *place, const char *socket, unsigned *links) {
  static int fds[LINKS_MOST];
  char path[32];
  snprintf(path, sizeof path, "%d/fd", (int)place->pid);
  for (size_t count = numbers_in(path, fds, LINKS_MOST - *links); count > 0; ++*links) {
    place->fd = fds[--count];
    if (holds_at(place, socket)) return true;
  }
  return false;
}

static void remember(const struct place *place) {
  size_t at = 0;
  while (at < RECENT - 1 && recent[at].pid != place->pid) at++;
  memmove(recent + 1, recent, at * sizeof *recent);
  recent[0] = *place;
}

// The pid of a process that holds it; 0 for none.
static struct place holder(const char *socket) {
  for (int i = 0; i < RECENT; i++)
    if (recent[i].pid != 0 && holds_at(&recent[i], socket)) return recent[i];
  unsigned links = 0;
  for (int i = 0; i < RECENT; i++) {
    struct place place = recent[i];
    if (place.pid != 0 && find_in(&place, socket, &links)) return place;
  }
  // The newest first: who connects has often just been started.
  static int pids[PROCESSES_MOST];
  for (size_t count = numbers_in(".", pids, PROCESSES_MOST); count > 0 && links < LINKS_MOST;) {
    struct place place = {.pid = pids[--count]};
    if (find_in(&place, socket, &links)) return place;
  }
  return (struct place){0};
}

// The last number of the line `NSpid:`, which is the process's own.
static uint32_t inner_pid(pid_t pid) {
  char path[32], text[4096];
  snprintf(path, sizeof path, "%d/status", (int)pid);
  int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  if (n <= 0) return 0;
  text[n] = 0;
  char *line = strstr(text, "\nNSpid:"), *end = line == NULL ? NULL : strchr(line + 1, '\n');
  if (end == NULL) return 0;
  *end = 0;
  char *last = strrchr(line + 1, '\t');
  return last == NULL ? 0 : (uint32_t)strtoul(last + 1, NULL, 10);
}

bool owner_find(int protocol, const struct sockaddr_storage *from, const struct sockaddr_storage *to, struct owner *owner) {
  *owner = (struct owner){0};
  unsigned inode = diag < 0 ? 0 : inode_of(protocol, from, to);
  if (inode == 0) return false;
  char socket[64], path[32];
  snprintf(socket, sizeof socket, "socket:[%u]", inode);
  struct place place = holder(socket);
  if (place.pid == 0) return false;
  remember(&place);
  snprintf(path, sizeof path, "%d/exe", (int)place.pid);
  ssize_t n = readlinkat(proc, path, owner->exe, sizeof owner->exe - 1);
  owner->exe[n > 0 ? n : 0] = 0;
  owner->pid = inner_pid(place.pid);
  // Read while it still held the socket, there or elsewhere: the number cannot have become another process's meanwhile.
  unsigned links = 0;
  return owner->pid != 0 && (holds_at(&place, socket) || find_in(&place, socket, &links));
}
