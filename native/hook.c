// The hook client (hook.h): read the event, find the monitor, ask, pass the answer on. Each step ends in a refusal or in the next one.
#define _GNU_SOURCE
#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hook_monitor.h"
#include "hook_refusal.h"
#include "hook_talk.h"
#include "hook_time.h"

// The deadline is for a person who is asked; the agent's own, which `install` writes, is longer.
enum { INPUT_MOST = 16 << 20, INPUT_STEP = 1 << 16, DEADLINE_S = 150, DEADLINE_MOST_S = 3600, ALTERNATE_STACK = 1 << 16 };

struct options {
  const char *agent, *state_home;
  unsigned deadline;
};

static void caught(int number) {
  refuse(number == SIGALRM ? "no answer in time" : "the hook client was ended by a signal");
}

// A hook that dies of a signal lets most agents run the call. A broken pipe is seen where it is written.
static void catch_signals(void) {
  static char room[ALTERNATE_STACK];
  stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_handler = caught, .sa_flags = SA_ONSTACK};
  sigfillset(&action.sa_mask);
  for (int number = 1; number < NSIG; number++) {
    if (number == SIGKILL || number == SIGSTOP || number == SIGCHLD || number == SIGCONT || number == SIGWINCH || number == SIGURG) continue;
    if (sigaction(number, &action, NULL) == 0) continue;
    // The C library keeps two for its threads and lets nobody have them: the kernel is told to drop those.
    struct { void (*handler)(int); unsigned long flags; void (*restorer)(void); unsigned long mask; } ignore = {.handler = SIG_IGN};
    syscall(SYS_rt_sigaction, number, &ignore, NULL, sizeof ignore.mask);
  }
  signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

// A socket must never become standard output because that was closed. Returns false when there is no standard output to answer on.
static bool fill_streams(void) {
  bool can_answer = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
  for (int fd = 0; fd < 3; fd++) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) _exit(EXIT_REFUSED);
  }
  return can_answer;
}

static unsigned seconds(const char *text) {
  char *end = NULL;
  unsigned long value = text == NULL || *text < '0' || *text > '9' ? 0 : strtoul(text, &end, 10);
  if (value == 0 || value > DEADLINE_MOST_S || *end != '\0') refuse("`--deadline` is a number of seconds up to 3600");
  return (unsigned)value;
}

static struct options parse(char **arguments) {
  struct options options = {.deadline = DEADLINE_S};
  for (; *arguments != NULL; arguments++) {
    if (strcmp(*arguments, "--deadline") == 0) options.deadline = seconds(*++arguments);
    else if (strcmp(*arguments, "--state-home") == 0) options.state_home = *++arguments == NULL ? "" : *arguments;
    else if (options.agent == NULL && **arguments != '-') options.agent = *arguments;
    else refuse("usage: hook AGENT [--deadline SECONDS] [--state-home FOLDER]");
    if (*arguments == NULL) break;
  }
  if (options.agent == NULL || !refusal_speaks(options.agent)) {
    refuse("unknown agent; known are claude-code, codex, cursor, copilot, gemini and opencode");
  }
  return options;
}

static char *read_input(size_t *length) {
  size_t room = INPUT_STEP, have = 0;
  char *bytes = malloc(room);
  for (;;) {
    if (bytes == NULL) refuse("out of memory");
    if (wait_for(STDIN_FILENO, POLLIN, INT_MAX) == 0) refuse("the agent did not finish its event in time");
    ssize_t n = read(STDIN_FILENO, bytes + have, room - have);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) refuse_because("the event cannot be read", strerror(errno));
    if (n == 0) break;
    have += (size_t)n;
    if (have > INPUT_MOST) refuse("the event is larger than 16 MiB");
    if (have == room) bytes = realloc(bytes, room *= 2);
  }
  if (have == 0) refuse("the agent sent no event");
  *length = have;
  return bytes;
}

static void deliver(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN && wait_for(fd, POLLOUT, INT_MAX) != 0) continue;
    if (n < 0) refuse_because("the answer cannot be written", strerror(errno));
    bytes += n;
    length -= (size_t)n;
  }
}

void run_hook(char **arguments) {
  bool can_answer = fill_streams();
  catch_signals();
  struct options options = parse(arguments);
  if (!can_answer) refuse("there is no standard output to answer on");
  deadline_start(options.deadline);
  char cwd[PATH_MAX];
  if (syscall(SYS_getcwd, cwd, sizeof cwd) < 0 || cwd[0] != '/') refuse("the working directory is gone");
  struct call call = {.agent = options.agent, .cwd = cwd, .path = getenv("PATH")};
  call.input = read_input(&call.input_length);
  struct answer answer = ask_monitor(reach_monitor(options.state_home), &call);
  deliver(STDOUT_FILENO, answer.out, answer.out_length);
  deliver(STDERR_FILENO, answer.complaint, answer.complaint_length);
  _exit(answer.code);
}
