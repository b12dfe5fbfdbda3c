// Watched memory, for hosts where no cgroup can be written.
#ifndef RINGFENCE_WATCH_H
#define RINGFENCE_WATCH_H

// Bytes that the processes of this pid namespace and the ones below it hold: anonymous memory, and shared memory whether mapped
// or only kept (memfds, /dev/shm, System V). PROC is an O_PATH descriptor of its /proc. Mapped shared memory counts once for each
// process that maps it. A memfd in flight in a socket is not seen.
unsigned long long memory_in_use(int proc);

#endif
