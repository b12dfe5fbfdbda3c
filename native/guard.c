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
#include "record_look.h"
#include "service.h"
#include "trap.h"

// WORKERS answer in parallel, so that one slow disk call does not stop the rest; MOST_THREADS bounds calls that wait for a FIFO's peer.
enum { WORKERS = 4, MOST_THREADS = 512, STACK_BYTES = 512 * 1024, EVENT_BYTES = 1200, LINGER_US = 20000 };

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
  int listener = job->listener;
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

static long perform(struct job *job, const struct guard_call *call, const struct seccomp_notif *notice) {
  job->args = (const uint64_t *)notice->data.args;
  job->give = -1;
  job->refused = job->give_cloexec = false;
  job->path[0] = job->second[0] = 0;
  job->op = call == NULL ? "?" : call->op;
  long result = -ENOSYS;
  int failure = caller_open(&job->caller, job->listener, job->guard->proc_fd, notice->id, (pid_t)notice->pid);
  if (failure == 0 && call != NULL) result = call->handle(job);
  else if (failure != 0) result = -failure;
  if (job->refused) record_refusal(job);
  return result;
}

static void finish(struct job *job, uint64_t id, long result) {
  if (job->give >= 0 && result == 0) reply_descriptor(job);
  else reply(job->listener, id, result);
  caller_close(&job->caller);
}

// What was done goes on record with the name that was really used, whatever the caller's memory said at the look.
static void tell_act(struct job *job, long result) {
  struct look *look = job->look;
  if (strcmp(look->raw, job->path) != 0) {
    snprintf(look->first.path, sizeof look->first.path, "%s", job->path);
    look->first.resolved = false;
  }
  if (look->two && strcmp(look->raw_second, job->second) != 0) {
    snprintf(look->second.path, sizeof look->second.path, "%s", job->second);
    look->second.resolved = false;
  }
  look_tell(job->guard->recorder, look, result, job->refused);
}

static void handle(struct job *job, const struct seccomp_notif *notice) {
  const struct guard_call *call = call_of(notice->data.nr);
  struct recorder *recorder = job->guard->recorder;
  if (recorder == NULL) {
    finish(job, notice->id, perform(job, call, notice));
    return;
  }
  int error = look_at(recorder, job->listener, notice, job->look);
  // Flags and numbers stand in registers, so what only reads or what the guard has no say in is what it was.
  if (call == NULL || error != 0 || job->look->kind == LOOK_READ) {
    look_end(recorder, job->listener, notice, job->look, error);
    return;
  }
  if (job->look->kind != LOOK_NOTHING && !look_meet(recorder, job->look)) return;
  long result = perform(job, call, notice);
  tell_act(job, result);
  finish(job, notice->id, result);
}

// A listener and how many threads serve it; the last one closes it.
struct served {
  struct guard *guard;
  int listener;
  _Atomic int workers;
};

static void leave(struct served *served) {
  atomic_fetch_sub(&served->guard->workers, 1);
  if (atomic_fetch_sub(&served->workers, 1) > 1) return;
  close(served->listener);
  free(served);
}

static void *serve(void *served);

static bool add_worker(struct served *served) {
  pthread_t thread;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  atomic_fetch_add(&served->workers, 1);
  if (atomic_fetch_add(&served->guard->workers, 1) < MOST_THREADS && pthread_create(&thread, &attributes, serve, served) == 0) return true;
  leave(served);
  return false;
}

bool job_make_room(struct job *job) {
  if (!job->replaced) job->replaced = add_worker(job->served);
  return job->replaced;
}

static void *serve(void *argument) {
  struct served *served = argument;
  struct guard *guard = served->guard;
  struct job *job = calloc(1, sizeof *job);
  struct look *look = guard->recorder == NULL ? NULL : malloc(sizeof *look);
  if (job == NULL || (look == NULL && guard->recorder != NULL)) _exit(1);
  // Umask and working directory of this thread are set for each call: they must be its own.
  if (unshare(CLONE_FS) != 0 || fchdir(guard->proc_fd) != 0) _exit(1);
  *job = (struct job){.guard = guard, .served = served, .listener = served->listener, .look = look};
  struct seccomp_notif notice;
  while (!job->replaced && trap_next(served->listener, &notice)) handle(job, &notice);
  free(look);
  free(job);
  leave(served);
  return NULL;
}

bool guard_serve(struct guard *guard, int listener) {
  struct served *served = malloc(sizeof *served);
  if (served == NULL) return false;
  // Held until all are there: the first may end before the last is made.
  *served = (struct served){.guard = guard, .listener = listener, .workers = 1};
  atomic_fetch_add(&guard->workers, 1);
  bool all = true;
  for (int i = 0; i < WORKERS && all; i++) all = add_worker(served);
  leave(served);
  return all;
}

bool guard_serves(const struct guard *guard) { return atomic_load(&guard->workers) > 0; }

int guard_open(struct guard *guard, const struct guard_options *options, struct recorder *recorder) {
  *guard = (struct guard){.proc_fd = options->proc_fd, .event_fd = options->event_fd, .recorder = recorder};
  guard->places = (struct places){.proc_fd = options->proc_fd, .root = options->root};
  if (!names_init(&guard->places.names, options->names, options->name_count, options->except, options->except_count)) {
    errno = EINVAL;
    return -1;
  }
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
  if (options->mount_ns_fd >= 0 && setns(options->mount_ns_fd, CLONE_NEWNS) != 0) return -1;
  const int keep[] = {options->socket_fd, options->event_fd, options->proc_fd, options->past_fd};
  if (service_begin(keep, sizeof keep / sizeof keep[0]) != 0) return -1;
  service_raise_files();
  if (guard_open(&guard, options, NULL) != 0) return -1;
  int listener = trap_receive(options->socket_fd);
  if (listener < 0 || !guard_serve(&guard, listener) || trap_confirm(options->socket_fd) != 0) return -1;
  while (guard_serves(&guard)) usleep(LINGER_US);
  _exit(0);  // the last process under the filter has ended
}
