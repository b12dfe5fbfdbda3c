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

static int diag = -1, proc = -1;
static pid_t recent[RECENT];  // who was found last: most connections come from few processes

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

static bool holds(pid_t pid, const char *socket, unsigned *links) {
  char path[32], link[64];
  snprintf(path, sizeof path, "%d/fd", (int)pid);
  int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  if (folder == NULL) {
    if (fd >= 0) close(fd);
    return false;
  }
  bool found = false;
  for (struct dirent *entry; !found && *links < LINKS_MOST && (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    ++*links;
    ssize_t n = readlinkat(fd, entry->d_name, link, sizeof link - 1);
    if (n <= 0) continue;
    link[n] = 0;
    found = strcmp(link, socket) == 0;
  }
  closedir(folder);
  return found;
}

static pid_t holder(unsigned inode) {
  char socket[64];
  unsigned links = 0;
  snprintf(socket, sizeof socket, "socket:[%u]", inode);
  for (int i = 0; i < RECENT; i++)
    if (recent[i] != 0 && holds(recent[i], socket, &links)) return recent[i];
  int fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *all = fd < 0 ? NULL : fdopendir(fd);
  if (all == NULL) {
    if (fd >= 0) close(fd);
    return 0;
  }
  // The newest first: who connects has often just been started.
  static pid_t pids[PROCESSES_MOST];
  size_t count = 0;
  for (struct dirent *entry; count < PROCESSES_MOST && (entry = readdir(all)) != NULL;) {
    pid_t pid = (pid_t)atoi(entry->d_name);
    if (pid > 0) pids[count++] = pid;
  }
  pid_t found = 0;
  while (found == 0 && count-- > 0 && links < LINKS_MOST)
    if (holds(pids[count], socket, &links)) found = pids[count];
  closedir(all);
  if (found != 0) {
    memmove(recent + 1, recent, sizeof recent - sizeof *recent);
    recent[0] = found;
  }
  return found;
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
  pid_t pid = inode == 0 ? 0 : holder(inode);
  if (pid == 0) return false;
  char path[32];
  snprintf(path, sizeof path, "%d/exe", (int)pid);
  ssize_t n = readlinkat(proc, path, owner->exe, sizeof owner->exe - 1);
  owner->exe[n > 0 ? n : 0] = 0;
  owner->pid = inner_pid(pid);
  // Read while it still held the socket: the number cannot have become another process's meanwhile.
  unsigned links = 0;
  char socket[64];
  snprintf(socket, sizeof socket, "socket:[%u]", inode);
  return owner->pid != 0 && holds(pid, socket, &links);
}
