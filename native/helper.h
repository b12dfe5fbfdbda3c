// The words that every file of the helper shares: the fixed descriptors, the way to fail, small safe wrappers.
#ifndef RINGFENCE_HELPER_H
#define RINGFENCE_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Descriptors that `launch` hands over, through bubblewrap, by number.
enum {
  FD_CONTROL = 3,  // stream socket: the program comes in, then commands; events go out
  FD_PROXY = 4,    // O_PATH of the proxy's Unix socket, when the program says so
  FD_REVERSE = 5,  // O_PATH of the published ports' Unix socket, when the program says so
  FD_STREAM = 6,   // the host's stdin, stdout, stderr: 6, 7, 8. The helper's own 0, 1, 2 are bubblewrap's
  FD_COMMANDS = 9, // listening socket for further commands (further.h), when the fence takes any
  FD_RECORD = 10,  // stream socket: the recorder's lines go out, when the program says so
  FD_LAST = 10,
};

// The exit code of "the fence could not be made"; never the command's own.
enum { EXIT_NO_FENCE = 125, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

// Where bubblewrap puts the helper's own things; gone before the command starts.
#define STAGING "/.ringfence"

// Sends `error STEP ERRNO-TEXT DETAIL` over the control socket and ends this process with 125.
// There is no way to go on: a step that failed would make a weaker fence.
_Noreturn void fail(const char *step, const char *detail);

// From now on `fail` of this process and its children speaks of one further command, not of the fence: `failed TOKEN STEP …`.
void fail_as(const char *token);

// Sends one event line: WORD and its fields, percent-encoded, space between, newline after. Whole or not at all.
void tell(const char *word, const char *const *fields, size_t count);

// The same for zero to two fields; NULL ends the list.
void tell2(const char *word, const char *first, const char *second);

// After the last event: returns when the supervisor has read them all and closed its end, or a second after its last word.
void end_telling(void);

// malloc that cannot return NULL.
void *need_memory(size_t size);

// snprintf into fresh memory; cannot fail but by `fail`.
char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

// write() until everything is out. False with errno when it cannot be.
bool write_all(int fd, const void *data, size_t size);

#endif
