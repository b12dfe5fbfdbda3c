// The guard's process: it takes the listener, keeps a few threads that answer trapped calls, and writes down refusals.
#define _GNU_SOURCE
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard_calls.h"
#include "service.h"

// WORKERS answer in parallel, so that one slow disk call does not stop the rest; MOST_THREADS bounds calls that wait for a FIFO's peer.
enum { WORKERS = 4, MOST_THREADS = 256, STACK_BYTES = 256 * 1024, EVENT_BYTES = 1200 };

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

static void record_refusal(const struct job *job) {
  static const char hex[] = "0123456789abcdef";
  char line[EVENT_BYTES + 64];
  if (job->guard->event_fd < 0) return;
  int used = snprintf(line, sizeof line, "refused %s %d ", job->op, (int)job->caller.tid);
  size_t end = (size_t)used + EVENT_BYTES;
  size_t at = (size_t)used;
  for (const unsigned char *from = (const unsigned char *)job->place; *from != 0 && at + 3 <= end; from++) {
    if (*from > ' ' && *from < 0x7f && *from != '%') {
      line[at++] = (char)*from;
    } else {
      line[at++] = '%';
      line[at++] = hex[*from >> 4];
      line[at++] = hex[*from & 15];
    }
  }
  line[at++] = '\n';
  // Non-blocking: an agent that provokes refusals faster than they are read loses lines of its own record, not the guard.
  (void)!write(job->guard->event_fd, line, at);
}

static const struct guard_call *call_of(int number) {
  for (size_t i = 0; i < guard_call_count; i++)
    if (guard_calls[i].number == number) return &guard_calls[i];
  return NULL;
}

static void reply(int listener, uint64_t id, long result) {
  struct seccomp_notif_resp response = {.id = id, .val = result < 0 ? 0 : result, .error = result < 0 ? (int)result : 0};
  (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);  // ENOENT: the caller is gone
}

static void reply_descriptor(struct job *job) {
  int listener = job->guard->listener;
  struct seccomp_notif_addfd add = {.id = job->caller.id, .srcfd = (uint32_t)job->give, .flags = SECCOMP_ADDFD_FLAG_SEND};
  add.newfd_flags = job->give_cloexec ? O_CLOEXEC : 0;
  int number = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
  if (number < 0 && errno == EINVAL) {  // before kernel 5.14: two steps
    add.flags = 0;
    number = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    if (number >= 0) reply(listener, job->caller.id, number);
  }
  if (number < 0) reply(listener, job->caller.id, -errno);
  close(job->give);
}

static void handle(struct job *job, const struct seccomp_notif *notice) {
  const struct guard_call *call = call_of(notice->data.nr);
  job->args = (const uint64_t *)notice->data.args;
  job->give = -1;
  job->refused = job->give_cloexec = false;
  job->op = call == NULL ? "?" : call->op;
  long result = -ENOSYS;
  int failure = caller_open(&job->caller, job->guard->listener, job->guard->proc_fd, notice->id, (pid_t)notice->pid);
  if (failure == 0 && call != NULL) result = call->handle(job);
  else if (failure != 0) result = -failure;
  if (job->refused) record_refusal(job);
  if (job->give >= 0 && result == 0) reply_descriptor(job);
  else reply(job->guard->listener, notice->id, result);
  if (failure == 0) caller_close(&job->caller);
}

static void *serve(void *guard);

static bool add_worker(struct guard *guard) {
  pthread_t thread;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  if (atomic_fetch_add(&guard->workers, 1) >= MOST_THREADS || pthread_create(&thread, &attributes, serve, guard) != 0) {
    atomic_fetch_sub(&guard->workers, 1);
    return false;
  }
  return true;
}

bool job_make_room(struct job *job) {
  if (!job->replaced) job->replaced = add_worker(job->guard);
  return job->replaced;
}

static void *serve(void *argument) {
  struct guard *guard = argument;
  struct job *job = calloc(1, sizeof *job);
  // Umask and working directory of this thread are set for each call: they must be its own.
  if (job == NULL || unshare(CLONE_FS) != 0 || fchdir(guard->proc_fd) != 0) _exit(1);
  job->guard = guard;
  while (!job->replaced) {
    struct seccomp_notif notice;
    memset(&notice, 0, sizeof notice);
    if (ioctl(guard->listener, SECCOMP_IOCTL_NOTIF_RECV, &notice) == 0) handle(job, &notice);
    else if (errno != EINTR && errno != ENOENT) _exit(1);  // ENOENT: the caller was killed before we looked
    else if (errno == ENOENT) usleep(200);                 // or nobody is left: the main thread sees that
  }
  free(job);
  atomic_fetch_sub(&guard->workers, 1);
  return NULL;
}

static int take_listener(int socket_fd) {
  char byte = 'R', space[CMSG_SPACE(sizeof(int))];
  if (send(socket_fd, &byte, 1, MSG_NOSIGNAL) != 1) return -1;
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  ssize_t n;
  while ((n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  struct cmsghdr *header = n == 1 ? CMSG_FIRSTHDR(&message) : NULL;
  if (header == NULL || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int))) {
    errno = EPROTO;
    return -1;
  }
  int listener;
  memcpy(&listener, CMSG_DATA(header), sizeof listener);
  return listener;
}

static int prepare(struct guard *guard, const struct guard_options *options) {
  *guard = (struct guard){.proc_fd = options->proc_fd, .event_fd = options->event_fd, .listener = -1};
  guard->places = (struct places){.proc_fd = options->proc_fd, .root = options->root};
  if (!names_init(&guard->places.names, options->names, options->name_count, options->except, options->except_count)) {
    errno = EINVAL;
    return -1;
  }
  if (options->mount_ns_fd >= 0 && setns(options->mount_ns_fd, CLONE_NEWNS) != 0) return -1;
  const int keep[] = {options->socket_fd, options->event_fd, options->proc_fd, options->past_fd};
  if (service_begin(keep, sizeof keep / sizeof keep[0]) != 0) return -1;
  service_raise_files();
  if (options->event_fd >= 0 && fcntl(options->event_fd, F_SETFL, fcntl(options->event_fd, F_GETFL) | O_NONBLOCK) != 0) return -1;
  guard->before.proc_fd = options->proc_fd;
  guard->before.event_fd = options->event_fd;
  if (!before_begin(&guard->before, options->past_fd, options->past_bytes)) return -1;
  pthread_rwlockattr_t fair;
  pthread_rwlockattr_init(&fair);
  // A stream of small writes must not keep a rename waiting for ever.
  pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  if (pthread_rwlock_init(&guard->names_lock, &fair) != 0) return -1;
  return places_scan(&guard->places) ? 0 : -1;
}

int guard_run(const struct guard_options *options) {
  static struct guard guard;
  if (prepare(&guard, options) != 0) return -1;
  guard.listener = take_listener(options->socket_fd);
  if (guard.listener < 0) return -1;
  (void)ioctl(guard.listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
  for (int i = 0; i < WORKERS; i++)
    if (!add_worker(&guard)) return -1;
  if (send(options->socket_fd, "G", 1, MSG_NOSIGNAL) != 1) return -1;
  close(options->socket_fd);
  struct pollfd gone = {guard.listener, 0, 0};
  while (poll(&gone, 1, -1) < 0 && errno == EINTR) {
  }
  _exit(0);  // the last process under the filter has ended
}
