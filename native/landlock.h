// Landlock (landlock(7)) as a second layer behind the mounts: what the plan says may be written, and what it shows, said to the kernel once more by
// another mechanism. A mount that is wrong, or a folder that was left behind, is still refused. It adds up rules from the root down and cannot take a
// folder out of one that may be written: what stands read-only inside the home or the workspace rests on its mount alone.
#ifndef RINGFENCE_LANDLOCK_H
#define RINGFENCE_LANDLOCK_H

#include "program.h"

// The version of the kernel's interface; 0 when there is none, or only the first, which cannot let files move between folders.
int landlock_version(void);

// Prints it; 0 when there is one.
int run_landlock(void);

// The rules of this program, ready to be entered, as a descriptor; -1 where the kernel has none and the program does not insist. Before the process
// loses its capabilities; paths that are not there get no rule.
int landlock_rules(const struct program *program);

// From now on this process and all its descendants are bound by the rules: one domain, whose members may trace and signal each other and nobody else.
// Needs no_new_privs. Closes RULES; nothing happens at -1.
void landlock_enter(int rules);

#endif
