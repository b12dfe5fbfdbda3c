// The pieces that a trapping filter is built of, decided from registers only: the guard's own (guard_filter.c) and the recorder's (record_filter.c).
#ifndef RINGFENCE_TRAP_FILTER_H
#define RINGFENCE_TRAP_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

enum { TRAP_FILTER_MOST = 192 };

struct trap_filter {
  struct sock_filter code[TRAP_FILTER_MOST];
  unsigned short count;
};

// One instruction.
void trap_put(struct trap_filter *filter, unsigned short code, unsigned k, unsigned char yes, unsigned char no);

// Begins: a call of another architecture is refused (the main filter, which comes next, judges what is foreign; it must not pass here unseen), then
// the call's number is loaded.
void trap_begin(struct trap_filter *filter);

// Ends with what every other call gets: the main filter's judgement.
struct sock_fprog trap_end(struct trap_filter *filter);

// Call NUMBER is not there, for libc to fall back to an older one whose arguments are in registers.
void trap_absent(struct trap_filter *filter, unsigned number);

// `trap_if` begins what is done with call NUMBER, and gives what `trap_fi` ends it with; between them the code returns on every way.
unsigned short trap_if(struct trap_filter *filter, unsigned number);
void trap_fi(struct trap_filter *filter, unsigned short from);

// Loads half of an argument.
void trap_load(struct trap_filter *filter, int argument, bool high);

// Returns: traps.
void trap_notify(struct trap_filter *filter);

// Returns: passes at the next instruction, traps at the one after it.
void trap_answers(struct trap_filter *filter);

// Returns, by the flags of an opening call: an O_PATH descriptor gives no access and passes; any other traps if it could write, create or cut, or,
// with READS, always.
void trap_open(struct trap_filter *filter, int argument, bool reads);

#endif
