// Hostile acts against a host, one a name: `acts KEY=VALUE... -- NAME...` tries each and prints `NAME ok` or `NAME errno`.
// The test runs the same binary outside first (the control) and then in the fence. Nothing here does lasting harm: what is
// changed is the test's own bait, or is set to the value that it already has.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

extern char **environ;
static char **settings;

static const char *setting(const char *key) {
  size_t length = strlen(key);
  for (char **at = settings; *at != NULL; at++) {
    if (strncmp(*at, key, length) == 0 && (*at)[length] == '=') return *at + length + 1;
  }
  fprintf(stderr, "acts: no setting %s\n", key);
  exit(2);
}
static int number(const char *key) { return atoi(setting(key)); }
static int result(long value) { return value < 0 ? errno : 0; }

static int read_at(const char *path) {
  char bytes[64];
  int fd = open(path, O_RDONLY | O_NONBLOCK);
  if (fd < 0) return errno;
  ssize_t n = read(fd, bytes, sizeof bytes);
  int cause = n > 0 ? 0 : n == 0 ? ENODATA : errno;
  close(fd);
  return cause;
}
static int child(int (*act)(void)) {
  pid_t pid = fork();
  if (pid == 0) _exit(act());
  int how;
  waitpid(pid, &how, 0);
  return WIFEXITED(how) ? WEXITSTATUS(how) : 200 + WTERMSIG(how);
}

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

// Sockets
static int connect_unix(const char *name, bool abstract) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return errno;
  snprintf(to.sun_path + abstract, sizeof to.sun_path - abstract, "%s", name);
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name) + (abstract ? 0 : 1));
  return result(connect(fd, (struct sockaddr *)&to, length));
}
static int unix_abstract(void) { return connect_unix(setting("abstract"), true); }
static int unix_path(void) { return connect_unix(setting("socket"), false); }
static int tcp_host(void) {
  struct sockaddr_in {
    uint16_t family, port;
    uint32_t address;
    char pad[8];
  } to = {AF_INET, __builtin_bswap16((uint16_t)number("tcp")), 0x0100007f, ""};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&to, sizeof to));
}
static int net_raw(void) { return result(socket(AF_INET, SOCK_RAW, 1)); }
static int net_packet(void) { return result(socket(AF_PACKET, SOCK_RAW, 0)); }
static int net_netlink(void) { return result(socket(AF_NETLINK, SOCK_RAW, 0)); }
static int net_netfilter(void) { return result(socket(AF_NETLINK, SOCK_RAW, 12)); }
static int net_vsock(void) { return result(socket(40, SOCK_STREAM, 0)); }
static int net_alg(void) { return result(socket(38, SOCK_SEQPACKET, 0)); }
static int net_pair(void) {
  int pair[2];
  return result(socketpair(AF_INET, SOCK_STREAM, 0, pair)) == EOPNOTSUPP ? 0 : errno;
}
static int net_mptcp(void) { return result(socket(AF_INET, SOCK_STREAM, 262)); }

// Namespaces and mounts
static int do_userns(void) { return result(unshare(CLONE_NEWUSER)); }
static int userns(void) { return child(do_userns); }
static int clone_flags(void) {
  long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid((pid_t)pid, NULL, 0);
  return result(pid);
}
static int clone_3(void) {
  uint64_t arguments[11] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
  long pid = syscall(SYS_clone3, arguments, 64);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid((pid_t)pid, NULL, 0);
  return result(pid);
}
static int do_time(void) { return result(unshare(0x80)) == EPERM ? EPERM : 0; }
static int enter_own(void) {
  int fd = open("/proc/self/ns/user", O_RDONLY);
  int got = result(setns(fd, 0));
  return got == EINVAL ? 0 : got;  // outside: the kernel looked at it
}
static int mount_api(void) {
  int got = result(syscall(SYS_open_tree, AT_FDCWD, "/", 0));
  return got;
}
static int statmounts(void) {
  int got = result(syscall(457, NULL, NULL, 0, 0));
  return got == EFAULT || got == EINVAL ? 0 : got;
}
static int old_mount(void) {
  int got = result(mount(NULL, NULL, NULL, 0, NULL));
  return got == EFAULT || got == EINVAL ? 0 : got;
}
static int root_change(void) {
  int got = result(chroot("/nonexistent"));
  return got == ENOENT ? 0 : got;
}

// Kernel surface
static int uring(void) {
  struct io_uring_params parameters = {0};
  return result(syscall(SYS_io_uring_setup, 1, &parameters));
}
static int program(void) {
  int got = result(syscall(SYS_bpf, 0, NULL, 0));
  return got == EINVAL || got == EFAULT || got == E2BIG ? 0 : got;
}
static int perf(void) {
  int got = result(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
  return got == EFAULT ? 0 : got;
}
static int faults(void) { return result(syscall(SYS_userfaultfd, 1)); }
static int secret_memory(void) { return result(syscall(447, 0)); }
static int descriptor_table(void) {
  int got = result(syscall(SYS_modify_ldt, 0, NULL, 0));
  return got;
}
static int fanotify(void) { return result(syscall(SYS_fanotify_init, 0x200, 0)); }
static int quota(void) {
  int got = result(syscall(SYS_quotactl, 0x800007 << 8, "/nonexistent", 0, NULL));
  return got == ENOENT || got == ESRCH || got == EINVAL ? 0 : got;
}
#if defined(__x86_64__)
static int do_x32(void) { return result(syscall(0x40000000 | 39)); }
static int do_i386(void) {
  long got;
  __asm__ volatile("int $0x80" : "=a"(got) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
  return got > 0 ? 0 : (int)-got;
}
static int i386(void) { return child(do_i386); }
#endif
static int memory_map_rewrite(void) {
  int got = result(prctl(PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0));
  return got == EINVAL || got == ENOMEM ? 0 : got;
}
static int read_implies_exec(void) { return result(syscall(SYS_personality, 0x0400000)); }

// Terminals, on descriptor `tty` of the caller
static int terminal(unsigned long request, void *argument) {
  int fd = open("/dev/tty", O_RDWR | O_NOCTTY);
  if (fd < 0) fd = 0;
  int got = result(ioctl(fd, request, argument));
  return got == ENOTTY ? 0 : got;
}
static int tty_type(void) { return terminal(TIOCSTI, "x"); }
static int tty_discipline(void) {
  int one = 0;
  return terminal(TIOCSETD, &one);
}
static int tty_linux(void) {
  char code = 6;
  return terminal(TIOCLINUX, &code);
}
static int tty_console(void) {
  int got = terminal(TIOCCONS, NULL);
  return got == EBUSY ? 0 : got;
}
static int tty_type_high(void) { return result(syscall(SYS_ioctl, 0, 0x100000000UL | TIOCSTI, "x")) == ENOTTY ? 0 : errno; }

// The caller's own inodes that stand inside by a bind mount: set to what they already are
static int keep_mode(const char *path) {
  struct stat now;
  return stat(path, &now) != 0 ? errno : result(chmod(path, now.st_mode & 0777));
}
static int keep_owner(const char *path) {
  struct stat now;
  return stat(path, &now) != 0 ? errno : result(chown(path, now.st_uid, now.st_gid));
}
static int keep_times(const char *path) {
  struct stat now;
  if (stat(path, &now) != 0) return errno;
  struct timespec times[2] = {now.st_atim, now.st_mtim};
  return result(utimensat(AT_FDCWD, path, times, 0));
}
static int keep_flags(const char *path) {
  long flags;
  int fd = open(path, O_RDONLY | O_NONBLOCK);
  if (fd < 0) return errno;
  if (ioctl(fd, 0x80086601, &flags) != 0) return errno;
  return result(ioctl(fd, 0x40086602, &flags));
}
static int bound_mode(void) { return keep_mode(setting("bound")); }
static int bound_owner(void) { return keep_owner(setting("bound")); }
static int bound_times(void) { return keep_times(setting("bound")); }
static int bound_flags(void) { return keep_flags(setting("bound")); }
static int bound_attribute(void) { return result(setxattr(setting("bound"), "user.acts", "x", 1, 0)); }
static int bound_list(void) {
  // the access list that says what mode 0755 says
  static const char same[] = {2, 0, 0, 0, 1, 0, 7, 0, -1, -1, -1, -1, 4, 0, 5, 0, -1, -1, -1, -1, 32, 0, 5, 0, -1, -1, -1, -1};
  return result(setxattr(setting("bound"), "system.posix_acl_access", same, sizeof same, 0));
}
static int bound_write(void) { return result(open(setting("bound"), O_WRONLY)); }
static int bound_link(void) { return result(link(setting("bound"), setting("fresh"))); }
static int bound_lease(void) {
  int fd = open(setting("bound"), O_RDONLY);
  return fd < 0 ? errno : result(fcntl(fd, F_SETLEASE, F_RDLCK));
}
static int null_mode(void) { return keep_mode("/dev/null"); }
static int null_times(void) { return keep_times("/dev/null"); }
static int setting_write(void) {
  int fd = open("/proc/sys/kernel/core_pattern", O_WRONLY);
  return result(fd);
}
static int drop_caches(void) { return result(open("/proc/sys/vm/drop_caches", O_WRONLY)); }
static int sysrq(void) { return result(open("/proc/sysrq-trigger", O_WRONLY)); }
static int device_tree(void) { return read_at("/sys/kernel/mm/transparent_hugepage/enabled"); }
static int keys_list(void) { return read_at("/proc/keys"); }
static int symbols(void) { return read_at("/proc/kallsyms"); }
static int node(const char *path, dev_t device) {
  unlink(path);
  int got = result(mknod(path, S_IFCHR | 0600, device));
  unlink(path);
  return got;
}
static int make_device(void) { return node(setting("fresh"), 0x103); }
static int make_whiteout(void) { return node(setting("fresh"), 0); }
static int special(mode_t bit) {
  const char *path = setting("fresh");
  unlink(path);
  int fd = open(path, O_CREAT | O_WRONLY | O_EXCL, 0700);
  int got = fd < 0 ? errno : result(fchmod(fd, 0700 | bit));
  struct stat now;
  if (got == 0 && fstat(fd, &now) == 0 && (now.st_mode & bit) == 0) got = EPERM;
  unlink(path);
  return got;
}
static int set_user_id(void) { return special(S_ISUID); }
static int open_user_id(void) {
  const char *path = setting("fresh");
  unlink(path);
  int got = result(open(path, O_CREAT | O_WRONLY | O_EXCL, 04700));
  unlink(path);
  return got;
}
static int file_capability(void) {
  static const unsigned char capability[20] = {0, 0, 0, 2, 0, 0x20};
  const char *path = setting("fresh");
  unlink(path);
  close(open(path, O_CREAT | O_WRONLY | O_EXCL, 0700));
  int got = result(setxattr(path, "security.capability", capability, sizeof capability, 0));
  unlink(path);
  return got;
}
static int overlay_attribute(const char *name) {
  const char *path = setting("fresh");
  unlink(path);
  close(open(path, O_CREAT | O_WRONLY | O_EXCL, 0600));
  int got = result(setxattr(path, name, "y", 1, 0));
  unlink(path);
  return got;
}
static int trusted_attribute(void) { return overlay_attribute("trusted.overlay.opaque"); }

static int inner_memory(void) {  // the first process of this pid namespace, whoever that is
  return result(open("/proc/1/mem", O_RDONLY));
}
static int inner_environ(void) { return read_at("/proc/1/environ"); }
static int inner_files(void) {
  char target[64];
  return result(readlink("/proc/1/fd/0", target, sizeof target));
}
static int inner_root(void) {
  DIR *folder = opendir("/proc/1/root/");
  return folder == NULL ? errno : 0;
}
static int inner_signal(void) { return result(kill(1, SIGSTOP)) == 0 ? EPERM : errno; }
static int inner_seize(void) { return result(ptrace(PTRACE_SEIZE, 1, 0, 0)); }
// Set to what they are already: process 1 starts further commands, which would inherit it.
static int inner_limits(void) {
  struct rlimit now;
  return prlimit(1, RLIMIT_NOFILE, NULL, &now) != 0 ? errno : result(prlimit(1, RLIMIT_NOFILE, &now, NULL));
}
static int inner_processors(void) {
  cpu_set_t now;
  return sched_getaffinity(1, sizeof now, &now) != 0 ? errno : result(sched_setaffinity(1, sizeof now, &now));
}
static int inner_priority(void) {
  errno = 0;
  int now = getpriority(PRIO_PROCESS, 1);
  return errno != 0 ? errno : result(setpriority(PRIO_PROCESS, 1, now));
}
static int inner_pidfd(void) {
  int fd = (int)syscall(SYS_pidfd_open, 1, 0);
  return fd < 0 ? errno : result(ioctl(fd, 0xff05, 0));  // PIDFD_GET_PID_NAMESPACE
}

// Filters, and what sockets can be made to do in the kernel
static struct sock_filter all_of_it[] = {{0x06, 0, 0, 0x7fff0000}};
static int listener(void) {
  struct sock_fprog program = {1, all_of_it};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return result(syscall(SYS_seccomp, 1, 8, &program));
}
static int socket_filter(void) {
  struct sock_fprog program = {1, all_of_it};
  return result(setsockopt(socket(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET, 26, &program, sizeof program));
}
static int socket_upper(void) {
  int got = result(setsockopt(socket(AF_INET, SOCK_STREAM, 0), 6, 31, "tls", 3));
  return got == ENOTCONN || got == ENOENT ? 0 : got;
}
static int urgent(void) {
  int pair[2];
  return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 ? errno : result(send(pair[0], "x", 1, MSG_OOB));
}
static int urgent_message(void) {
  int pair[2];
  struct iovec part = {"x", 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 ? errno : result(sendmsg(pair[0], &message, MSG_OOB));
}
static int net_sctp(void) { return result(socket(AF_INET, SOCK_SEQPACKET, 0)); }

// Landlock's: the mount would let it
static int own_process_file(void) { return result(open("/proc/self/oom_score_adj", O_WRONLY)); }

static int descriptor_nine(void) { return result(fcntl(9, F_GETFD)); }
static int descriptors_more(void) {
  for (int fd = 3; fd < 1024; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) return 0;
  }
  return EBADF;
}

static const struct {
  const char *name;
  int (*act)(void);
} acts[] = {
#define ACT(name) {#name, name}
    ACT(read_secret), ACT(list_sibling), ACT(write_sibling), ACT(proc_root), ACT(proc_cwd), ACT(by_handle), ACT(shadow), ACT(kernel_log),
    ACT(signal_host), ACT(environ_host), ACT(memory_host), ACT(trace_host), ACT(pidfd_host), ACT(limits_host), ACT(own_pidfd_getfd),
    ACT(compare_kernel), ACT(keyring_secret), ACT(keyring_add), ACT(keyring_request), ACT(shm_secret), ACT(sem_host), ACT(msg_host),
    ACT(mqueue_host), ACT(unix_abstract), ACT(unix_path), ACT(tcp_host), ACT(net_raw), ACT(net_packet), ACT(net_netlink),
    ACT(net_netfilter), ACT(net_vsock), ACT(net_alg), ACT(net_pair), ACT(net_mptcp), ACT(userns), ACT(clone_flags), ACT(clone_3),
    ACT(do_time), ACT(enter_own), ACT(mount_api), ACT(statmounts), ACT(old_mount), ACT(root_change), ACT(uring), ACT(program), ACT(perf),
    ACT(faults), ACT(secret_memory), ACT(descriptor_table), ACT(fanotify), ACT(quota), ACT(memory_map_rewrite), ACT(read_implies_exec),
    ACT(tty_type), ACT(tty_discipline), ACT(tty_linux), ACT(tty_console), ACT(tty_type_high), ACT(bound_mode), ACT(bound_owner),
    ACT(bound_times), ACT(bound_flags), ACT(bound_attribute), ACT(bound_list), ACT(bound_write), ACT(bound_link), ACT(bound_lease),
    ACT(null_mode), ACT(null_times), ACT(setting_write), ACT(drop_caches), ACT(sysrq), ACT(device_tree), ACT(keys_list), ACT(symbols),
    ACT(make_device), ACT(make_whiteout), ACT(set_user_id), ACT(open_user_id), ACT(file_capability), ACT(trusted_attribute),
    ACT(inner_memory), ACT(inner_environ), ACT(inner_files), ACT(inner_root), ACT(inner_signal), ACT(inner_seize), ACT(descriptor_nine),
    ACT(inner_limits), ACT(inner_processors), ACT(inner_priority), ACT(inner_pidfd), ACT(listener), ACT(socket_filter), ACT(socket_upper),
    ACT(urgent), ACT(urgent_message), ACT(net_sctp), ACT(own_process_file),
    ACT(descriptors_more),
#if defined(__x86_64__)
    {"x32", do_x32}, ACT(i386),
#endif
};

// `acts keep-key NAME COMMAND...`: COMMAND with a session keyring that holds a secret.
static int keep_key(char **arguments) {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0) return 3;
  if (syscall(SYS_add_key, "user", arguments[0], "secret", 6, KEY_SPEC_SESSION_KEYRING) < 0) return 4;
  execvp(arguments[1], arguments + 1);
  return 5;
}

int main(int count, char **arguments) {
  if (count > 3 && strcmp(arguments[1], "keep-key") == 0) return keep_key(arguments + 2);
  int at = 1;
  while (at < count && strcmp(arguments[at], "--") != 0) at++;
  arguments[at] = NULL;
  settings = arguments + 1;
  for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
    bool wanted = at + 1 >= count;
    for (int n = at + 1; n < count; n++) wanted = wanted || strcmp(arguments[n], acts[i].name) == 0;
    if (!wanted) continue;
    fflush(stdout);
    // In a child each: a killed act is an answer too.
    pid_t pid = fork();
    if (pid == 0) _exit(acts[i].act());
    int how;
    waitpid(pid, &how, 0);
    int got = WIFEXITED(how) ? WEXITSTATUS(how) : 200 + WTERMSIG(how);
    printf("%s %s\n", acts[i].name, got == 0 ? "ok" : got >= 200 ? "killed" : strerrorname_np(got));
  }
  return 0;
}
