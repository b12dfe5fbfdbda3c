// `ringfence exec` without Node: asks the session's supervisor for a further command, then brings it the streams (attach.h).
#ifndef RINGFENCE_EXEC_H
#define RINGFENCE_EXEC_H

// FOLDER is the session's own; ARGV is ended by NULL. Returns the command's exit code, 124 to 127 and 128+n as `ringfence exec` does.
int run_exec(const char *folder, char **argv);

#endif
