// The runner of one further command (further.h).
#define _GNU_SOURCE
#include "further.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "guard_start.h"
#include "helper.h"
#include "record_start.h"
#include "relay.h"
#include "report.h"
#include "spawn.h"

enum { SETTLE_MS = 50 };

struct further {
  const char *token;
  struct relay relay;
  int connection;
  pid_t command;
  pid_t child;   // the same process where it is our own child
  int status;    // where process 1 tells how it ended, where it is not; else -1
  int pidfd, exec_error, how;
};

// An engine's: forked here, into the pid and user namespaces of the first.
static void start_beside(struct further *f, const struct place *place, const struct program *program, int report, int guard) {
  struct command command = {
      .program = program, .terminal = f->relay.slave, .settings = -1, .user = place->user, .guard = guard, .recorder = -1, .report = report};
  memcpy(command.streams, f->relay.inside, sizeof command.streams);
  if (setns(place->pids, CLONE_NEWPID) != 0) fail("start", "pid namespace");
  f->child = fork();
  if (f->child < 0) fail("fork", "command");
  if (f->child == 0) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail("start", "pdeathsig");
    become_command(&command);
  }
  // Threads cannot be made while children would go elsewhere.
  if (setns(place->own_pids, CLONE_NEWPID) != 0) fail("start", "own pid namespace");
}

// Everything else: forked by process 1.
static void start_inside(struct further *f, const struct place *place, const struct request *request, int report, int guard, int recorder) {
  int status[2];
  if (pipe2(status, O_CLOEXEC) != 0) fail("start", "status");
  struct wish wish = {.report = report, .status = status[1], .request = request->raw, .terminal = f->relay.slave, .guard = guard, .recorder = recorder};
  memcpy(wish.streams, f->relay.inside, sizeof wish.streams);
  if (!spawn_ask(place->spawner, f->token, &wish)) fail("start", "process 1");
  close(status[1]);
  close(place->spawner);
  f->status = status[0];
}

static void start(struct further *f, const struct place *place, const struct program *program, const struct request *request) {
  int report[2], guard[2] = {-1, -1}, recorder[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) != 0) fail("start", "socket");
  if (setsockopt(report[0], SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)) != 0) fail("start", "credentials");
  if (program->guard && place->intake < 0) {
    // Before the namespaces change: a guard stands outside of what it guards.
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, guard) != 0) fail("guard", "socket");
    start_guard(program, place->proc, guard[0], place->refusals);
    close(guard[0]);
  }
  if (place->intake >= 0) {
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, recorder) != 0) fail("recorder", "socket");
    record_offer(place->intake, recorder[0]);
    record_finish(place->intake);  // our end of it: the recorder waits for the last one
  }
  if (program->engine) start_beside(f, place, program, report[1], guard[1]);
  else start_inside(f, place, request, report[1], guard[1], recorder[1]);
  close(report[1]);
  if (guard[1] >= 0) close(guard[1]);
  if (recorder[1] >= 0) close(recorder[1]);
  int why = 0;
  pid_t unused;
  char word = receive_report(report[0], &f->command, &why);
  errno = why;
  if (word == 'N') fail("fork", "command");
  if (word != 'R') _exit(EXIT_NO_FENCE);  // it has said why
  // It waits for our word, so the number is still its own.
  f->pidfd = (int)syscall(SYS_pidfd_open, f->command, 0);
  if (f->pidfd < 0) fail("start", "pidfd");
  relay_start(&f->relay);
  if (write(report[0], "g", 1) != 1) fail("start", "command");
  if (receive_report(report[0], &unused, &why) == 'X') f->exec_error = why;
  close(report[0]);
}

static void send_signal(const struct further *f, int number) {
  // The pidfd says that the command is alive, so its number is its own.
  if (syscall(SYS_pidfd_send_signal, f->pidfd, 0, NULL, 0) == 0) kill(-f->command, number);
}

// Orders of the caller: `signal N`, `resize`. False when the caller is gone.
static bool obey(const struct further *f) {
  char line[32];
  ssize_t n = recv(f->connection, line, sizeof line - 1, 0);
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) return false;
  line[n] = '\0';
  if (strcmp(line, "resize") == 0) relay_resize();
  if (strncmp(line, "signal ", 7) != 0) return true;
  int number = atoi(line + 7);
  if (number <= 0 || number >= NSIG) return true;
  bool keyboard = number == SIGINT || number == SIGQUIT || number == SIGTSTP;
  if (!keyboard || !relay_signal(number)) send_signal(f, number);
  return true;
}

static void follow(struct further *f) {
  bool present = true;
  for (;;) {
    struct pollfd wait[] = {{f->pidfd, POLLIN, 0}, {present ? f->connection : -1, POLLIN, 0}};
    if (poll(wait, 2, -1) < 0 && errno != EINTR) fail("wait", "poll");
    if (wait[1].revents != 0 && !obey(f)) {
      present = false;
      send_signal(f, SIGKILL);
      (void)syscall(SYS_pidfd_send_signal, f->pidfd, SIGKILL, NULL, 0);
    }
    if (wait[0].revents != 0) break;
  }
  if (f->status < 0) {
    while (waitpid(f->child, &f->how, 0) < 0 && errno == EINTR) {
    }
  } else if (read(f->status, &f->how, sizeof f->how) != sizeof f->how) {
    f->how = SIGKILL;  // with its namespace
  }
  close(f->pidfd);
}

// The last output. A slow reader is waited for as long as there is something to read; a process left behind that keeps the streams is not.
static void drain(struct further *f) {
  relay_finish(&f->relay);
  int open_streams = f->relay.outward;
  for (int quiet = 0; open_streams > 0 && quiet < 2;) {
    struct pollfd wait[] = {{f->relay.drained, POLLIN, 0}, {f->connection, 0, 0}};
    int ready = poll(wait, 2, SETTLE_MS);
    uint64_t ended;
    if (wait[0].revents != 0 && read(f->relay.drained, &ended, sizeof ended) == sizeof ended) open_streams -= (int)ended;
    if (wait[1].revents != 0) return;  // nobody reads any more
    quiet = ready == 0 && relay_idle() ? quiet + 1 : 0;
  }
}

_Noreturn void run_further(const struct place *place, struct request *request, int connection) {
  static struct further f;
  fail_as(request->token);
  f.token = request->token;
  f.connection = connection;
  f.status = -1;
  signal(SIGTERM, SIG_DFL);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail("start", "pdeathsig");
  struct program program = *place->program;
  request_program(&program, request);
  relay_forget();
  relay_open(&f.relay, request->tty);
  start(&f, place, &program, request);
  char *pid = format("%d", f.command);
  if (f.exec_error == 0) tell2("began", f.token, pid);
  follow(&f);
  drain(&f);
  relay_restore();
  int code = exit_code(f.exec_error, f.how);
  int number = f.exec_error == 0 && WIFSIGNALED(f.how) ? WTERMSIG(f.how) : 0;
  char *text = f.exec_error == 0 ? format("exit %d", code) : format("exit %d %d", code, f.exec_error);
  (void)!send(connection, text, strlen(text), MSG_NOSIGNAL);
  const char *fields[3] = {f.token, format("%d", code), format("%d", number)};
  tell("ended", fields, 3);
  _exit(0);
}
