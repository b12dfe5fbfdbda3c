// The three standard streams. The command never holds a descriptor of the host (an open directory or a writable file as
// stdin would be a way out): it gets pipes, or the slave of a private pty, and threads of the helper carry the bytes.
#ifndef RINGFENCE_RELAY_H
#define RINGFENCE_RELAY_H

#include <stdbool.h>

struct relay {
  int inside[3];   // what becomes the command's 0, 1, 2; closed by relay_start
  int slave;       // of the private pty, or -1
  int drained;     // eventfd: readable when one outward stream has ended
  int outward;     // how many outward streams there are
};

// Forgets the relay of the process this one was forked from: a further command has its own, with its own host streams at FD_STREAM.
void relay_forget(void);

// Makes pipes and, when any stream is a terminal, the pty (in the fence's own devpts). Before any thread or child.
void relay_open(struct relay *relay, const bool tty[3]);

// Starts the threads, puts the outer terminal into raw mode. The command's ends must have been inherited by then.
void relay_start(struct relay *relay);

// The command is gone: lets the last bytes through. `drained` then reports each outward stream.
void relay_finish(struct relay *relay);

// Puts the outer terminal back as it was, and undoes modes that the command left on. Safe to call at any time, twice.
void relay_restore(void);

// Takes the outer terminal's size over; sends SIGWINCH inside when it changed.
void relay_resize(void);

// Bytes carried so far, of what the person or a program outside gives, and of what comes back.
unsigned long long relay_bytes_in(void);
unsigned long long relay_bytes_out(void);

// True when no output waits to be carried. A process that outlived the command may hold its streams open for ever.
bool relay_idle(void);

// The outer terminal belongs to the supervisor (a question, a stopped job) until it is given back. False while output is stuck in it: try again.
bool relay_suspend(void);
void relay_resume(void);

// Sends a signal to the pty's foreground group; false when there is no pty or it cannot carry this signal.
bool relay_signal(int number);

#endif
