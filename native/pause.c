// Stopping and going on (pause.h).
#define _GNU_SOURCE
#include "pause.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper.h"
#include "relay.h"

enum { STOPPING_EVERY_MS = 10, PAUSE_EVERY_MS = 50, LOOKS_STILL = 2 };

static struct {
  bool on, stop, told, input_told;
  int still;  // looks in a row that found nobody running
  unsigned long long input_before;
} pausing;

static ssize_t read_file(int proc, const char *pid, const char *name, char *text, size_t room) {
  char path[300];
  snprintf(path, sizeof path, "%s/%s", pid, name);
  int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = read(fd, text, room - 1);
  close(fd);
  if (n >= 0) text[n] = '\0';
  return n;
}

static void each_process(int proc, void (*look)(int proc, const char *pid, void *with), void *with) {
  int fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  if (folder == NULL) return;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') look(proc, entry->d_name, with);
  }
  closedir(folder);
}

// Its state's letter when it is one of the command's namespace and not that namespace's first process; else 0. The helper's own have one number only.
static char state_inside(int proc, const char *pid) {
  char status[4096];
  if (read_file(proc, pid, "status", status, sizeof status) <= 0) return 0;
  const char *numbers = strstr(status, "\nNSpid:"), *state = strstr(status, "\nState:\t");
  if (numbers == NULL || state == NULL) return 0;
  int outer = 0, inner = 0;
  if (sscanf(numbers, "\nNSpid: %d %d", &outer, &inner) != 2 || inner == 1) return 0;
  return state[8];
}

static void stop_one(int proc, const char *pid, void *with) {
  char state = state_inside(proc, pid);
  if (state == 0 || strchr("TtZX", state) != NULL) return;
  kill(atoi(pid), SIGSTOP);
  // One in the middle of a system call that no signal interrupts takes it before it is back.
  if (state != 'D') ++*(int *)with;
}

static void go_on(int proc, const char *pid, void *with) {
  (void)with;
  if (state_inside(proc, pid) != 0) kill(atoi(pid), SIGCONT);
}

void pause_begin(bool stop) {
  if (pausing.on) {
    if (pausing.told) tell2("paused", NULL, NULL);
    return;
  }
  pausing.on = true;
  pausing.stop = stop;
  pausing.told = pausing.input_told = false;
  pausing.still = 0;
  pausing.input_before = relay_bytes_in();
}

void pause_end(int proc) {
  if (pausing.on && pausing.stop) each_process(proc, go_on, NULL);
  pausing.on = false;
  tell2("going", NULL, NULL);
}

void pause_step(int proc) {
  if (!pausing.on) return;
  int running = 0;
  if (pausing.stop) each_process(proc, stop_one, &running);
  pausing.still = running == 0 ? pausing.still + 1 : 0;
  if (!pausing.told && (!pausing.stop || pausing.still >= LOOKS_STILL)) {
    pausing.told = true;
    tell2("paused", NULL, NULL);
  }
  if (pausing.told && !pausing.input_told && relay_bytes_in() != pausing.input_before) {
    pausing.input_told = true;
    tell2("input", NULL, NULL);
  }
}

int pause_timeout(void) { return !pausing.on ? -1 : pausing.told ? PAUSE_EVERY_MS : STOPPING_EVERY_MS; }

bool is_paused(void) { return pausing.on; }

static void add_ticks(int proc, const char *pid, void *with) {
  char stat[1024];
  if (read_file(proc, pid, "stat", stat, sizeof stat) <= 0) return;
  const char *at = strrchr(stat, ')');
  unsigned long long user, kernel, user_below, kernel_below;
  if (at == NULL || sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu", &user, &kernel, &user_below, &kernel_below) != 4) return;
  *(unsigned long long *)with += user + kernel + user_below + kernel_below;
}

void tell_activity(int proc) {
  unsigned long long ticks = 0;
  each_process(proc, add_ticks, &ticks);
  char *bytes = format("%llu", relay_bytes_in() + relay_bytes_out()), *time = format("%llu", ticks);
  tell2("activity", bytes, time);
  free(bytes);
  free(time);
}
