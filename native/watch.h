// Watched memory, for hosts where no cgroup can be written.
#ifndef RINGFENCE_WATCH_H
#define RINGFENCE_WATCH_H

// Bytes that the processes of this pid namespace and the ones below it hold for themselves (anonymous and shared memory),
// read through an O_PATH descriptor of its /proc. Shared memory counts once for each process that maps it.
unsigned long long memory_in_use(int proc);

#endif
