// Handing a listener over (trap.h).
#define _GNU_SOURCE
#include "trap.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

static int load(const struct sock_fprog *filter) {
  // WAIT_KILLABLE: a signal must not make the caller repeat a call that was already answered or told.
  int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, filter);
  if (fd >= 0 || errno != EINVAL) return fd;
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, filter);
}

static int send_listener(int socket, int listener) {
  char byte = 'L', space[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
  memcpy(CMSG_DATA(header), &listener, sizeof listener);
  return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int expect(int socket, char wanted) {
  char byte = 0;
  if (recv(socket, &byte, 1, 0) == 1 && byte == wanted) return 0;
  errno = ECONNREFUSED;
  return -1;
}

int trap_install(int socket, const struct sock_fprog *filter) {
  // The other end's silence or end is a refusal.
  if (expect(socket, 'R') != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  int listener = load(filter);
  if (listener < 0) return -1;
  int sent = send_listener(socket, listener);
  // Our copy must go: while any is open, a dead server would make calls wait instead of fail.
  close(listener);
  if (sent != 0 || expect(socket, 'G') != 0) return -1;
  return close(socket);
}

int trap_receive(int socket) {
  char byte = 'R', space[CMSG_SPACE(sizeof(int))];
  if (send(socket, &byte, 1, MSG_NOSIGNAL) != 1) return -1;
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  ssize_t n;
  while ((n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  struct cmsghdr *header = n == 1 ? CMSG_FIRSTHDR(&message) : NULL;
  if (header == NULL || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int))) {
    errno = EPROTO;
    return -1;
  }
  int listener;
  memcpy(&listener, CMSG_DATA(header), sizeof listener);
  // Fewer trips between processors for each answer (kernel 6.6); without it everything works, slower.
  (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
  return listener;
}

int trap_confirm(int socket) {
  ssize_t sent = send(socket, "G", 1, MSG_NOSIGNAL);
  int cause = errno;
  close(socket);
  errno = cause;
  return sent == 1 ? 0 : -1;
}

// Before kernel 6.11 a receiver that waits is not told that nobody is left.
static bool must_poll(void) {
  struct utsname name;
  int major = 0, minor = 0;
  if (uname(&name) != 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2) return true;
  return major < 6 || (major == 6 && minor < 11);
}

static short look_at_listener(int listener, int timeout) {
  struct pollfd poller = {listener, POLLIN, 0};
  return poll(&poller, 1, timeout) == 1 ? poller.revents : 0;
}

bool trap_next(int listener, struct seccomp_notif *notice) {
  static _Atomic int polls = -1;
  if (polls < 0) polls = must_poll();
  for (;;) {
    if (polls != 0 && (look_at_listener(listener, -1) & (POLLIN | POLLHUP)) == POLLHUP) return false;
    memset(notice, 0, sizeof *notice);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, notice) == 0) return true;
    // ENOENT: its caller was killed before we looked, or everybody is gone.
    if (errno == ENOENT && (look_at_listener(listener, 0) & POLLHUP) != 0) return false;
    if (errno != EINTR && errno != ENOENT) _exit(1);
  }
}
