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
enum { LINKS_MOST = 20000, RECENT = 8 };

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

// The inode of that socket; 0 when there is none.
static unsigned inode_of(int protocol, const struct sockaddr_storage *from, const struct sockaddr_storage *to) {
  static uint32_t sequence;
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
  } ask = {.header = {.nlmsg_len = sizeof ask, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = ++sequence},
           .request = {.sdiag_family = (uint8_t)from->ss_family, .sdiag_protocol = (uint8_t)protocol, .idiag_states = ~0U}};
  if (!ends(from, to, &ask.request.id)) return 0;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  if (sendto(diag, &ask, sizeof ask, 0, (struct sockaddr *)&kernel, sizeof kernel) != (ssize_t)sizeof ask) return 0;
  for (;;) {
    _Alignas(4) unsigned char answer[4096];
    ssize_t n = recv(diag, answer, sizeof answer, 0);
    if (n < 0 && errno == EINTR) continue;
    const struct nlmsghdr *header = (const void *)answer;
    if (n < (ssize_t)sizeof *header || !NLMSG_OK(header, (unsigned)n)) return 0;
    if (header->nlmsg_seq != sequence) continue;  // of a question that was given up
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg))) return 0;
    const struct inet_diag_msg *found = NLMSG_DATA(header);
    return found->idiag_inode;
  }
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
  pid_t found = 0;
  for (struct dirent *entry; found == 0 && links < LINKS_MOST && (entry = readdir(all)) != NULL;) {
    pid_t pid = (pid_t)atoi(entry->d_name);
    if (pid > 0 && holds(pid, socket, &links)) found = pid;
  }
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
