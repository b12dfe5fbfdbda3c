// One trapped call while the recorder looks at it: what was read of the caller before the call goes on.
#ifndef RINGFENCE_RECORD_LOOK_H
#define RINGFENCE_RECORD_LOOK_H

#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "record.h"
#include "record_line.h"
#include "record_place.h"

enum look_kind { LOOK_NOTHING, LOOK_WRITE, LOOK_READ, LOOK_EXEC, LOOK_SOCKET, LOOK_PROBE };

enum { ARGUMENT_BYTES = 4096, MOST_ARGUMENTS = 256 };

struct look {
  struct caller caller;
  const uint64_t *args;
  enum look_kind kind;
  const char *word;   // operation, or `connect`, `send`, `bind`
  int error;          // what the look says will become of the call; 0: nothing against it
  bool two;           // `second` counts
  char raw[PATH_MAX], raw_second[PATH_MAX];  // as the caller gave them
  struct seen_place first, second;
  // Of an exec.
  char script[PATH_MAX], cwd[PATH_MAX], arguments[ARGUMENT_BYTES];  // arguments: one NUL after each
  size_t argument_bytes;
  unsigned argument_count, argument_total;
  bool cut;
  dev_t device;  // of the file that the kernel loads
  ino_t inode;   // 0: not known
  // Of a socket.
  struct sockaddr_storage address;
  socklen_t address_size;
  // Who did it, once look_meet has said so.
  bool met;
  pid_t pid, parent;
  struct line line;
};

// Looks at one call. 0: it may go on once its event is out. Else the errno that the look itself came upon where the kernel would have: the
// caller gets it, so that nothing can come between. -1: the caller is gone.
int look_at(const struct recorder *recorder, int listener, const struct seccomp_notif *notice, struct look *look);

// A text of the caller's memory. 0, EFAULT or ENAMETOOLONG as the kernel would say, or EPERM: this caller's memory is closed to us.
int look_text(struct look *look, uint64_t address, char text[PATH_MAX]);

// The end of a look that nobody else answers: the event goes out, and the call goes on or gets ERROR, which is what look_at returned.
void look_end(struct recorder *recorder, int listener, const struct seccomp_notif *notice, struct look *look, int error);

// What `look_at` does for an exec (record_exec.c).
int look_at_exec(struct look *look, int dirfd, int path, int arguments, int flags);

// Looks up whose call it is and tells who that is, if nobody knows yet. False when it is gone. Before an act of our own on its behalf, so
// that the act is told even when its caller is killed meanwhile.
bool look_meet(struct recorder *recorder, struct look *look);

// The line of what was seen. RESULT: what the guard's own call gave (a negative errno), or LOOK_UNKNOWN; REFUSED: it was the guard's no.
enum { LOOK_UNKNOWN = 1 };
void look_tell(struct recorder *recorder, struct look *look, long result, bool refused);

// The calls that trap, for the filter.
enum trap_when { TRAP_ALWAYS, TRAP_OPEN_FLAGS, TRAP_ADDRESS, TRAP_FAST_OPEN };
struct look_call {
  long number;
  enum trap_when when;
  int argument;  // that decides
  int (*look)(struct look *look);
};
extern const struct look_call look_calls[];
extern const size_t look_call_count;

#endif
