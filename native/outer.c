// The outer helper (outer.h). The command and its children live one pid namespace further in and cannot see, signal or
// trace it. Everything in the fence ends with this process, and this process ends with its supervisor: by bubblewrap's
// parent-death signal, and by the end of the control socket.
#define _GNU_SOURCE
#include "outer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bridge_start.h"
#include "commands.h"
#include "guard_start.h"
#include "helper.h"
#include "inner.h"
#include "late.h"
#include "pause.h"
#include "record_start.h"
#include "relay.h"
#include "report.h"
#include "root.h"
#include "view.h"
#include "watch.h"

// A further command is at most a line of exec-wire.ts, and each of its arguments takes a few bytes more here than there.
enum { PROGRAM_MOST = 1 << 28, REQUEST_MOST = 1 << 22, WATCH_EVERY_MS = 200, SUSPEND_EVERY_MS = 20, DRAIN_AFTER_KILL_MS = 500, RECORD_AFTER_KILL_MS = 1000 };

// One running fence, as the outer helper sees it.
struct fence {
  struct program program;
  struct relay relay;
  int proc;          // O_PATH of /proc of this pid namespace
  int report, status, refusals;
  pid_t inner, command;
  int command_fd;    // pidfd
  struct place place;  // for further commands
  char line[1 << 14];  // of the control socket, not complete yet; a path of it is percent-encoded
  size_t line_length;
  char token[TOKEN_LENGTH + 1], *body;  // of an announced command that is not complete yet
  size_t body_size, body_have;
  const char *limit;
  int exec_error;
  bool inner_gone, killed;
  bool suspend_wanted;  // and the terminal is not free yet
  int how;           // wait status of the command
  long long give_up_at;
};

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

// The person's terminal must not stay raw because the supervisor was killed: so its death is a signal that can be handled.
static void supervisor_died(int number) {
  (void)number;
  relay_restore();
  _exit(128 + SIGKILL);
}

static void read_program(struct program *program) {
  char digits[12] = "";
  size_t used = 0;
  for (;;) {
    ssize_t n = read(FD_CONTROL, digits + used, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n != 1 || used + 1 >= sizeof digits) fail("program", "no length");
    if (digits[used] == '\n') break;
    used++;
  }
  digits[used] = '\0';
  size_t size = strtoul(digits, NULL, 10);
  if (size == 0 || size > PROGRAM_MOST) fail("program", "bad length");
  char *bytes = need_memory(size);
  for (size_t have = 0; have < size;) {
    ssize_t n = read(FD_CONTROL, bytes + have, size - have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("program", "cut short");
    have += (size_t)n;
  }
  const char *why;
  errno = 0;
  if (!parse_program(bytes, size, program, &why)) fail("program", why);
}

static void expect(struct fence *f, char wanted, pid_t *sender) {
  int unused;
  // The process that failed has said why on the control socket.
  if (receive_report(f->report, sender, &unused) != wanted) _exit(EXIT_NO_FENCE);
}

static int open_namespace(const struct fence *f, pid_t process, const char *kind) {
  char *path = format("%d/ns/%s", process, kind);
  int fd = openat(f->proc, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail("namespace", path);
  free(path);
  return fd;
}

static void start_command(struct fence *f) {
  int report[2], status[2], guard[2] = {-1, -1}, recorder[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) != 0 || pipe2(status, O_CLOEXEC) != 0) fail("start", "socket");
  if (setsockopt(report[0], SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)) != 0) fail("start", "credentials");
  bool records = f->program.record, guards = f->program.guard && !records;  // a recorder is the guard, too
  if (guards && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, guard) != 0) fail("guard", "socket");
  if (records && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, recorder) != 0) fail("recorder", "socket");
  int spawner[2] = {-1, -1};
  bool spawns = commands_ready() >= 0 && !f->program.engine;
  if (spawns && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, spawner) != 0) fail("commands", "socket");
  f->place.program = &f->program;
  f->place.proc = f->proc;
  f->place.spawner = spawner[0];
  f->report = report[0];
  f->status = status[0];
  struct command command = {.program = &f->program, .terminal = f->relay.slave, .report = report[1], .guard = guard[1], .recorder = recorder[1], .user = -1, .spawner = spawner[1]};
  memcpy(command.streams, f->relay.inside, sizeof command.streams);

  // fork, into a new pid namespace; later children of this process stay outside.
  f->inner = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
  if (f->inner < 0) fail("fork", "pid namespace");
  if (f->inner == 0) {
    close(report[0]);
    close(status[0]);
    if (guard[0] >= 0) close(guard[0]);
    if (recorder[0] >= 0) close(recorder[0]);
    if (spawner[0] >= 0) close(spawner[0]);
    run_inner(&command, status[1]);
  }
  close(report[1]);
  close(status[1]);
  if (guard[1] >= 0) close(guard[1]);
  if (recorder[1] >= 0) close(recorder[1]);
  if (spawner[1] >= 0) close(spawner[1]);

  pid_t sender = 0;
  expect(f, 'V', &sender);
  int events[2];
  if (f->program.guard && pipe2(events, O_CLOEXEC) != 0) fail("guard", "pipe");
  if (f->program.guard) f->refusals = events[0], f->place.refusals = events[1];
  // The view is complete: both can look at the workspace, in the same mount namespace, from the outer pid namespace.
  if (guards) start_guard(&f->program, f->proc, guard[0], f->place.refusals), close(guard[0]);
  if (records) {
    f->place.intake = record_start(&f->program, f->proc, f->place.refusals);
    record_offer(f->place.intake, recorder[0]);
  }
  if (write(f->report, "g", 1) != 1) fail("start", "inner");
  expect(f, 'R', &f->command);
  f->command_fd = (int)syscall(SYS_pidfd_open, f->command, 0);
  if (f->command_fd < 0) fail("start", "pidfd");
  if (commands_ready() >= 0 && f->program.engine) {
    f->place.own_pids = open_namespace(f, getpid(), "pid");
    f->place.pids = open_namespace(f, f->inner, "pid");
    f->place.user = open_namespace(f, f->command, "user");
  }
  relay_start(&f->relay);
  if (write(f->report, "g", 1) != 1) fail("start", "command");
  int why = 0;
  if (receive_report(f->report, &sender, &why) == 'X') f->exec_error = why;
  close(f->report);
  char *pid = format("%d", f->command);
  if (f->exec_error == 0) tell2("started", pid, NULL);
  free(pid);
}

static void kill_all(struct fence *f, const char *limit) {
  if (f->killed) return;
  f->killed = true;
  f->limit = limit;
  if (limit != NULL) tell2("limit", limit, NULL);
  f->give_up_at = now_ms() + DRAIN_AFTER_KILL_MS;
  if (!f->inner_gone) kill(f->inner, SIGKILL);
}

// To the foreground group of the terminal where there is one, as the keyboard would; else to the command's own group.
static void send_signal(const struct fence *f, int number) {
  if (number <= 0 || number >= NSIG || f->inner_gone) return;
  if (number == SIGCONT && is_paused()) return;  // a pause is not a stopped job: only `go` ends it
  bool keyboard = number == SIGINT || number == SIGQUIT || number == SIGTSTP;
  if (keyboard && relay_signal(number)) return;
  // The pidfd says that the command is alive, so its number is its own.
  if (syscall(SYS_pidfd_send_signal, f->command_fd, 0, NULL, 0) == 0) kill(-f->command, number);
}

static void try_suspend(struct fence *f) {
  if (!f->suspend_wanted || !relay_suspend()) return;
  f->suspend_wanted = false;
  tell2("suspended", NULL, NULL);
}

// `start TOKEN SIZE`: that many bytes follow.
static void announce(struct fence *f, const char *words) {
  size_t size = strlen(words) > TOKEN_LENGTH ? strtoul(words + TOKEN_LENGTH, NULL, 10) : 0;
  if (size == 0 || size > REQUEST_MOST) fail("request", "bad size");
  memcpy(f->token, words, TOKEN_LENGTH);
  if (!is_token(f->token, TOKEN_LENGTH)) fail("request", "bad token");
  f->body = need_memory(size);
  f->body_size = size;
  f->body_have = 0;
}

static void obey(struct fence *f, char *line) {
  if (strcmp(line, "kill") == 0) kill_all(f, NULL);
  else if (strcmp(line, "resize") == 0) relay_resize();
  else if (strcmp(line, "suspend") == 0) f->suspend_wanted = true, try_suspend(f);
  else if (strcmp(line, "resume") == 0) f->suspend_wanted = false, relay_resume();
  else if (strcmp(line, "pause stop") == 0) pause_begin(true);
  else if (strcmp(line, "pause watch") == 0) pause_begin(false);
  else if (strcmp(line, "go") == 0) pause_end(f->proc);
  else if (strcmp(line, "activity") == 0) tell_activity(f->proc);
  else if (strncmp(line, "signal ", 7) == 0) send_signal(f, atoi(line + 7));
  else if (strncmp(line, "start ", 6) == 0) announce(f, line + 6);
  else if (strncmp(line, "hide ", 5) == 0) late_hide(&f->program, line + 5);
  else if (strncmp(line, "forget ", 7) == 0) commands_forget(line + 7);
}

// As much of an announced command as there is; returns how much that was.
static size_t take_body(struct fence *f, const char *bytes, size_t size) {
  size_t most = f->body_size - f->body_have, n = size < most ? size : most;
  memcpy(f->body + f->body_have, bytes, n);
  f->body_have += n;
  if (f->body_have < f->body_size) return n;
  commands_announce(f->token, f->body, f->body_size);
  f->body = NULL;
  return n;
}

static void take_control(struct fence *f, const char *bytes, ssize_t n) {
  for (ssize_t i = 0; i < n; i++) {
    if (f->body != NULL) {
      i += (ssize_t)take_body(f, bytes + i, (size_t)(n - i)) - 1;
      continue;
    }
    if (bytes[i] != '\n') {
      if (f->line_length + 1 < sizeof f->line) f->line[f->line_length++] = bytes[i];
      continue;
    }
    f->line[f->line_length] = '\0';
    f->line_length = 0;
    obey(f, f->line);
  }
}

// False when the supervisor is gone. All that has arrived: a caller may follow its announcement closely.
static bool read_control(struct fence *f) {
  char bytes[1 << 14];
  ssize_t n;
  do {
    n = recv(FD_CONTROL, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    take_control(f, bytes, n);
  } while (n == (ssize_t)sizeof bytes);
  return n > 0;
}

static void read_refusals(struct fence *f) {
  char bytes[4096];
  ssize_t n = read(f->refusals, bytes, sizeof bytes);
  if (n > 0) write_all(FD_CONTROL, bytes, (size_t)n);  // the guard's lines are whole and encoded already
  if (n == 0) close(f->refusals), f->refusals = -1;
}

static void read_status(struct fence *f) {
  if (read(f->status, &f->how, sizeof f->how) != sizeof f->how) f->how = SIGKILL;
  // All children: the inner process's end waits for every process of its namespace, also for one whose runner left it to us.
  for (pid_t ended = 0; ended != f->inner && (ended >= 0 || errno == EINTR);) record_reaped(ended = waitpid(-1, NULL, 0));
  f->inner_gone = true;  // and with it every process inside
  close(f->status);
  f->status = -1;
  record_finish(f->place.intake);
  f->place.intake = -1;
  relay_finish(&f->relay);
}

// Runners of further commands, their guards, the recorder. The inner process's own end is told by its status, and waited for there.
static void reap(const struct fence *f) {
  siginfo_t ended;
  for (;;) {
    ended.si_pid = 0;
    if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0 || ended.si_pid == f->inner) return;
    waitpid(ended.si_pid, NULL, 0);
    record_reaped(ended.si_pid);
  }
}

// Until the command has ended and its last output is out. A slow reader is waited for; only the supervisor cuts it short.
static void watch_over(struct fence *f) {
  int open_streams = f->relay.outward;
  bool watching = f->program.memory > 0;
  while (!f->inner_gone || open_streams > 0 || record_pidfd() >= 0) {
    struct pollfd wait[] = {{FD_CONTROL, POLLIN, 0},
                            {f->status, POLLIN, 0},
                            {f->refusals, POLLIN, 0},
                            {f->relay.drained, POLLIN, 0},
                            {f->inner_gone ? -1 : commands_ready(), POLLIN, 0},
                            {record_pidfd(), POLLIN, 0}};
    int timeout = f->killed ? 50 : f->suspend_wanted ? SUSPEND_EVERY_MS : watching && !f->inner_gone ? WATCH_EVERY_MS : -1;
    if (pause_timeout() >= 0 && (timeout < 0 || pause_timeout() < timeout)) timeout = pause_timeout();
    int ready = poll(wait, sizeof wait / sizeof *wait, timeout);
    if (ready < 0 && errno != EINTR) fail("wait", "poll");
    if (ready > 0) {
      if (wait[2].revents != 0) read_refusals(f);
      if (wait[0].revents != 0 && !read_control(f)) supervisor_died(0);
      if (wait[4].revents != 0) commands_serve(&f->place);
      if (wait[1].revents != 0) read_status(f);
      // What cannot be recorded does not happen: trapped calls fail already, the rest goes with them. The supervisor sees the stream's end.
      if (wait[5].revents != 0 && !f->inner_gone) kill_all(f, NULL);
      uint64_t ended;
      if (wait[3].revents != 0 && read(f->relay.drained, &ended, sizeof ended) == sizeof ended) open_streams -= (int)ended;
    }
    try_suspend(f);
    if (!f->killed && !f->inner_gone) pause_step(f->proc);
    reap(f);
    if (watching && !f->inner_gone && !f->killed && memory_in_use(f->proc) > f->program.memory) kill_all(f, "memory");
    bool only_recorder = open_streams == 0 && record_pidfd() >= 0;
    if (f->killed && f->inner_gone && now_ms() > f->give_up_at + (only_recorder ? RECORD_AFTER_KILL_MS : 0)) return;
  }
}

static int farewell(const struct fence *f) {
  relay_restore();
  int code = exit_code(f->exec_error, f->how);
  int number = f->exec_error == 0 && WIFSIGNALED(f->how) ? WTERMSIG(f->how) : 0;
  char *code_text = format("%d", code), *signal_text = format("%d", number);
  if (f->exec_error != 0) tell2("unstarted", strerror(f->exec_error), NULL);
  tell2("exit", code_text, signal_text);
  end_telling();
  free(code_text);
  free(signal_text);
  return code;
}

int run_outer(void) {
  static struct fence fence = {.report = -1, .status = -1, .refusals = -1, .place = {.refusals = -1, .intake = -1}};
  if (getpid() != 1) fail("start", "not the first process of a pid namespace");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) fail("start", "dumpable");
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTTOU, SIG_IGN);
  signal(SIGTTIN, SIG_IGN);
  for (int fd = FD_CONTROL; fd <= FD_LAST; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
  commands_begin();
  read_program(&fence.program);
  make_root(&fence.program);
  fence.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fence.proc < 0) fail("start", "/proc");
  make_dev();
  open_past(&fence.program);
  make_view(&fence.program);
  relay_open(&fence.relay, fence.program.tty);
  if (fence.relay.slave >= 0) {
    struct sigaction action = {.sa_handler = supervisor_died};
    sigaction(SIGTERM, &action, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) fail("start", "pdeathsig");
  }
  bridge_start(&fence.program, fence.proc);
  start_command(&fence);
  watch_over(&fence);
  return farewell(&fence);
}
