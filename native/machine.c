// Beside qemu (machine.h): starts it, carries the streams, the signals and the connections, and ends as the guest's command ended.
#define _GNU_SOURCE
#include "machine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "helper.h"
#include "machine_wire.h"

enum { ABOVE_PORTS = 100, COMPLAINT_MOST = 4096, REASON_MOST = 1024 };

static int ports[PORT_MOST], theirs[PORT_MOST];
static unsigned proxy;
static char complaint[COMPLAINT_MOST + 1];

static _Noreturn void give_up(const char *what) {
  fprintf(stderr, "ringfence: the virtual machine ended: %s\n", what);
  _exit(EXIT_NO_FENCE);
}

static void make_ports(unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) give_up("no socket");
    ports[i] = fcntl(pair[0], F_DUPFD_CLOEXEC, ABOVE_PORTS);
    theirs[i] = fcntl(pair[1], F_DUPFD_CLOEXEC, ABOVE_PORTS);
    if (ports[i] < 0 || theirs[i] < 0) give_up("no descriptor");
    close(pair[0]);
    close(pair[1]);
  }
}

static _Noreturn void become_qemu(char **argv, unsigned count, int complaints) {
  static char *env[] = {"PATH=/usr/bin:/bin", NULL};
  sigset_t none;
  sigemptyset(&none);
  int nothing = open("/dev/null", O_RDONLY);
  bool ready = nothing >= 0 && dup2(nothing, 0) == 0 && dup2(complaints, 1) == 1 && dup2(complaints, 2) == 2;
  for (unsigned i = 0; ready && i < count; i++) ready = dup2(theirs[i], MACHINE_PORTS + (int)i) >= 0;
  if (!ready || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || sigprocmask(SIG_SETMASK, &none, NULL) != 0) _exit(EXIT_NO_FENCE);
  execve(argv[0], argv, env);
  dprintf(2, "%s: %s", argv[0], strerror(errno));
  _exit(EXIT_NO_FENCE);
}

// The first of what qemu says: it is heard only when nothing runs.
static void *hear(void *pipe) {
  int fd = *(int *)pipe;
  size_t have = 0;
  char bytes[512];
  for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR);) {
    size_t room = COMPLAINT_MOST - have, more = n < 0 ? 0 : (size_t)n < room ? (size_t)n : room;
    memcpy(complaint + have, bytes, more);
    have += more;
  }
  return NULL;
}

static void *carry_stream(void *which) {
  int port = (int)(intptr_t)which;
  converse(ports[port], port == PORT_STDIN ? 0 : -1, port == PORT_STDOUT ? 1 : port == PORT_STDERR ? 2 : -1);
  return NULL;
}

static int dial(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)proxy), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

static void *carry_connections(void *which) {
  int port = ports[(intptr_t)which];
  for (;;) {
    struct pollfd first = {port, POLLIN, 0};
    if (poll(&first, 1, -1) < 0) continue;
    if ((first.revents & POLLIN) == 0) return NULL;
    char byte;
    if (recv(port, &byte, 1, MSG_PEEK) <= 0) return NULL;
    int connection = dial();
    converse(port, connection, connection < 0 ? -1 : fcntl(connection, F_DUPFD_CLOEXEC, 3));
  }
}

static void *carry_signals(void *set) {
  for (;;) {
    int number = sigwaitinfo(set, NULL);
    unsigned char byte = (unsigned char)number;
    if (number > 0 && number != SIGCHLD && number != SIGPIPE) (void)!send(ports[PORT_CONTROL], &byte, 1, MSG_NOSIGNAL);
  }
  return NULL;
}

static pthread_t begin(void *(*work)(void *), void *argument) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, argument) != 0) give_up("no thread");
  return thread;
}

static bool take(void *bytes, size_t size) { return recv(ports[PORT_CONTROL], bytes, size, MSG_WAITALL) == (ssize_t)size; }

static bool hear_guest(char *word, uint32_t *value) {
  unsigned char bytes[5];
  if (!take(bytes, sizeof bytes)) return false;
  *word = (char)bytes[0];
  *value = bytes[1] | (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3] << 16 | (uint32_t)bytes[4] << 24;
  return true;
}

static void say_reason(uint32_t length) {
  char reason[REASON_MOST + 1] = "";
  if (length > REASON_MOST || !take(reason, length)) give_up("it speaks what it cannot say");
  fprintf(stderr, "ringfence: the guest's kernel refuses: %s\n", reason);
  _exit(EXIT_NO_FENCE);
}

static _Noreturn void follow(const char *begun, pid_t qemu, const pthread_t *heard) {
  pthread_t outputs[2] = {begin(carry_stream, (void *)(intptr_t)PORT_STDOUT), begin(carry_stream, (void *)(intptr_t)PORT_STDERR)};
  begin(carry_stream, (void *)(intptr_t)PORT_STDIN);
  char word;
  uint32_t value;
  while (hear_guest(&word, &value)) {
    if (word == TOLD_BEGUN && !tell_begun(begun)) give_up("nobody waits for it");
    if (word == TOLD_REFUSED) say_reason(value);
    if (word != TOLD_EXIT) continue;
    pthread_join(outputs[0], NULL);
    pthread_join(outputs[1], NULL);
    kill(qemu, SIGKILL);
    waitpid(qemu, NULL, 0);
    _exit((int)(value & 0xff));
  }
  kill(qemu, SIGKILL);
  waitpid(qemu, NULL, 0);
  pthread_join(*heard, NULL);
  give_up(complaint[0] == '\0' ? "without a word" : complaint);
}

_Noreturn void run_machine(char **arguments) {
  for (int i = 0; i < 5; i++) {
    if (arguments[i] == NULL) give_up("arguments");
  }
  proxy = (unsigned)strtoul(arguments[1], NULL, 10);
  unsigned count = (unsigned)strtoul(arguments[2], NULL, 10);
  if (count < PORT_PROXY || count > PORT_MOST || proxy > 65535) give_up("arguments");
  static sigset_t all;
  sigfillset(&all);
  int complaints[2];
  if (sigprocmask(SIG_BLOCK, &all, NULL) != 0 || pipe2(complaints, O_CLOEXEC) != 0) give_up("no pipe");
  make_ports(count);
  pid_t qemu = fork();
  if (qemu < 0) give_up("no process");
  if (qemu == 0) become_qemu(arguments + 4, count, complaints[1]);
  close(complaints[1]);
  for (unsigned i = 0; i < count; i++) close(theirs[i]);
  pthread_t heard = begin(hear, &complaints[0]);
  begin(carry_signals, &all);
  for (unsigned i = PORT_PROXY; i < count; i++) begin(carry_connections, (void *)(intptr_t)i);
  follow(arguments[0], qemu, &heard);
}
