# What the trapped calls answer in the cases that programs rely on: printed, so that two runs can be compared.
import ctypes, errno, fcntl, os, socket

libc = ctypes.CDLL(None, use_errno=True)


def said(act):
    try:
        act()
        return "ok"
    except OSError as problem:
        return errno.errorcode[problem.errno]


W, C, X = os.O_WRONLY, os.O_CREAT, os.O_EXCL
os.mkdir("t"); open("t/a", "w").close(); os.symlink("a", "t/l"); open("f", "w").close()
os.symlink("loop", "loop"); os.symlink("made", "dangle"); os.symlink("t", "d")
for path, flags in [("nope/x", W), ("t", W), ("t", os.O_RDWR), ("f/", W), ("f/x", W), ("new/", W | C), ("t/l", W | os.O_NOFOLLOW), ("f", W | C | X),
                    ("dangle", W | C | X), ("", W), ("", W | C), ("a" * 256, W | C), ("a/" * 2100, W), ("loop", W), ("loop/x", W), ("t/.", W | C), ("..", W | C),
                    ("/", W | C), ("d", W), ("d/", W), ("d/a", W), ("f", W | os.O_DIRECTORY), ("t", os.O_TMPFILE | W), ("f", os.O_TMPFILE | W),
                    ("t", os.O_TMPFILE), ("g", W | C | os.O_DIRECTORY), ("/proc/self/nope", W), ("/dev/null", W), ("/dev/null/x", W), ("/proc/self/fd/99", W)]:
    print("open", path[:20], flags, said(lambda: os.close(os.open(path, flags, 0o644))))
print("dangle", said(lambda: os.close(os.open("dangle", W | C, 0o640))), os.path.exists("made"))
for name, act in {
    "mkdir there": lambda: os.mkdir("t"), "mkdir link": lambda: os.mkdir("dangle2/"), "mkdir slash": lambda: os.mkdir("m/"), "mkdir root": lambda: os.mkdir("/"),
    "mkdir dots": lambda: os.mkdir(".."), "mkdir nowhere": lambda: os.mkdir("no/m"), "mkdir below file": lambda: os.mkdir("f/m"), "rmdir full": lambda: os.rmdir("t"),
    "rmdir dot": lambda: os.rmdir("."), "rmdir dots": lambda: os.rmdir(".."), "rmdir file": lambda: os.rmdir("f"), "rmdir link": lambda: os.rmdir("d"),
    "rmdir link slash": lambda: os.rmdir("d/"), "unlink folder": lambda: os.unlink("t"), "unlink none": lambda: os.unlink("no"), "unlink slash": lambda: os.unlink("f/"),
    "unlink empty": lambda: os.unlink(""), "rename none": lambda: os.rename("no", "y"), "rename below itself": lambda: os.rename("t", "t/s"),
    "rename file to folder": lambda: os.rename("f", "t"), "rename folder to file": lambda: os.rename("t", "f"), "rename dot": lambda: os.rename(".", "z"),
    "rename to dots": lambda: os.rename("f", ".."), "rename slash": lambda: os.rename("f/", "z"), "rename link slash": lambda: os.rename("d/", "z"), "mkdir link slash": lambda: os.mkdir("dangle/"), "unlink link slash": lambda: os.unlink("d/"), "rename self": lambda: os.rename("f", "f"),
    "link folder": lambda: os.link("t", "tt"), "link none": lambda: os.link("no", "tt"), "link there": lambda: os.link("f", "t"), "link link": lambda: os.link("t/l", "hl", follow_symlinks=False),
    "symlink empty": lambda: os.symlink("", "zz"), "symlink there": lambda: os.symlink("a", "f"), "symlink slash": lambda: os.symlink("a", "n/"),
    "truncate folder": lambda: os.truncate("t", 0), "truncate none": lambda: os.truncate("no", 0), "truncate null": lambda: os.truncate("/dev/null", 0),
    "truncate slash": lambda: os.truncate("f/", 0), "chmod none": lambda: os.chmod("no", 0o600), "chmod link": lambda: os.chmod("t/l", 0o600), "chmod slash": lambda: os.chmod("f/", 0o600),
    "mknod there": lambda: os.mknod("f"), "mkfifo": lambda: os.mkfifo("p"),
    "fchmod bad": lambda: os.fchmod(99, 0o600), "bad dirfd": lambda: os.mkdir("q", dir_fd=99), "file as dirfd": lambda: os.mkdir("q", dir_fd=os.open("f", os.O_RDONLY)),
}.items():
    print(name, said(act))


def raw(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(number, *arguments)
    return errno.errorcode[ctypes.get_errno()] if result < 0 else "ok"


bad = ctypes.c_void_p(1)
print("null pointers", raw(257, -100, bad, W, 0), raw(83, bad, 0), raw(82, b"f", bad), raw(82, bad, b"f"), raw(87, None))
print("link flags", raw(265, -100, b"f", -100, b"ff", 0x7000), "rename flags", raw(316, -100, b"f", -100, b"ff", 64), "noreplace", raw(316, -100, b"f", -100, b"made", 1))
print("unlink flags", raw(263, -100, b"f", 0x4000), "truncate negative", raw(76, b"f", ctypes.c_long(-1)))
for mask in (0o022, 0o077, 0o007):
    os.umask(mask)
    os.close(os.open(f"u{mask}", W | C, 0o666)); os.mkdir(f"v{mask}"); os.mkfifo(f"w{mask}")
    s = socket.socket(socket.AF_UNIX); s.bind(f"s{mask}")
    print(oct(mask), *(oct(os.stat(f"{kind}{mask}").st_mode) for kind in "uvws"))
s = socket.socket(socket.AF_UNIX)
print("bind", said(lambda: s.bind("f")), said(lambda: s.bind("no/s")), said(lambda: s.bind("f/s")), said(lambda: socket.socket().bind(("127.0.0.1", 0))))
fds = [os.open("f", flags) for flags in (W, W | os.O_CLOEXEC, W | os.O_APPEND | os.O_NONBLOCK)]
print([fcntl.fcntl(fd, fcntl.F_GETFL) & ~0o100000 for fd in fds], [fcntl.fcntl(fd, fcntl.F_GETFD) for fd in fds[1:]])
here = os.open(".", os.O_RDONLY)
unnamed = os.open("t", os.O_TMPFILE | os.O_RDWR, 0o600); os.write(unnamed, b"text")
print("unnamed", said(lambda: os.link(f"/proc/self/fd/{unnamed}", "named", src_dir_fd=here, follow_symlinks=True)), open("named").read())
print(sorted(os.listdir(".")))
