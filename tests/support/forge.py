"""Speaks to an approval socket as an agent would that tries to answer its own question: `forge.py HOW SOCKET REQUEST`.

plain: as it is. detached: cut from its parents by a double fork. detached-terminal: the same, with a new terminal of its own in whose foreground it is.
"""
import os
import pty
import socket
import sys

how, path, request = sys.argv[1:4]


def speak(out):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(10)
        peer.connect(path)
        try:
            peer.sendall(request.encode() + b"\n")
            peer.shutdown(socket.SHUT_WR)
            reply = b""
            while chunk := peer.recv(65536):
                reply += chunk
        except OSError:
            reply = b""
        os.write(out, reply)


if how == "plain":
    speak(1)
    sys.exit()
back, out = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while os.getppid() == os.getpgid(0):
            pass  # until the parent is gone and this process is adopted
        if how == "detached":
            speak(out)
            os._exit(0)
        child, _ = pty.fork()
        if child == 0:
            speak(out)
            os._exit(0)
        os.waitpid(child, 0)
        os._exit(0)
    os._exit(0)
os.wait()
os.close(out)
data = b""
while chunk := os.read(back, 65536):
    data += chunk
os.write(1, data)
