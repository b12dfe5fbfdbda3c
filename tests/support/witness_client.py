"""A client of c2sp.org/tlog-witness that shares nothing with Ringfence: Python's standard library and `openssl`.

    witness_client.py key FOLDER ORIGIN            makes a log key, prints its vkey
    witness_client.py run FOLDER ORIGIN HOST PORT VKEY   goes through the protocol, prints one JSON object a step
"""
import base64, hashlib, http.client, json, os, subprocess, sys, tempfile

SPKI = bytes.fromhex("302a300506032b6570032100")


def openssl(*words, data=b""):
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True).stdout


def public_key(folder):
    return openssl("pkey", "-in", f"{folder}/log.pem", "-pubout", "-outform", "DER")[len(SPKI):]


def key_id(name, kind, public):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def sign(folder, message):
    with tempfile.NamedTemporaryFile() as file:
        file.write(message)
        file.flush()
        return openssl("pkeyutl", "-sign", "-inkey", f"{folder}/log.pem", "-rawin", "-in", file.name)


def verifies(public, message, signature):
    with tempfile.TemporaryDirectory() as where:
        for name, content in (("k", SPKI + public), ("m", message), ("s", signature)):
            with open(f"{where}/{name}", "wb") as file:
                file.write(content)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", f"{where}/k", "-rawin", "-in", f"{where}/m", "-sigfile", f"{where}/s"]
        return subprocess.run(command, capture_output=True).returncode == 0


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))


def consistency(m, leaves, whole=True):
    """RFC 6962 section 2.1.2."""
    n = len(leaves)
    if m == n:
        return [] if whole else [root(leaves)]
    k = split(n)
    if m <= k:
        return consistency(m, leaves[:k], whole) + [root(leaves[k:])]
    return consistency(m - k, leaves[k:], False) + [root(leaves[:k])]


def main(folder, origin, host, port, witness):
    leaves = [hashlib.sha256(b"\x00entry %d" % n).digest() for n in range(5000)]
    witness_name, witness_id, witness_data = witness.split("+", 2)
    witness_public = base64.b64decode(witness_data)[1:]
    assert key_id(witness_name, 4, witness_public).hex() == witness_id
    log_id = key_id(origin, 1, public_key(folder))

    def checkpoint(size, name=origin, head=None, extra="", spoil=False):
        body = f"{name}\n{size}\n{base64.b64encode(head or root(leaves[:size])).decode()}\n{extra}"
        signature = bytearray(sign(folder, body.encode()))
        if spoil:
            signature[9] ^= 1
        line = base64.b64encode(log_id + signature).decode()
        return body, f"{body}\n\u2014 {origin} {line}\n"

    def post(step, old, proof, note, body=None, raw=None):
        text = raw if raw is not None else f"old {old}\n" + "".join(base64.b64encode(h).decode() + "\n" for h in proof) + "\n" + note
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        connection.request("POST", "/add-checkpoint", text.encode())
        response = connection.getresponse()
        answer = response.read().decode()
        result = {"step": step, "status": response.status, "type": response.getheader("content-type")}
        if response.status == 200:
            dash, name, data = answer.rstrip("\n").split(" ")
            raw = base64.b64decode(data)
            time = int.from_bytes(raw[4:12], "big")
            message = f"cosignature/v1\ntime {time}\n{body}".encode()
            result["cosigned"] = dash == "\u2014" and name == witness_name and raw[:4].hex() == witness_id and time > 1_600_000_000 and verifies(witness_public, message, raw[12:])
        elif response.status == 409:
            result["size"] = answer
        print(json.dumps(result))

    def grow(step, old, new, **how):
        body, note = checkpoint(new, **how)
        post(step, old, consistency(old, leaves[:new]) if 0 < old <= new else [], note, body)

    grow("empty", 0, 0)
    grow("first", 0, 3)
    grow("first again, as if unknown", 0, 3)
    grow("grows", 3, 1000)
    grow("the same again", 1000, 1000)
    grow("smaller old", 3, 1001)
    grow("larger old than the checkpoint", 1000, 7)
    body, note = checkpoint(1200)
    post("no proof", 1000, [], note)
    post("a wrong proof", 1000, [hashlib.sha256(h).digest() for h in consistency(1000, leaves[:1200])], note)
    post("a proof too much", 1000, consistency(1000, leaves[:1200]) + [leaves[0]], note)
    forked = checkpoint(1000, head=leaves[1])
    post("another root at the same size", 1000, [], forked[1])
    grow("a wrong signature", 1000, 1200, spoil=True)
    grow("an unknown log", 1000, 1200, name="unknown.example/log")
    post("no signature", 1000, consistency(1000, leaves[:1200]), body + "\n")
    post("a stranger's signature", 1000, consistency(1000, leaves[:1200]), body + "\n\u2014 stranger.example " + base64.b64encode(b"1234" + bytes(64)).decode() + "\n")
    other = note + "\u2014 stranger.example " + base64.b64encode(b"1234" + bytes(64)).decode() + "\n"
    post("a stranger's signature beside it", 1000, consistency(1000, leaves[:1200]), other, body)
    grow("extension lines", 1200, 1300, extra="something else\n")
    for raw in ["", "old\n\n", "old 1\n", "old 01\n\n" + note, "old -1\n\n" + note, "old 1300\nrubbish\n\n" + note, "old 1300\n" + "A" * 43 + "=\n" * 1, "\n" + note, "old 1300\r\n\r\n" + note]:
        post("rubbish", 0, [], "", raw=raw)
    post("more proof than a tree has", 1300, [leaves[0]] * 64, checkpoint(1400)[1])
    post("a megabyte", 0, [], "", raw="old 0\n\n" + "x" * 1_000_000)
    grow("still there", 1300, 5000)
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    connection.request("GET", f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint")
    response = connection.getresponse()
    kept = response.read().decode()
    names = [line.split(" ")[1] for line in kept.rpartition("\n\n")[2].splitlines()]
    print(json.dumps({"step": "monitor", "status": response.status, "size": kept.split("\n")[1], "names": names}))


if sys.argv[1] == "key":
    os.makedirs(sys.argv[2], exist_ok=True)
    openssl("genpkey", "-algorithm", "ed25519", "-out", f"{sys.argv[2]}/log.pem")
    public = public_key(sys.argv[2])
    print(f"{sys.argv[3]}+{key_id(sys.argv[3], 1, public).hex()}+{base64.b64encode(bytes([1]) + public).decode()}")
else:
    main(*sys.argv[2:])
