// Starting and ending the recorder (record_start.h).
#define _GNU_SOURCE
#include "record_start.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard_calls.h"
#include "guard_start.h"
#include "helper.h"
#include "record.h"
#include "service.h"

static pid_t recorder_pid = -1;
static int recorder_pidfd = -1;

static _Noreturn void become_recorder(const struct program *program, int proc, int refusals, int intake) {
  const int keep[] = {FD_RECORD, proc, intake, refusals, program->guard ? program->past_fd : -1};
  if (service_begin(keep, sizeof keep / sizeof keep[0]) != 0) _exit(1);
  service_raise_files();
  static struct recorder recorder;
  recorder.proc_fd = proc;
  recorder.stream = FD_RECORD;
  if (program->guard) {
    static struct guard guard;
    struct guard_options options = guard_options_of(program, proc, -1, refusals);
    if (guard_open(&guard, &options, &recorder) != 0) _exit(1);  // a command that is offered then does not start
    recorder.guard = &guard;
  }
  record_run(&recorder, intake);
}

int record_start(const struct program *program, int proc, int refusals) {
  int intake[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, intake) != 0) fail("recorder", "socket");
  recorder_pid = fork();
  if (recorder_pid < 0) fail("fork", "recorder");
  if (recorder_pid == 0) {
    close(intake[0]);
    become_recorder(program, proc, refusals, intake[1]);
  }
  recorder_pidfd = (int)syscall(SYS_pidfd_open, recorder_pid, 0);
  if (recorder_pidfd < 0) fail("recorder", "pidfd");
  close(intake[1]);
  // Its end is then seen by the supervisor as the end of the stream.
  close(FD_RECORD);
  return intake[0];
}

void record_offer(int intake, int socket) {
  char byte = 'C', space[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
  memcpy(CMSG_DATA(header), &socket, sizeof socket);
  if (sendmsg(intake, &message, MSG_NOSIGNAL) != 1) fail("recorder", "offer");
  close(socket);
}

void record_finish(int intake) {
  if (intake >= 0) close(intake);
}

int record_pidfd(void) { return recorder_pidfd; }

void record_reaped(pid_t child) {
  if (child != recorder_pid || recorder_pidfd < 0) return;
  close(recorder_pidfd);
  recorder_pidfd = -1;
}
