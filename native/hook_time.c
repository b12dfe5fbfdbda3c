// The deadline (hook_time.h).
#define _GNU_SOURCE
#include "hook_time.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

static long long end;

long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void deadline_start(unsigned seconds) {
  end = now_ms() + seconds * 1000LL;
  alarm(seconds + 1);
}

int deadline_is_over(void) { return now_ms() >= end; }

short wait_for(int fd, short events, long long most_ms) {
  long long until = now_ms() + most_ms;
  if (until > end) until = end;
  for (;;) {
    long long left = until - now_ms();
    if (left <= 0) return 0;  // also for a peer that always has one more byte
    struct pollfd wait = {fd, events, 0};
    int ready = poll(&wait, 1, (int)left);
    if (ready > 0) return wait.revents;
    if (ready < 0 && errno != EINTR) return 0;
  }
}
