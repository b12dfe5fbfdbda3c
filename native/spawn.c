// The channel between runners and process 1 (spawn.h).
#define _GNU_SOURCE
#include "spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "helper.h"
#include "request.h"

// In this order in the message: those that are always there, the control socket among them, then those that the letters after the token name.
enum { STREAMS = 0, CONTROL = 3, REPORT = 4, STATUS = 5, REQUEST = 6, ALWAYS = 7, MOST = 10 };
static const char OPTIONAL[] = "tgr";

bool spawn_ask(int channel, const char *token, const struct wish *wish) {
  const int always[ALWAYS] = {wish->streams[0], wish->streams[1], wish->streams[2], FD_CONTROL, wish->report, wish->status, wish->request};
  const int optional[] = {wish->terminal, wish->guard, wish->recorder};
  int fds[MOST];
  size_t count = ALWAYS;
  char text[TOKEN_LENGTH + sizeof OPTIONAL];
  size_t length = TOKEN_LENGTH;
  memcpy(text, token, TOKEN_LENGTH);
  memcpy(fds, always, sizeof always);
  for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
    if (optional[i] < 0) continue;
    text[length++] = OPTIONAL[i];
    fds[count++] = optional[i];
  }
  char space[CMSG_SPACE(sizeof fds)] = {0};
  struct iovec part = {text, length};
  struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
  struct cmsghdr *head = CMSG_FIRSTHDR(&packet);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(count * sizeof(int));
  memcpy(CMSG_DATA(head), fds, count * sizeof(int));
  return sendmsg(channel, &packet, MSG_NOSIGNAL) == (ssize_t)length;
}

// ---- in process 1

static int *pids;
static struct pollfd *runners;  // the status pipe of each
static size_t running, room;

static bool make_room(void) {
  if (running < room) return true;
  size_t more = room == 0 ? 16 : 2 * room;
  int *some = realloc(pids, more * sizeof *pids);
  if (some != NULL) pids = some;
  struct pollfd *others = realloc(runners, more * sizeof *runners);
  if (others != NULL) runners = others;
  if (some == NULL || others == NULL) return false;
  room = more;
  return true;
}

void spawn_ended(int pid, int how) {
  for (size_t i = 0; i < running; i++) {
    if (pids[i] != pid) continue;
    if (runners[i].fd >= 0) {
      (void)!write(runners[i].fd, &how, sizeof how);
      close(runners[i].fd);
    }
    running--;
    pids[i] = pids[running];
    runners[i] = runners[running];
    return;
  }
}

struct pollfd *spawn_watched(size_t *count) {
  *count = running;
  return runners;
}

void spawn_abandoned(const struct pollfd *watched, size_t count) {
  for (size_t i = 0; i < count && i < running; i++) {
    if (watched[i].revents == 0 || runners[i].fd != watched[i].fd || runners[i].fd < 0) continue;
    // Not waited for yet, so the number is still its own.
    kill(-pids[i], SIGKILL);
    kill(pids[i], SIGKILL);
    close(runners[i].fd);
    runners[i].fd = -1;
  }
}

static char *read_all(int fd, size_t *size) {
  struct stat found;
  if (fstat(fd, &found) != 0) fail("request", "size");
  *size = (size_t)found.st_size;
  char *bytes = need_memory(*size);
  for (size_t have = 0; have < *size;) {
    ssize_t n = pread(fd, bytes + have, *size - have, (off_t)have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("request", "cut short");
    have += (size_t)n;
  }
  return bytes;
}

// In a fresh child. Its control socket takes the place of the channel.
static _Noreturn void become_further(const struct program *first, const int *fds, const char *token, const int optional[3]) {
  if (dup2(fds[CONTROL], FD_CONTROL) < 0) _exit(EXIT_NO_FENCE);
  fail_as(token);
  struct program program = *first;
  struct request request;
  size_t size;
  char *bytes = read_all(fds[REQUEST], &size);
  errno = 0;
  if (!parse_request(bytes, size, &request)) fail("request", "malformed");
  request_program(&program, &request);
  struct command command = {.program = &program,
                            .streams = {fds[STREAMS], fds[STREAMS + 1], fds[STREAMS + 2]},
                            .terminal = optional[0],
                            .settings = -1,
                            .user = -1,
                            .guard = optional[1],
                            .recorder = optional[2],
                            .report = fds[REPORT]};
  become_command(&command);
}

// To the runner, in the place of its command.
static void refuse(int report) {
  char message[1 + sizeof(int)] = {'N'};
  memcpy(message + 1, &errno, sizeof(int));
  (void)!send(report, message, sizeof message, MSG_NOSIGNAL);
}

static void start(const struct program *first, const int *fds, const char *token, const int optional[3]) {
  pid_t child = make_room() ? fork() : -1;
  if (child < 0) return refuse(fds[REPORT]);
  if (child == 0) become_further(first, fds, token, optional);
  pids[running] = child;
  runners[running++] = (struct pollfd){.fd = dup(fds[STATUS])};
}

void spawn_serve(const struct program *first) {
  char text[TOKEN_LENGTH + sizeof OPTIONAL] = "", space[CMSG_SPACE(MOST * sizeof(int))];
  int fds[MOST], optional[3] = {-1, -1, -1};
  size_t count = 0, used = ALWAYS;
  struct iovec part = {text, sizeof text - 1};
  struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = CMSG_LEN(sizeof fds)};
  ssize_t n = recvmsg(FD_CONTROL, &packet, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  struct cmsghdr *head = n < 0 ? NULL : CMSG_FIRSTHDR(&packet);
  if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
    count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds, CMSG_DATA(head), count * sizeof(int));
  }
  for (size_t i = 0; i < 3 && n > TOKEN_LENGTH && used < count; i++) {
    if (memchr(text + TOKEN_LENGTH, OPTIONAL[i], (size_t)n - TOKEN_LENGTH) != NULL) optional[i] = fds[used++];
  }
  char token[TOKEN_LENGTH + 1] = "";
  memcpy(token, text, TOKEN_LENGTH);
  bool whole = n >= TOKEN_LENGTH && is_token(token, TOKEN_LENGTH) && count >= ALWAYS && used == count && (packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  if (whole) start(first, fds, token, optional);
  for (size_t i = 0; i < count; i++) close(fds[i]);
}
