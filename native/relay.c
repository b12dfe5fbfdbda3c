// Pipes, the private pty and the threads that carry bytes between them and the host's streams (relay.h).
#define _GNU_SOURCE
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "escape.h"
#include "helper.h"

// One terminal for one process: the outer one, its saved mode, and the pty. The signal handler of a dying supervisor
// needs it too, hence the static.
static struct {
  int master, in, out;      // in, out: the outer terminal
  bool raw;                 // stdin and stdout are both it: full-screen programs work; else lines, by the outer terminal
  struct termios before;
  atomic_bool changed;      // `before` must be put back
  atomic_bool wanted;       // by the supervisor: output waits before it takes the lock
  atomic_bool suspended;
  pthread_mutex_t writing, reading;
  struct escape escape;
} terminal = {.master = -1, .in = -1, .out = -1, .writing = PTHREAD_MUTEX_INITIALIZER, .reading = PTHREAD_MUTEX_INITIALIZER};

static atomic_int streams[3] = {-1, -1, -1};  // the helper's ends of the pipes
static int drained = -1;

static void close_stream(int i);

static atomic_int carrying;            // chunks that are between a read and the end of their write
static atomic_ullong bytes_in, bytes_out;

void relay_forget(void) {
  for (int i = 0; i < 3; i++) {
    if (streams[i] >= 0) close_stream(i);
  }
  if (terminal.master >= 0) close(terminal.master);
  if (drained >= 0) close(drained);
  memset(&terminal, 0, sizeof terminal);
  terminal.master = terminal.in = terminal.out = drained = -1;
  carrying = 0;
  pthread_mutex_init(&terminal.writing, NULL);
  pthread_mutex_init(&terminal.reading, NULL);
}

static void open_pty(struct relay *relay, const bool tty[3]) {
  terminal.in = FD_STREAM + (tty[0] ? 0 : tty[1] ? 1 : 2);
  terminal.out = FD_STREAM + (tty[1] ? 1 : tty[2] ? 2 : 0);
  terminal.raw = tty[0] && tty[1];
  terminal.master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  int unlock = 0;
  if (terminal.master < 0 || ioctl(terminal.master, TIOCSPTLCK, &unlock) != 0) fail("terminal", "pty");
  relay->slave = ioctl(terminal.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (relay->slave < 0) fail("terminal", "pty");
  struct termios mode;
  // The command's terminal starts in the mode that the person's has; without raw mode outside, the echo is already there.
  if (tcgetattr(terminal.in, &terminal.before) == 0) {
    mode = terminal.before;
    mode.c_lflag |= ICANON | ISIG | IEXTEN;
    mode.c_oflag |= OPOST;
    if (!terminal.raw) mode.c_lflag &= ~(tcflag_t)ECHO, mode.c_oflag &= ~(tcflag_t)OPOST;
    else mode.c_lflag |= ECHO;
    if (tcsetattr(relay->slave, TCSANOW, &mode) != 0) fail("terminal", "mode");
  }
  escape_start(&terminal.escape);
  relay_resize();
}

void relay_open(struct relay *relay, const bool tty[3]) {
  relay->slave = -1;
  relay->outward = 0;
  relay->drained = drained = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (relay->drained < 0) fail("streams", "eventfd");
  if (tty[0] || tty[1] || tty[2]) {
    open_pty(relay, tty);
    relay->outward++;
  }
  for (int i = 0; i < 3; i++) {
    if (tty[i]) {
      relay->inside[i] = relay->slave;
      continue;
    }
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail("streams", "pipe");
    relay->inside[i] = ends[i == 0 ? 0 : 1];
    streams[i] = ends[i == 0 ? 1 : 0];
    if (i > 0) relay->outward++;
  }
}

static void wait_for(int fd, short what) {
  struct pollfd one = {fd, what, 0};
  while (poll(&one, 1, -1) < 0 && errno == EINTR) {
  }
}

// All of it, also to a descriptor that somebody else made non-blocking.
static bool push(int fd, const uint8_t *bytes, size_t size) {
  while (size > 0) {
    ssize_t n = write(fd, bytes, size);
    if (n < 0 && errno == EAGAIN) wait_for(fd, POLLOUT);
    else if (n < 0 && errno != EINTR) return false;
    else if (n > 0) bytes += n, size -= (size_t)n;
  }
  return true;
}

static ssize_t pull(int fd, uint8_t *bytes, size_t size) {
  for (;;) {
    ssize_t n = read(fd, bytes, size);
    if (n >= 0) return n;
    if (errno == EAGAIN) wait_for(fd, POLLIN);
    else if (errno != EINTR) return -1;
  }
}

// Splicing to or from a file would take its position at the start and put it back at the end: what others, for example the
// supervisor, wrote through the same open file in between would be overwritten.
// And with a socket at the other end the kernel keeps the pipe locked while it waits for that socket: a command that exits with
// such a pipe open would hang in its exit, beyond any kill. Two pipes wait unlocked.
static bool can_splice(int fd) {
  struct stat found;
  return fstat(fd, &found) == 0 && S_ISFIFO(found.st_mode);
}

// One direction of one plain stream, to its end. The kernel takes both ends for non-blocking when either is (the supervisor's
// runtime makes its own so, and shares them with us): EAGAIN may mean either end, and waiting for the wrong one would spin.
static void carry(int from, int to, atomic_ullong *count) {
  while (can_splice(from) && can_splice(to)) {
    ssize_t n = splice(from, NULL, to, NULL, 1 << 16, 0);
    if (n == 0) return;
    if (n > 0) *count += (unsigned long long)n;
    if (n < 0 && errno == EAGAIN) {
      wait_for(from, POLLIN);
      wait_for(to, POLLOUT);
    } else if (n < 0 && errno == EINVAL) break;
    else if (n < 0 && errno != EINTR) return;
  }
  uint8_t *bytes = need_memory(1 << 16);
  bool good = true;
  for (ssize_t n; good && (n = pull(from, bytes, 1 << 16)) > 0;) {
    carrying++;
    *count += (unsigned long long)n;
    good = push(to, bytes, (size_t)n);
    carrying--;
  }
  free(bytes);
}

// Forgotten before it is closed: its number may be somebody else's at once, and a runner forked then closes what it finds here.
static void close_stream(int i) { close(atomic_exchange(&streams[i], -1)); }

static void report_end(void) { (void)!write(drained, &(uint64_t){1}, sizeof(uint64_t)); }

static void *carry_in(void *unused) {
  carry(FD_STREAM, streams[0], &bytes_in);
  close_stream(0);
  return unused;
}

static void *carry_out(void *number) {
  int i = (int)(intptr_t)number;
  carry(streams[i], FD_STREAM + i, &bytes_out);
  close_stream(i);  // a consumer that left is seen inside as SIGPIPE
  report_end();
  return NULL;
}

static void *show_output(void *unused) {
  uint8_t *bytes = need_memory(1 << 16), *filtered = need_memory((1 << 16) + ESCAPE_HELD);
  for (;;) {
    ssize_t n = read(terminal.master, bytes, 1 << 16);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) break;  // EIO: the last slave is closed
    bytes_out += (unsigned long long)n;
    while (terminal.wanted) usleep(10000);
    carrying++;
    pthread_mutex_lock(&terminal.writing);
    size_t size = escape_feed(&terminal.escape, bytes, (size_t)n, filtered);
    bool good = push(terminal.out, filtered, size);
    pthread_mutex_unlock(&terminal.writing);
    carrying--;
    if (!good) break;
  }
  free(bytes);
  free(filtered);
  report_end();
  return unused;
}

// Without raw mode of ours, a terminal that is not in line mode is in use by somebody else (a pager): its keys are not ours.
static bool keys_are_ours(void) {
  struct termios now;
  if (terminal.suspended) return false;
  return terminal.raw || (tcgetattr(terminal.in, &now) == 0 && (now.c_lflag & ICANON) != 0);
}

static void *read_keys(void *unused) {
  uint8_t keys[4096];
  for (;;) {
    wait_for(terminal.in, POLLIN);
    pthread_mutex_lock(&terminal.reading);
    // Somebody else who reads this terminal may have been faster: nothing waits with the lock in its hand.
    struct pollfd still = {terminal.in, POLLIN, 0};
    ssize_t n = keys_are_ours() && poll(&still, 1, 0) > 0 ? read(terminal.in, keys, sizeof keys) : -2;
    int cause = errno;
    pthread_mutex_unlock(&terminal.reading);
    if (n == -2 || (n < 0 && (cause == EIO || cause == EAGAIN || cause == EINTR))) {
      struct pollfd gone = {terminal.in, 0, 0};
      if (n != -2 && cause == EIO && poll(&gone, 1, 0) > 0 && (gone.revents & POLLHUP)) break;
      usleep(50000);  // stopped, or in the background
      continue;
    }
    if (n < 0) break;
    if (n == 0 && terminal.raw) break;
    if (n == 0) keys[n++] = terminal.before.c_cc[VEOF];
    bytes_in += (unsigned long long)n;
    if (!push(terminal.master, keys, (size_t)n)) break;
  }
  return unused;
}

static void set_raw(void) {
  struct termios raw = terminal.before;
  cfmakeraw(&raw);
  terminal.changed = true;
  if (tcsetattr(terminal.in, TCSANOW, &raw) != 0) terminal.changed = false;
}

static void start(void *(*run)(void *), void *argument) {
  pthread_t thread;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 1 << 17);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  if (pthread_create(&thread, &small, run, argument) != 0) fail("streams", "thread");
}

void relay_start(struct relay *relay) {
  for (int i = 0; i < 3; i++) {
    if (relay->inside[i] != relay->slave) close(relay->inside[i]);
  }
  if (streams[0] >= 0) start(carry_in, NULL);
  if (streams[1] >= 0) start(carry_out, (void *)(intptr_t)1);
  if (streams[2] >= 0) start(carry_out, (void *)(intptr_t)2);
  if (terminal.master < 0) return;
  if (terminal.raw) set_raw();
  start(show_output, NULL);
  // Keys come from a terminal that can be read: `ringfence … | less` with only stderr on it has none to give.
  bool readable = (fcntl(terminal.in, F_GETFL) & O_ACCMODE) != O_WRONLY;
  if (readable && (terminal.raw || terminal.in == FD_STREAM)) start(read_keys, NULL);
}

void relay_finish(struct relay *relay) {
  if (relay->slave >= 0) close(relay->slave);
  relay->slave = -1;
}

unsigned long long relay_bytes_in(void) { return bytes_in; }

unsigned long long relay_bytes_out(void) { return bytes_out; }

bool relay_idle(void) {
  const int sources[] = {streams[1], streams[2], terminal.master};
  for (int i = 0; i < 3; i++) {
    struct pollfd one = {sources[i], POLLIN, 0};
    if (sources[i] >= 0 && poll(&one, 1, 0) > 0 && (one.revents & POLLIN)) return false;
  }
  return carrying == 0;
}

void relay_restore(void) {
  if (terminal.master < 0) return;
  uint8_t undo[512];
  bool locked = pthread_mutex_trylock(&terminal.writing) == 0;
  size_t size = escape_end(&terminal.escape, undo);
  if (size > 0) (void)!write(terminal.out, undo, size);
  if (locked) pthread_mutex_unlock(&terminal.writing);
  // While a question stands, its reader has set a mode of its own.
  if (terminal.changed || terminal.suspended) tcsetattr(terminal.in, TCSANOW, &terminal.before);
  terminal.changed = false;
}

void relay_resize(void) {
  struct winsize size;
  if (terminal.master < 0 || ioctl(terminal.out, TIOCGWINSZ, &size) != 0) return;
  ioctl(terminal.master, TIOCSWINSZ, &size);
}

static bool takes_output(void) {
  struct pollfd one = {terminal.out, POLLOUT, 0};
  return poll(&one, 1, 0) > 0 && (one.revents & POLLOUT) != 0;
}

// The locks are tried, never waited for: output may hold one as long as the terminal is stopped (^S), and a fence must be killable meanwhile.
bool relay_suspend(void) {
  if (terminal.master < 0 || terminal.suspended) return true;
  terminal.wanted = true;
  if (pthread_mutex_trylock(&terminal.writing) != 0) return false;
  if (!takes_output() || pthread_mutex_trylock(&terminal.reading) != 0) {
    pthread_mutex_unlock(&terminal.writing);
    return false;
  }
  terminal.suspended = true;
  pthread_mutex_unlock(&terminal.reading);
  uint8_t pause[512];
  size_t size = escape_pause(&terminal.escape, pause);
  if (size > 0) (void)!write(terminal.out, pause, size);
  if (terminal.changed) tcsetattr(terminal.in, TCSANOW, &terminal.before);
  terminal.changed = false;
  return true;
}

// Two sizes one after the other: a full-screen program draws anew only when it hears of another one.
static void ask_to_redraw(void) {
  struct winsize size;
  if (ioctl(terminal.out, TIOCGWINSZ, &size) != 0 || size.ws_row < 2) return;
  size.ws_row--;
  ioctl(terminal.master, TIOCSWINSZ, &size);
  usleep(30000);
}

void relay_resume(void) {
  if (terminal.master < 0) return;
  terminal.wanted = false;
  if (terminal.raw) set_raw();
  if (!terminal.suspended) return;
  uint8_t again[512];
  size_t size = escape_again(&terminal.escape, again);
  if (size > 0 && takes_output()) (void)!write(terminal.out, again, size);
  terminal.suspended = false;
  pthread_mutex_unlock(&terminal.writing);
  if (terminal.raw) ask_to_redraw();
  relay_resize();
}

bool relay_signal(int number) {
  return terminal.master >= 0 && ioctl(terminal.master, TIOCSIG, number) == 0;
}
