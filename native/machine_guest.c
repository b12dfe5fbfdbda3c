// Process 1 of the guest (machine.h): drivers, the view, the streams; then the command, one pid namespace further in.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper.h"
#include "machine.h"
#include "machine_agent.h"
#include "machine_wire.h"

enum { MODULE_MOST = 1 << 24, PORT_TRIES = 6000, PORT_PAUSE_NS = 5000000, BACKLOG = 128 };

static int ports[PORT_MOST];

static void tell_host(char word, uint32_t value, const char *text) {
  unsigned char bytes[5] = {(unsigned char)word, (unsigned char)value, (unsigned char)(value >> 8), (unsigned char)(value >> 16), (unsigned char)(value >> 24)};
  if (!write_all(ports[PORT_CONTROL], bytes, sizeof bytes)) return;
  if (text != NULL) (void)!write_all(ports[PORT_CONTROL], text, value);
}

_Noreturn void machine_refuse(const char *what) {
  char *text = format("%s (%s)", what, strerror(errno));
  if (ports[PORT_CONTROL] > 0) tell_host(TOLD_REFUSED, (uint32_t)strlen(text), text);
  for (;;) pause();  // the host ends the machine; before there is a port, by its limit of time
}

static void load(const char *name) {
  static unsigned char bytes[MODULE_MOST];
  char *path = format("/modules/%s", name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  size_t size = 0;
  for (ssize_t n; fd >= 0 && (n = read(fd, bytes + size, sizeof bytes - size)) > 0;) size += (size_t)n;
  if (fd < 0 || (syscall(SYS_init_module, bytes, size, "") != 0 && errno != EEXIST)) machine_refuse(name);
  close(fd);
  free(path);
}

static void load_drivers(void) {
  struct dirent **names;
  int count = scandir("/modules", &names, NULL, alphasort);
  if (count < 0) machine_refuse("drivers");
  for (int i = 0; i < count; i++) {
    if (names[i]->d_name[0] != '.') load(names[i]->d_name);
  }
}

// Open at both ends: before the kernel has heard that of a port, it reads as if nobody were there.
static int try_port(const char *path) {
  int fd = open(path, O_RDWR | O_CLOEXEC);
  struct pollfd state = {fd, POLLOUT, 0};
  if (fd < 0 || (poll(&state, 1, 0) >= 0 && (state.revents & POLLHUP) == 0)) return fd;
  close(fd);
  return -1;
}

// The kernel makes them while it hears of them.
static void open_ports(unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    char *path = format("/dev/vport0p%u", i + 1);
    int fd = -1;
    for (int tries = 0; fd < 0 && tries < PORT_TRIES; tries++) {
      fd = try_port(path);
      if (fd < 0) nanosleep(&(struct timespec){0, PORT_PAUSE_NS}, NULL);
    }
    if (fd < 0) machine_refuse("port");
    ports[i] = fd;
    free(path);
  }
}

static void make_place(void) {
  if (mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, "mode=755") != 0) machine_refuse("devices");
  // A guest without a console begins with no descriptors at all: none of ours becomes one of the standard three.
  for (int fd = 0; fd >= 0 && fd < 3;) fd = open("/dev/null", O_RDWR);
  load_drivers();
}

static void mount_view(void) {
  // What is written is at the host at once: the session may be ended by force at any time. Only what is mapped into memory waits.
  if (mount("view", MACHINE_VIEW, "9p", MS_NOSUID | MS_NODEV, "trans=virtio,version=9p2000.L,msize=262144,cache=mmap") != 0) machine_refuse("view");
}

static void raise_loopback(void) {
  struct ifreq wish = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &wish) != 0) machine_refuse("loopback");
  close(fd);
}

static int listen_at(int family, const void *address, socklen_t size) {
  int one = 1, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0) || bind(fd, address, size) != 0 ||
      listen(fd, BACKLOG) != 0) {
    machine_refuse("bridge");
  }
  return fd;
}

struct crossing {
  int port, listener;
};

static void *carry_connections(void *crossing) {
  struct crossing *c = crossing;
  for (;;) {
    int connection = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection >= 0) converse(c->port, connection, fcntl(connection, F_DUPFD_CLOEXEC, 3));
  }
  return NULL;
}

static void begin(pthread_t *thread, void *(*work)(void *), void *argument) {
  pthread_t unused;
  if (pthread_create(thread == NULL ? &unused : thread, NULL, work, argument) != 0) machine_refuse("thread");
}

// Two names of one machine: 127.0.0.1 and ::1. Connections beyond the number of ports wait in the backlog.
static void start_bridge(unsigned port, unsigned count) {
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  int listeners[] = {listen_at(AF_INET, &four, sizeof four), listen_at(AF_INET6, &six, sizeof six)};
  static struct crossing crossings[PORT_MOST];
  for (unsigned i = PORT_PROXY; i < count; i++) {
    // One in eight for ::1, which hardly anybody asks.
    crossings[i] = (struct crossing){ports[i], listeners[i % 8 == 7]};
    begin(NULL, carry_connections, &crossings[i]);
  }
}

struct stream {
  int port, from, to;
};

static void *carry_stream(void *stream) {
  const struct stream *s = stream;
  converse(s->port, s->from, s->to);
  return NULL;
}

static void *carry_signals(void *orders) {
  for (unsigned char number; read(ports[PORT_CONTROL], &number, 1) == 1;) (void)!write(*(int *)orders, &number, 1);
  return NULL;
}

static _Noreturn void look_after(struct machine_agent *agent, const struct machine_facts *facts) {
  static struct stream streams[3];
  pthread_t outputs[2];
  streams[0] = (struct stream){ports[PORT_STDIN], -1, agent->streams[0]};
  streams[1] = (struct stream){ports[PORT_STDOUT], agent->streams[1], -1};
  streams[2] = (struct stream){ports[PORT_STDERR], agent->streams[2], -1};
  begin(NULL, carry_stream, &streams[0]);
  begin(&outputs[0], carry_stream, &streams[1]);
  begin(&outputs[1], carry_stream, &streams[2]);
  begin(NULL, carry_signals, &agent->orders);
  if (facts->proxy > 0) start_bridge(facts->proxy, facts->ports);
  tell_host(TOLD_BEGUN, 0, NULL);
  char go = 'G';
  (void)!write(agent->orders, &go, 1);
  int how = 0;
  while (waitpid(agent->process, &how, 0) < 0 && errno == EINTR) {
  }
  pthread_join(outputs[0], NULL);
  pthread_join(outputs[1], NULL);
  sync();  // what was mapped into memory
  tell_host(TOLD_EXIT, (uint32_t)(WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how)), NULL);
  for (;;) pause();
}

_Noreturn void run_machine_guest(char **arguments) {
  if (getpid() != 1) fail("machine-guest", "not the first process of a guest");
  for (int i = 0; i < 7; i++) {
    if (arguments[i] == NULL) machine_refuse("arguments");
  }
  unsigned long long numbers[6];
  for (int i = 0; i < 6; i++) numbers[i] = strtoull(arguments[i], NULL, 10);
  struct machine_facts facts = {(unsigned)numbers[0], (unsigned)numbers[1], (unsigned)numbers[2], (unsigned)numbers[3], numbers[4], numbers[5]};
  signal(SIGPIPE, SIG_IGN);
  make_place();
  if (facts.ports < PORT_PROXY || facts.ports > PORT_MOST) machine_refuse("arguments");
  open_ports(facts.ports);
  if (sethostname(arguments[6], strlen(arguments[6])) != 0) machine_refuse("host name");
  raise_loopback();
  mount_view();
  struct machine_agent agent = machine_start(&facts);
  look_after(&agent, &facts);
}
