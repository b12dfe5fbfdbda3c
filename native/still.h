// Folders of the host that are shown for their files: nothing that is alive behind them can be reached.
#ifndef RINGFENCE_STILL_H
#define RINGFENCE_STILL_H

// Lays a read-only overlay of PATH over itself. Through a read-only bind mount one could still connect to the sockets and open the
// pipes at which host processes listen; an overlay has inodes of its own, now and for whatever appears later. Where the kernel
// cannot (other mounts below), it covers what is there now. EMPTY is an empty folder. Does nothing for what is no folder.
void make_still(const char *path, const char *empty);

// Covers every socket and pipe below PATH that is there now, for folders that must stay live. What appears later is reachable.
void cover_endpoints(const char *path);

#endif
