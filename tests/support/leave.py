# What a hostile command leaves behind for the host to trip over. Every step may be refused inside; none may get through the gate.
import os, socket


def attempt(act):
    try:
        act()
    except OSError:
        pass


def write(path, text="x"):
    def act():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    attempt(act)


for path in [
    ".git/hooks/pre-commit", ".GIT/hooks/pre-commit", ".git /hooks/pre-commit", "git~1/hooks/x", ".g\u200cit/hooks/x",
    "n/.git/hooks/post-checkout", "a/b/.git/hooks/pre-commit", ".git/modules/m/hooks/x", ".vscode/tasks.json", ".npmrc", "sub/.npmrc",
    "bare/HEAD", "bare/objects/x", "bare/refs/x", "bare/config", "new\nline", "\x1b[31mred", "\u202eevil", "n" * 255,
]:
    write(path)
write("Readme", "1")
write("README", "2")
attempt(lambda: os.symlink("/etc/passwd", "link-out"))
attempt(lambda: os.symlink("../../x", "link-out-up"))
attempt(lambda: os.symlink("f1", "link-in"))
attempt(lambda: os.mkfifo("fifo"))
attempt(lambda: socket.socket(socket.AF_UNIX).bind("socket"))
write("setgid")
attempt(lambda: os.chmod("setgid", 0o2777))
attempt(lambda: os.chmod("f1", 0o4755))
attempt(lambda: open(b"bad\xff\xfe", "w").close())
os.mkdir("deep")
os.chdir("deep")
for _ in range(10000):
    os.mkdir("d")
    os.chdir("d")
write("x")
