"""Clients of a hook socket that do everything wrong, until they are ended: bad_clients.py SOCKET KIND"""
import os, socket, sys, time

path, kind = sys.argv[1:3]


def connect():
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client


def half():
    kept = []
    while True:
        client = connect()
        client.sendall(sys.argv[3].encode() + b'\n{"hook_event')
        kept = [*kept[-20:], client]
        time.sleep(0.05)


def gigabyte():
    client = connect()
    client.sendall(sys.argv[3].encode() + b"\n")
    try:
        for _ in range(1024):
            client.sendall(b" " * 1048576)
    except OSError:
        pass


def rubbish():
    client = connect()
    try:
        client.sendall(os.urandom(200_000))
        client.shutdown(socket.SHUT_WR)
        client.recv(4096)
    except OSError:
        pass
    time.sleep(0.01)


def silent():
    kept = [connect() for _ in range(40)]
    time.sleep(2)
    del kept


def flood():
    clients = [connect() for _ in range(8)]
    for client in clients:
        client.sendall(sys.argv[3].encode() + b"\n{}")
        client.shutdown(socket.SHUT_WR)
    for client in clients:
        while client.recv(4096):
            pass
        client.close()


while True:
    try:
        globals()[kind]()
    except OSError:
        time.sleep(0.01)
