// Announced commands and their callers (commands.h). A token is good for one caller.
#define _GNU_SOURCE
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper.h"

enum { WAITING_MOST = 64, CALLERS_MOST = 64, EVENTS = 16 };

static struct waiting {
  struct request request;
  char *bytes;
} waiting[WAITING_MOST];

// Who has connected and not spoken yet, the oldest first: a caller whose turn is long in coming holds nobody up.
static int callers[CALLERS_MOST];
static size_t caller_count;
static int ready = -1;  // epoll: FD_COMMANDS and the callers

static bool listen_to(int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  return epoll_ctl(ready, EPOLL_CTL_ADD, fd, &event) == 0;
}

void commands_begin(void) {
  int listens = 0;
  if (getsockopt(FD_COMMANDS, SOL_SOCKET, SO_ACCEPTCONN, &listens, &(socklen_t){sizeof listens}) != 0 || listens == 0) return;
  ready = epoll_create1(EPOLL_CLOEXEC);
  if (ready < 0 || fcntl(FD_COMMANDS, F_SETFL, O_NONBLOCK) != 0 || !listen_to(FD_COMMANDS)) fail("commands", "epoll");
}

int commands_ready(void) { return ready; }

static struct waiting *find(const char *token) {
  for (size_t i = 0; i < WAITING_MOST; i++) {
    if (waiting[i].bytes != NULL && strcmp(waiting[i].request.token, token) == 0) return &waiting[i];
  }
  return NULL;
}

static void drop(struct waiting *one) {
  free_request(&one->request);
  close(one->request.raw);
  free(one->bytes);
  memset(one, 0, sizeof *one);
}

// Parsing changes the bytes, and process 1 has to parse them too.
static int keep_raw(const char *bytes, size_t size) {
  int fd = memfd_create("request", MFD_CLOEXEC);
  if (fd >= 0 && !write_all(fd, bytes, size)) close(fd), fd = -1;
  return fd;
}

void commands_announce(const char *token, char *bytes, size_t size) {
  struct waiting *place = NULL;
  for (size_t i = 0; i < WAITING_MOST && place == NULL; i++) {
    if (waiting[i].bytes == NULL) place = &waiting[i];
  }
  const char *fields[4] = {token, "request", "-", place == NULL ? "too many" : "malformed"};
  struct request request = {0};
  int raw = keep_raw(bytes, size);
  if (raw < 0 || place == NULL || find(token) != NULL || !parse_request(bytes, size, &request)) {
    tell("failed", fields, 4);
    if (raw >= 0) close(raw);
    free_request(&request);
    free(bytes);
    return;
  }
  memcpy(request.token, token, TOKEN_LENGTH);
  request.raw = raw;
  *place = (struct waiting){request, bytes};
}

void commands_forget(const char *token) {
  struct waiting *one = find(token);
  if (one != NULL) drop(one);
}

// The token and exactly three descriptors, which come to stand at FD; false for anything else, and then nothing is left open.
static bool receive_caller(int connection, char token[TOKEN_LENGTH + 1], int fd[3]) {
  // Room for three and no more: the padding of CMSG_SPACE would take a fourth.
  char space[CMSG_SPACE(3 * sizeof(int))];
  struct iovec part = {token, TOKEN_LENGTH + 1};
  struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = CMSG_LEN(3 * sizeof(int))};
  ssize_t n = recvmsg(connection, &packet, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  size_t count = 0;
  for (struct cmsghdr *head = n < 0 ? NULL : CMSG_FIRSTHDR(&packet); head != NULL; head = CMSG_NXTHDR(&packet, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fd, CMSG_DATA(head), count * sizeof(int));
  }
  if (n > 0 && n <= TOKEN_LENGTH) token[n] = '\0';
  if (n == TOKEN_LENGTH && is_token(token, (size_t)n) && count == 3 && (packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0) return true;
  for (size_t i = 0; i < count; i++) close(fd[i]);
  return false;
}

// The caller's streams at their fixed numbers. Ours there are the first command's: in this process they are not needed any more.
static void take_streams(const int fd[3]) {
  for (int i = 0; i < 3; i++) {
    if (dup3(fd[i], FD_STREAM + i, O_CLOEXEC) < 0) fail("streams", "dup3");
    close(fd[i]);
  }
}

static void hang_up(size_t i) {
  close(callers[i]);
  memmove(callers + i, callers + i + 1, (--caller_count - i) * sizeof *callers);
}

static void admit(void) {
  int connection = accept4(FD_COMMANDS, NULL, NULL, SOCK_CLOEXEC);
  if (connection < 0) return;
  if (caller_count == CALLERS_MOST) hang_up(0);
  callers[caller_count++] = connection;
  if (!listen_to(connection)) hang_up(caller_count - 1);
}

// In a fresh child: nothing of the other callers is kept open.
static _Noreturn void run_for(int connection, const struct place *place, struct waiting *one, const int fd[3]) {
  for (size_t i = 0; i < caller_count; i++) {
    if (callers[i] != connection) close(callers[i]);
  }
  close(ready);
  close(FD_COMMANDS);
  fail_as(one->request.token);
  take_streams(fd);
  run_further(place, &one->request, connection);
}

static void hear(int connection, const struct place *place) {
  char token[TOKEN_LENGTH + 1];
  int fd[3];
  if (!receive_caller(connection, token, fd)) return;
  struct waiting *one = find(token);
  pid_t child = one == NULL ? -1 : fork();
  if (child == 0) run_for(connection, place, one, fd);
  if (one != NULL && child < 0) tell("failed", (const char *[]){token, "fork", strerror(errno), "runner"}, 4);
  if (one != NULL) drop(one);
  for (int i = 0; i < 3; i++) close(fd[i]);
}

void commands_serve(const struct place *place) {
  struct epoll_event events[EVENTS];
  int count = epoll_wait(ready, events, EVENTS, 0);
  for (int i = 0; i < count; i++) {
    int fd = events[i].data.fd;
    if (fd == FD_COMMANDS) {
      admit();
      continue;
    }
    for (size_t k = 0; k < caller_count; k++) {
      if (callers[k] != fd) continue;
      (void)epoll_ctl(ready, EPOLL_CTL_DEL, fd, NULL);  // a runner may keep it open
      hear(fd, place);
      hang_up(k);
      break;
    }
  }
}
