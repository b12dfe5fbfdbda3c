// The errand of a caller (attach.h).
#define _GNU_SOURCE
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "helper.h"
#include "request.h"

static int complain(const char *what) {
  fprintf(stderr, "ringfence: the command could not be handed to the fence: %s: %s\n", what, strerror(errno));
  return EXIT_NO_FENCE;
}

// By the folder's descriptor: a socket's path has room for 107 bytes only.
int connect_below(const char *path, int type) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return errno = EINVAL, -1;
  char *folder = format("%.*s/", (int)(slash - path), path);
  int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  free(folder);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int length = snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d%s", at, slash);
  int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (at < 0 || fd < 0 || length >= (int)sizeof address.sun_path) return -1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  close(at);
  return fd;
}

static bool hand_over(int connection, const char *token) {
  char space[CMSG_SPACE(3 * sizeof(int))] = {0};
  struct iovec part = {(char *)(uintptr_t)token, TOKEN_LENGTH};
  struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  struct cmsghdr *head = CMSG_FIRSTHDR(&packet);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(3 * sizeof(int));
  memcpy(CMSG_DATA(head), (int[3]){0, 1, 2}, 3 * sizeof(int));
  return sendmsg(connection, &packet, MSG_NOSIGNAL) == TOKEN_LENGTH;
}

static void pass_on(int connection, int signals) {
  struct signalfd_siginfo info;
  char line[32];
  if (read(signals, &info, sizeof info) != sizeof info) return;
  int n = info.ssi_signo == SIGWINCH ? snprintf(line, sizeof line, "resize") : snprintf(line, sizeof line, "signal %u", info.ssi_signo);
  (void)!send(connection, line, (size_t)n, MSG_NOSIGNAL);
}

int run_attach(const char *path, const char *token) {
  if (!is_token(token, strlen(token))) return errno = EINVAL, complain("token");
  // A stream that the caller closed must not become the connection.
  for (int fd = open("/dev/null", O_RDWR); fd >= 0 && fd <= 2;) fd = open("/dev/null", O_RDWR);
  const int passed[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) sigaddset(&set, passed[i]);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int signals = signalfd(-1, &set, SFD_CLOEXEC);
  struct termios before;
  bool terminal = tcgetattr(0, &before) == 0;
  int connection = connect_below(path, SOCK_SEQPACKET);
  if (signals < 0 || connection < 0) return complain("socket");
  if (!hand_over(connection, token)) return complain("streams");
  int code = EXIT_LOST;
  for (;;) {
    struct pollfd wait[] = {{connection, POLLIN, 0}, {signals, POLLIN, 0}};
    if (poll(wait, 2, -1) < 0 && errno != EINTR) break;
    if (wait[1].revents != 0) pass_on(connection, signals);
    if (wait[0].revents == 0) continue;
    char line[32];
    ssize_t n = recv(connection, line, sizeof line - 1, 0);
    if (n < 0 && errno == EINTR) continue;
    line[n > 0 ? n : 0] = '\0';
    // An error number behind the code: it never ran, and nobody else says so.
    int why = 0;
    if (sscanf(line, "exit %d %d", &code, &why) == 2) fprintf(stderr, "ringfence: the command cannot be run inside: %s\n", strerror(why));
    break;
  }
  // The runner puts the terminal back; one that was killed with its fence could not.
  if (terminal && code == EXIT_LOST) tcsetattr(0, TCSANOW, &before);
  return code;
}
