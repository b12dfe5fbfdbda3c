// Hearing of a command (report.h).
#define _GNU_SOURCE
#include "report.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "helper.h"

char receive_report(int report, pid_t *sender, int *value) {
  char bytes[1 + sizeof(int)];
  struct iovec part = {bytes, sizeof bytes};
  char space[CMSG_SPACE(sizeof(struct ucred))];
  struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  ssize_t n;
  while ((n = recvmsg(report, &packet, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (n < 1) return 0;
  for (struct cmsghdr *head = CMSG_FIRSTHDR(&packet); head != NULL; head = CMSG_NXTHDR(&packet, head)) {
    if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_CREDENTIALS) {
      *sender = ((struct ucred *)(void *)CMSG_DATA(head))->pid;
    }
  }
  if (n == sizeof bytes) memcpy(value, bytes + 1, sizeof *value);
  return bytes[0];
}

int exit_code(int exec_error, int how) {
  if (exec_error == ENOENT || exec_error == ENOTDIR) return EXIT_NOT_FOUND;
  if (exec_error != 0) return EXIT_NOT_EXECUTABLE;
  return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
}
