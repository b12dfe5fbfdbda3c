"""A kernel without Landlock, for one program: `without_landlock.py PROGRAM ARGUMENT...` runs it under a filter that answers ENOSYS to
landlock_create_ruleset(2), as an older kernel would. Everything else is as it is."""
import ctypes
import os
import struct
import sys

CREATE_RULESET = 444
ALLOW, ENOSYS = 0x7FFF0000, 0x50000 | 38
code = b"".join(
    struct.pack("=HBBI", *one)
    for one in [(0x20, 0, 0, 0), (0x15, 0, 1, CREATE_RULESET), (0x06, 0, 0, ENOSYS), (0x06, 0, 0, ALLOW)]
)


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
if libc.prctl(22, 2, ctypes.byref(Program(4, code)), 0, 0) != 0:  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    sys.exit(f"without_landlock: {os.strerror(ctypes.get_errno())}")
os.execv(sys.argv[1], sys.argv[1:])
