// Hostile acts against a host, one a name: `acts KEY=VALUE... -- NAME...` tries each and prints `NAME ok` or `NAME errno`.
// The test runs the same binary outside first (the control) and then in the fence. Nothing here does lasting harm: what is
// changed is the test's own bait, or is set to the value that it already has.
#define _GNU_SOURCE
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "acts.h"

// `acts keep-key NAME COMMAND...`: COMMAND with a session keyring that holds a secret.
static int keep_key(char **arguments) {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0) return 3;
  if (syscall(SYS_add_key, "user", arguments[0], "secret", 6, KEY_SPEC_SESSION_KEYRING) < 0) return 4;
  execvp(arguments[1], arguments + 1);
  return 5;
}

static void try_out(const struct act *act) {
  fflush(stdout);
  // In a child each: a killed act is an answer too.
  int got = child(act->act);
  printf("%s %s\n", act->name, got == 0 ? "ok" : got >= 200 ? "killed" : strerrorname_np(got));
}

int main(int count, char **arguments) {
  if (count > 3 && strcmp(arguments[1], "keep-key") == 0) return keep_key(arguments + 2);
  int at = 1;
  while (at < count && strcmp(arguments[at], "--") != 0) at++;
  arguments[at] = NULL;
  settings = arguments + 1;
  static const struct act *const tables[] = {host_acts, network_acts, kernel_acts, inodes_acts, inside_acts};
  for (size_t table = 0; table < sizeof tables / sizeof *tables; table++) {
    for (const struct act *act = tables[table]; act->name != NULL; act++) {
      bool wanted = at + 1 >= count;
      for (int n = at + 1; n < count; n++) wanted = wanted || strcmp(arguments[n], act->name) == 0;
      if (wanted) try_out(act);
    }
  }
  return 0;
}
