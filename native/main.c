// The native helper: one static program with a few errands, chosen by its first argument.
//   fence                     inside bubblewrap as process 1: finish the fence and run the command (outer.h)
//   enter FILE... -- COMMAND  outside: join cgroups, then become COMMAND (enter.h)
//   nest SOURCES -- COMMAND   outside: a place where a container engine can change nothing (nest.h)
//   attach SOCKET TOKEN       outside: the caller of a further command in a running fence (attach.h)
//   exec FOLDER -- COMMAND    outside: a further command in the session of that folder (exec.h)
//   remove PATH               outside: delete a session folder, whatever is in it (remove.h)
//   times ROOT                outside: modification times from standard input, to the nanosecond (times.h)
//   copy FROM TO MOST         outside: a tree, whatever is in it, once more, compared (copy.h)
//   attributes PATH           outside: what stands in extended attributes below a folder (attribute_list.h)
//   opaque PATH               outside: a folder of an upper layer hides what is below it (opaque.h)
//   measure                   outside: what trees take on disk, each time it is asked (measure.h)
//   guest UID GID FILTER …   inside an engine's kernel: become the agent (guest.h)
//   machine BEGUN PROXY PORTS -- QEMU…   inside, beside a virtual machine: its streams and its end (machine.h)
//   machine-guest UID …       the first process of that machine's guest (machine.h)
//   lookout ROOT WORD...      outside: the names below a folder, and every one that comes to stand there (lookout.h)
//   hook AGENT                an agent's hook, inside and outside: one event in, one verdict out (hook.h)
//   mcp WORD...               inside: the client's end of an MCP server that the supervisor runs (mcp.h)
//   look FOLDER               inside and outside: tries what a fence refuses (look.h)
//   landlock                  outside: which Landlock this kernel has (landlock.h)
//   redirect [anyip]          outside, in a network namespace of its own: how connections can be turned here (redirect.h)
//   datagrams PATH            outside: messages from standard input to a Unix socket (datagrams.h)
//   peer                      outside: who is at the other end of the Unix socket on descriptor 0 (peer.h)
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "attribute_list.h"
#include "changes.h"
#include "copy.h"
#include "datagrams.h"
#include "enter.h"
#include "exec.h"
#include "guest.h"
#include "helper.h"
#include "hook.h"
#include "landlock.h"
#include "look.h"
#include "lookout.h"
#include "machine.h"
#include "mcp.h"
#include "measure.h"
#include "nest.h"
#include "opaque.h"
#include "outer.h"
#include "peer.h"
#include "redirect.h"
#include "remove.h"
#include "times.h"

int main(int count, char **arguments) {
  const char *errand = count > 1 ? arguments[1] : "";
  if (strcmp(errand, "fence") == 0 && count == 2) return run_outer();
  if (strcmp(errand, "enter") == 0 && count > 2) return run_enter(arguments + 2);
  if (strcmp(errand, "nest") == 0 && count > 3) return run_nest(arguments + 2);
  if (strcmp(errand, "attach") == 0 && count == 4) return run_attach(arguments[2], arguments[3]);
  if (strcmp(errand, "exec") == 0 && count > 4 && strcmp(arguments[3], "--") == 0) return run_exec(arguments[2], arguments + 4);
  if (strcmp(errand, "remove") == 0 && count == 3) return run_remove(arguments[2]);
  if (strcmp(errand, "changes") == 0 && count == 3) return run_changes(arguments[2]);
  if (strcmp(errand, "attributes") == 0 && count == 3) return run_attributes(arguments[2]);
  if (strcmp(errand, "times") == 0 && count == 3) return run_times(arguments[2]);
  if (strcmp(errand, "copy") == 0 && count == 5) return run_copy(arguments[2], arguments[3], arguments[4]);
  if (strcmp(errand, "opaque") == 0 && count == 3) return run_opaque(arguments[2]);
  if (strcmp(errand, "lookout") == 0 && count > 3) return run_lookout(arguments[2], arguments + 3);
  if (strcmp(errand, "measure") == 0 && count == 2) return run_measure();
  if (strcmp(errand, "look") == 0 && count == 3) return run_look(arguments[2]);
  if (strcmp(errand, "landlock") == 0 && count == 2) return run_landlock();
  if (strcmp(errand, "redirect") == 0 && count < 4) return run_redirect(count == 3 ? arguments[2] : "");
  if (strcmp(errand, "datagrams") == 0 && count == 3) return run_datagrams(arguments[2]);
  if (strcmp(errand, "peer") == 0 && count == 2) return run_peer();
  if (strcmp(errand, "guest") == 0) run_guest(arguments + 2);
  if (strcmp(errand, "machine") == 0) run_machine(arguments + 2);
  if (strcmp(errand, "machine-guest") == 0) run_machine_guest(arguments + 2);
  if (strcmp(errand, "mcp") == 0) return run_mcp(arguments + 2);
  if (strcmp(errand, "hook") == 0) run_hook(arguments + 2);
  fprintf(stderr, "usage: ringfence-helper fence | enter FILE... -- COMMAND | nest SOURCES -- COMMAND | attach SOCKET TOKEN | exec FOLDER -- COMMAND | remove PATH | attributes PATH | changes PATH | copy FROM TO MOST | opaque PATH | measure | times ROOT | lookout ROOT WORD... [-- FOLDER...] | hook AGENT | mcp WORD... | landlock | look FOLDER | redirect [anyip] | datagrams PATH | peer\n");
  return EXIT_NO_FENCE;
}
