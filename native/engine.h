// A fence whose command is an engine (gVisor's runsc): a program that runs the agent in a kernel of its own. The engine gets what it needs to
// take itself apart further: capabilities over a user namespace and a mount namespace that are its alone, where every mount of the fence is
// locked as it is. What the agent sees is a copy of the fence's view without its /proc and /dev.
//   /.engine/root   the view, for the engine to serve         /.engine/proc   a whole /proc, read-only: the kernel's condition for new ones
// Everything else below /.engine is the plan's (core/sandbox/engine.ts).
#ifndef RINGFENCE_ENGINE_H
#define RINGFENCE_ENGINE_H

#include "program.h"

// In the command's pid namespace, while bubblewrap's /proc is still in full view.
void engine_proc(void);

// After /proc and /dev are made, before the view is sealed. Also for a virtual machine (machine.h).
void engine_root(const char *workspace);

// The engine's own user and mount namespace, and the bounding set that is left there. SETTINGS is /proc/sys before it became read-only.
void become_engine(int settings);

// A further command of the engine: the first one's user namespace, with the same capabilities there.
void join_engine(int user);

// In place of the command's set of capabilities, after the above.
void engine_capabilities(void);

#endif
