# What a hostile command looks for on a host: sockets, shared memory, a message queue, a key in the session keyring. Holds them until
# standard input ends; prints one line when all of it stands. Arguments: a number of this test's own, the path of the Unix socket.
import ctypes, os, socket, sys

number, path = int(sys.argv[1]), sys.argv[2]
libc = ctypes.CDLL(None, use_errno=True)
held = []
for address in ("\0ringfence-acts-%d" % number, path):
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen(64)
    held.append(listening)
os.chmod(path, 0o777)
tcp = socket.socket()
tcp.bind(("127.0.0.1", 0))
tcp.listen(64)
made = [libc.shmget(number, 4096, 0o1666), libc.semget(number, 1, 0o1666), libc.msgget(number, 0o1666)]
librt = ctypes.CDLL("librt.so.1", use_errno=True)
queue = ("/ringfence-acts-%d" % number).encode()
made.append(librt.mq_open(queue, os.O_CREAT | os.O_RDWR, 0o666, None))
print(tcp.getsockname()[1], *made, flush=True)
sys.stdin.read()
libc.shmctl(made[0], 0, None)
libc.semctl(made[1], 0, 0)
libc.msgctl(made[2], 0, None)
librt.mq_unlink(queue)
