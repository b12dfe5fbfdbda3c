// What is the host's: its files, its processes, its kernel objects.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "acts.h"

// The host's files
static int read_secret(void) { return read_at(setting("secret")); }
static int list_sibling(void) {
  DIR *folder = opendir(setting("sibling"));
  return folder == NULL ? errno : readdir(folder) == NULL ? ENODATA : 0;
}
static int write_sibling(void) {
  char path[4096];
  snprintf(path, sizeof path, "%s/secret.txt", setting("sibling"));
  int fd = open(path, O_WRONLY | O_APPEND);
  return fd < 0 ? errno : result(write(fd, "", 0) + 0);
}
static int proc_root(void) {
  char path[4096];
  snprintf(path, sizeof path, "/proc/%d/root%s", number("pid"), setting("secret"));
  return read_at(path);
}
static int proc_cwd(void) {
  char path[4096];
  snprintf(path, sizeof path, "/proc/%d/cwd/.", number("pid"));
  DIR *folder = opendir(path);
  return folder == NULL ? errno : 0;
}
static int by_handle(void) {
  struct file_handle *handle = calloc(1, sizeof *handle + 128);
  handle->handle_bytes = 128;
  int mount;
  return result(name_to_handle_at(AT_FDCWD, ".", handle, &mount, 0));
}
static int shadow(void) { return read_at("/etc/shadow"); }
static int kernel_log(void) { return result(syscall(SYS_syslog, 10, 0, 0)); }

// Processes
static int signal_host(void) { return result(kill(number("pid"), 0)); }
static int environ_host(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/environ", number("pid"));
  return read_at(path);
}
static int memory_host(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", number("pid"));
  return result(open(path, O_RDWR));
}
static int trace_host(void) {
  if (ptrace(PTRACE_SEIZE, number("pid"), 0, 0) != 0) return errno;
  return 0;
}
static int pidfd_host(void) { return result(syscall(SYS_pidfd_open, number("pid"), 0)); }
static int limits_host(void) {
  unsigned long long now[2];
  return result(syscall(SYS_prlimit64, number("pid"), 7, NULL, now));
}
static int own_pidfd_getfd(void) {
  int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
  return result(syscall(SYS_pidfd_getfd, self, 2, 0));
}
static int compare_kernel(void) { return result(syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0)); }

// Kernel objects
static int keyring_secret(void) {
  char bytes[64];
  long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", setting("key"), 0);
  if (key < 0) return errno;
  return result(syscall(SYS_keyctl, KEYCTL_READ, key, bytes, sizeof bytes));
}
static int keyring_add(void) { return result(syscall(SYS_add_key, "user", "acts", "x", 1, KEY_SPEC_PROCESS_KEYRING)); }
static int keyring_request(void) {
  long got = syscall(SYS_request_key, "user", "acts-absent", NULL, 0);
  return got < 0 && errno == ENOKEY ? 0 : result(got);
}
static int shm_secret(void) {
  int id = shmget(number("shm"), 0, 0);
  return id < 0 ? errno : shmat(id, NULL, SHM_RDONLY) == (void *)-1 ? errno : 0;
}
static int sem_host(void) { return result(semget(number("shm"), 0, 0)); }
static int msg_host(void) { return result(msgget(number("shm"), 0)); }
static int mqueue_host(void) { return result(mq_open(setting("mqueue"), O_RDONLY)); }

const struct act host_acts[] = {
    ACT(read_secret), ACT(list_sibling), ACT(write_sibling), ACT(proc_root), ACT(proc_cwd), ACT(by_handle), ACT(shadow), ACT(kernel_log),
    ACT(signal_host), ACT(environ_host), ACT(memory_host), ACT(trace_host), ACT(pidfd_host), ACT(limits_host), ACT(own_pidfd_getfd),
    ACT(compare_kernel), ACT(keyring_secret), ACT(keyring_add), ACT(keyring_request), ACT(shm_secret), ACT(sem_host), ACT(msg_host),
    ACT(mqueue_host),
    {NULL, NULL},
};
