// The recorder's process: the main thread takes in listeners and tells how processes end; one thread for each listener answers its calls.
#define _GNU_SOURCE
#include "record.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "guard.h"
#include "record_look.h"
#include "trap.h"

enum { STACK_BYTES = 512 * 1024, MOST_EVENTS = 64, LINGER_MS = 20 };

#define INTAKE UINT64_MAX

struct service {
  struct recorder *recorder;
  int socket;  // where the listener comes from
};

static _Atomic int serving;  // threads

static void answer(int listener, uint64_t id, int error) {
  struct seccomp_notif_resp response = {.id = id, .error = -error, .flags = error == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0};
  (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);  // ENOENT: the caller is gone
}

static void serve_listener(struct recorder *recorder, int listener) {
  struct look *look = malloc(sizeof *look);
  if (look == NULL) _exit(1);
  struct seccomp_notif notice;
  while (trap_next(listener, &notice)) look_end(recorder, listener, &notice, look, look_at(recorder, listener, &notice, look));
  free(look);
  close(listener);
}

void look_end(struct recorder *recorder, int listener, const struct seccomp_notif *notice, struct look *look, int error) {
  if (error < 0 && caller_waits(&look->caller)) _exit(1);  // it could not be looked at, for want of descriptors: it must not go on
  if (error < 0) return;
  // What the look itself came upon is no event: the call ends here, as it would have in the kernel.
  if (error == 0 || look->kind == LOOK_PROBE) look_tell(recorder, look, LOOK_UNKNOWN, false);
  answer(listener, notice->id, error);
}

static void *serve(void *argument) {
  struct service *service = argument;
  struct recorder *recorder = service->recorder;
  int listener = trap_receive(service->socket);
  // A command that ended before it had a filter has nothing to record; the others are not its concern.
  bool guarded = listener >= 0 && recorder->guard != NULL && guard_serve(recorder->guard, listener);
  bool good = listener >= 0 && (recorder->guard == NULL || guarded);
  if (!good) close(service->socket);
  if (good && trap_confirm(service->socket) == 0 && !guarded) serve_listener(recorder, listener);
  else if (listener >= 0 && !guarded) close(listener);
  free(service);
  atomic_fetch_sub(&serving, 1);
  return NULL;
}

static void take(struct recorder *recorder, int socket) {
  struct service *service = malloc(sizeof *service);
  pthread_t thread;
  pthread_attr_t attributes;
  if (service == NULL || pthread_attr_init(&attributes) != 0) _exit(1);
  *service = (struct service){recorder, socket};
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  atomic_fetch_add(&serving, 1);
  if (pthread_create(&thread, &attributes, serve, service) != 0) _exit(1);
}

// A socket with a command at its other end; -1 when there will be none any more.
static int next_of(int intake) {
  char byte, space[CMSG_SPACE(sizeof(int))];
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  ssize_t n;
  while ((n = recvmsg(intake, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  struct cmsghdr *header = n == 1 ? CMSG_FIRSTHDR(&message) : NULL;
  if (header == NULL || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int))) return -1;
  int socket;
  memcpy(&socket, CMSG_DATA(header), sizeof socket);
  return socket;
}

static void tell_ends(struct recorder *recorder, const struct epoll_event *events, int count) {
  pthread_mutex_lock(&recorder->lock);
  for (int i = 0; i < count; i++) {
    if (events[i].data.u64 != INTAKE) process_ended(recorder, events[i].data.u64);
  }
  pthread_mutex_unlock(&recorder->lock);
}

static void know_the_kernel(struct recorder *recorder) {
  struct utsname name;
  int major = 0, minor = 0;
  if (uname(&name) != 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2) return;
  recorder->exit_info = major > 6 || (major == 6 && minor >= 15);
}

// True when nothing is left that could still be told. Lock not held.
static bool is_over(struct recorder *recorder) {
  pthread_mutex_lock(&recorder->lock);
  bool empty = recorder->processes.count == 0;
  pthread_mutex_unlock(&recorder->lock);
  return empty && atomic_load(&serving) == 0 && (recorder->guard == NULL || !guard_serves(recorder->guard));
}

// Descriptors for looking, for each thread that looks; the rest is for pidfds.
static size_t most_pidfds(void) {
  enum { FOR_LOOKING = 1024 };
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return limit.rlim_cur > 2 * FOR_LOOKING ? limit.rlim_cur - FOR_LOOKING : limit.rlim_cur / 2;
}

_Noreturn void record_run(struct recorder *recorder, int intake) {
  know_the_kernel(recorder);
  recorder->processes.most = most_pidfds();
  struct epoll_event wanted = {.events = EPOLLIN, .data.u64 = INTAKE};
  recorder->ends = epoll_create1(EPOLL_CLOEXEC);
  if (recorder->ends < 0 || epoll_ctl(recorder->ends, EPOLL_CTL_ADD, intake, &wanted) != 0) _exit(1);
  if (pthread_mutex_init(&recorder->lock, NULL) != 0) _exit(1);
  for (bool closing = false; !closing || !is_over(recorder);) {
    struct epoll_event events[MOST_EVENTS];
    int count = epoll_wait(recorder->ends, events, MOST_EVENTS, closing ? LINGER_MS : -1);
    if (count < 0 && errno != EINTR) _exit(1);
    tell_ends(recorder, events, count);
    for (int i = 0; i < count && !closing; i++) {
      if (events[i].data.u64 != INTAKE) continue;
      int socket = next_of(intake);
      if (socket >= 0) take(recorder, socket);
      else closing = epoll_ctl(recorder->ends, EPOLL_CTL_DEL, intake, NULL) == 0;
    }
  }
  struct line line;
  line_begin(&line, "end");
  line_send(&line, recorder->stream);
  _exit(0);
}
