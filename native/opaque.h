// A folder of an overlay's upper layer that hides what is below it: what the session sees there is this folder alone.
#ifndef RINGFENCE_OPAQUE_H
#define RINGFENCE_OPAQUE_H

// `opaque PATH`: marks the folder as overlayfs itself does in a user namespace (`userxattr`). An error when PATH is none, or the file system keeps no
// such attribute.
int run_opaque(const char *path);

#endif
