// A session that stands still without a freezer: every process of the command's pid namespace is stopped, and kept stopped. Nothing inside can end
// that: who would send SIGCONT is stopped too, and one that had the kernel send it (a timer) is stopped again within PAUSE_EVERY_MS.
#ifndef RINGFENCE_PAUSE_H
#define RINGFENCE_PAUSE_H

#include <stdbool.h>

// `pause stop`: stops what runs inside. `pause watch`: the freezer has done that; only the person's input is looked out for. Once everything stands
// still, `paused` is told; at the first input after that, `input`, once.
void pause_begin(bool stop);

// Lets everything go on, and tells `going`. Harmless when nothing was paused.
void pause_end(int proc);

// One look around; PROC is an O_PATH descriptor of /proc of this pid namespace. Does nothing when nothing is paused.
void pause_step(int proc);

// How long until the next look, in milliseconds; -1: none is due.
int pause_timeout(void);

bool is_paused(void);

// Tells `activity BYTES TICKS`: bytes relayed so far, and clock ticks of processor time of everything in this pid namespace and below.
void tell_activity(int proc);

#endif
