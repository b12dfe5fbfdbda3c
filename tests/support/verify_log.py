"""An independent check of a session log: Python's standard library and `openssl`, nothing of Ringfence (promise I12).

usage: verify_log.py LOGDIR VKEYFILE        prints OK SIZE ROOT, or what is wrong and exits 1

Formats: C2SP signed-note, tlog-checkpoint and RFC 6962 trees; docs/log-format.md says how they are put together.
"""
import base64, hashlib, json, os, subprocess, sys, tempfile

ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")


def die(why):
    print(why)
    sys.exit(1)


def vkey(text):
    name, key_id, data = text.strip().split("+", 2)
    raw = base64.b64decode(data)
    if raw[0] != 1 or hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != key_id:
        die("bad verifier key")
    return name, bytes.fromhex(key_id), raw[1:]


def openssl_verify(public_key, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("key", "message", "signature")]
        for path, data in zip(paths, (ED25519_SPKI + public_key, message, signature)):
            with open(path, "wb") as file:
                file.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths[0], "-rawin", "-in", paths[1], "-sigfile", paths[2]]
        return subprocess.run(command, capture_output=True).returncode == 0


def open_note(text, key):
    body, _, signatures = text.rpartition("\n\n")
    body += "\n"
    name, key_id, public_key = key
    for line in signatures.splitlines():
        mark, signer, data = line.split(" ")
        raw = base64.b64decode(data)
        if mark == "\u2014" and signer == name and raw[:4] == key_id and openssl_verify(public_key, body.encode(), raw[4:]):
            return body
    die("no valid signature by " + name)


def tree_root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + tree_root(hashes[:split]) + tree_root(hashes[split:])).digest()


def main(folder, vkey_file):
    def read(name):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return file.read()

    with open(vkey_file, encoding="utf-8") as file:
        machine = vkey(file.read())
    certificate = open_note(read("certificate"), machine).splitlines()
    fields = dict(line.split(" ", 1) for line in certificate[1:])
    session = vkey(fields["key"])
    origin, size, root = open_note(read("checkpoint"), session).splitlines()[:3]
    if origin != session[0]:
        die("checkpoint of another log")
    lines = []
    for name in sorted(os.listdir(os.path.join(folder, "log"))):
        with open(os.path.join(folder, "log", name), "rb") as file:
            lines += file.read().split(b"\n")[:-1]
    if len(lines) != int(size):
        die(f"{len(lines)} lines, the checkpoint says {size}")
    previous = "0" * 64
    hashes = []
    for number, line in enumerate(lines):
        record = json.loads(line)
        if record["seq"] != number or record["prev"] != previous or record["session"] != fields["session"]:
            die(f"the chain breaks at {number}")
        hashes.append(hashlib.sha256(b"\x00" + line).digest())
        previous = hashes[-1].hex()
    if base64.b64encode(tree_root(hashes)).decode() != root:
        die("another root")
    print("OK", size, root)


main(sys.argv[1], sys.argv[2])
