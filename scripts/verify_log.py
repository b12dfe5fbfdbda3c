#!/usr/bin/env python3
"""Checks a record of Ringfence without Ringfence: Python's standard library and the `openssl` program, nothing else.

usage: python3 -I verify_log.py WHAT VKEYFILE

WHAT is an unpacked bundle, the folder of one log, or a receipt (a .tlog-proof file). VKEYFILE holds the machine's public key,
one line: name+id+base64; it must come from somebody you trust, never from the same place as WHAT.
Prints `OK …` and exits 0, or says what is wrong and exits 1.

Formats: C2SP signed-note, tlog-checkpoint, tlog-tiles, tlog-proof; RFC 6962 trees. Ringfence's docs/log-format.md says how they
are put together. Read this file before you trust it: it is short on purpose.
"""
import sys

if not sys.flags.isolated:
    sys.path.pop(0)  # modules beside this file are the bundle's, not Python's

import base64, gzip, hashlib, json, os, re, stat, subprocess, tempfile

ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")
NO_PREV = "0" * 64


class Wrong(Exception):
    """What is wrong, in words."""


def say(text):
    """Prints what may come from an adversary: nothing in it reaches the terminal as a control character."""
    print("".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text))


def need(holds, why):
    if not holds:
        raise Wrong(why)


def unbase64(text, what):
    """One spelling for one value, or a flipped bit could hide in the padding."""
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, what + " has base64 in another spelling")
    return raw


# Keys and notes (C2SP signed-note)


def parse_vkey(text):
    name, key_id, data = text.strip().split("+", 2)
    raw = unbase64(data, "a key")
    need(len(raw) == 33 and raw[0] == 1, "not an Ed25519 key: " + text)
    need(hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() == key_id, "a key whose id does not fit: " + text)
    return name, bytes.fromhex(key_id), raw[1:]


def signature_holds(public_key, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("key", "message", "signature")]
        for path, data in zip(paths, (ED25519_SPKI + public_key, message, signature)):
            with open(path, "wb") as file:
                file.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths[0], "-rawin", "-in", paths[1], "-sigfile", paths[2]]
        return subprocess.run(command, capture_output=True).returncode == 0


def open_note(note, keys, what):
    """The text of a note and the first of `keys` that signed it. One wrong signature by a known key spoils it."""
    body, gap, tail = note.rpartition("\n\n")
    body += "\n"
    need(gap and tail.endswith("\n"), what + " is no signed note")
    by = None
    for line in tail[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/]+={0,2})", line)
        need(match, what + " has a signature line that is none")
        raw = unbase64(match[2], what)
        need(len(raw) > 4, what + " has a signature line that is none")
        for key in keys:
            if match[1] == key[0] and raw[:4] == key[1]:
                need(signature_holds(key[2], body.encode(), raw[4:]), what + " has a wrong signature")
                by = by or key
    need(by, what + " is not signed by a trusted key")
    return body, by


# The chain of keys


def split_epochs(text):
    notes = re.split("^(?=ringfence/epoch v1\n)", text, flags=re.M)
    return [note for note in notes if note]


def follow_epochs(notes, genesis, authority=()):
    """Epochs as (from, key, root, by the authority): each key vouches for the next, at a size that only grows."""
    epochs = [(0, genesis, None, False)]
    for number, note in enumerate(notes, 1):
        what = f"the note of epoch {number}"
        text, by = open_note(note, [epochs[-1][1], *authority], what)
        match = re.fullmatch(r"ringfence/epoch v1\n(.+)\nepoch (\d+)\nfrom (\d+)\nroot (\S+)\nkey (\S+)\nstart " + TEXTS["ts"] + r"\n", text, re.ASCII)
        need(match, what + " is malformed")
        origin, epoch, size, root, key = match[1], int(match[2]), int(match[3]), match[4], parse_vkey(match[5])
        need(origin == genesis[0] == key[0] and epoch == number and size > epochs[-1][0], what + " does not follow the one before")
        need(all(key[2] != old[2] for _, old, _, _ in epochs), what + " repeats a key")
        epochs.append((size, key, root, by != epochs[-1][1]))
    return epochs


def reopened_notes(epochs):
    """From there on a log has the machine's word alone."""
    return [f"epoch {number} was begun by the machine's key at record {size}" for number, (size, _, _, reopened) in enumerate(epochs) if reopened]


def open_keys(certificate, authority, epochs, machine):
    """(origin, session or None, epochs of the log, number of the machine epoch that certified it)."""
    if certificate is None:
        return machine[0], None, follow_epochs(epochs, machine), 0
    machine_keys = [key for _, key, _, _ in follow_epochs(authority, machine)]
    text, by = open_note(certificate, machine_keys, "the certificate")
    match = re.fullmatch(r"ringfence/session-key/v1\nsession (\S+)\nkey (\S+)\nstart \S+\n", text)
    need(match, "the certificate is malformed")
    session, key = match[1], parse_vkey(match[2])
    names = (re.escape(machine[0]), re.escape(session))
    need(re.fullmatch("%s/(?:%s|append/%s/[0-9a-f]{8})" % (names[0], names[1], names[1]), key[0]), "the certificate names another log")
    certified_by = machine_keys.index(by)
    # A log that was gone on with was so by a key that was not older than the one that certified it.
    return key[0], session, follow_epochs(epochs, key, machine_keys[certified_by:]), certified_by


def open_checkpoint(note, origin, epochs, what):
    """(size, root), signed by the epoch that owns this size and by no younger one (CVE-2023-31439)."""
    match = re.fullmatch(r"([^\n]+)\n(0|[1-9]\d*)\n(\S+)\n", note.rpartition("\n\n")[0] + "\n")
    need(match and match[1] == origin, what + " is of another log")
    size = int(match[2])
    owner = [epoch for epoch in epochs if epoch[0] < size or epoch is epochs[0]][-1]
    open_note(note, [owner[1]], what)
    return size, match[3]


# Trees (RFC 6962)


def leaf_hash(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Perfect subtrees from left to right, and with them the root at any time."""

    def __init__(self):
        self.size, self.stack = 0, []

    def append(self, leaf):
        size = self.size
        while size % 2:
            leaf, size = node_hash(self.stack.pop(), leaf), size // 2
        self.stack.append(leaf)
        self.size += 1

    def root(self):
        if not self.stack:
            return hashlib.sha256(b"").digest()
        root = self.stack[-1]
        for left in reversed(self.stack[:-1]):
            root = node_hash(left, root)
        return root


def included(leaf, index, size, proof, root):
    """RFC 9162 section 2.1.3.2."""
    node, last = index, size - 1
    for step in proof:
        if last == 0 or len(step) != 32:
            return False
        if node % 2 or node == last:
            leaf = node_hash(step, leaf)
            while node % 2 == 0 and node:
                node, last = node // 2, last // 2
        else:
            leaf = node_hash(leaf, step)
        node, last = node // 2, last // 2
    return last == 0 and leaf == root


# A log's folder


FIELDS = {"v": int, "seq": int, "prev": str, "ts": str, "mono": int, "session": str, "actor": dict, "origin": str, "type": str, "data": dict}
ACTOR = {"agent": str, "tool_use_id": str, "pid": int, "exe": str}
NAME = "[A-Za-z0-9._-]{1,64}"
TEXTS = {"prev": "[0-9a-f]{64}", "ts": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "session": NAME, "origin": "observed|claimed", "type": NAME}
LONGEST_LINE, LONGEST_SEGMENT, LONGEST_TEXT, DEEPEST = 65_535, 320 * 2**20, 32 * 2**20, 64


def read_record(line, number):
    """A record in the one spelling that its writer has: another one would be a second leaf for the same words."""

    def unique(pairs):
        need(len({key for key, _ in pairs}) == len(pairs), f"a key stands twice in record {number}")
        return dict(pairs)

    need(len(line) <= LONGEST_LINE, f"record {number} is too long")
    try:
        record = json.loads(line.decode("utf-8"), object_pairs_hook=unique)
    except ValueError:
        raise Wrong(f"record {number} is no JSON") from None
    fits = type(record) is dict and has(record, FIELDS, {"actor"}) and has(record.get("actor", {}), ACTOR, ACTOR)
    fits = fits and all(re.fullmatch(form, record[name], re.ASCII) for name, form in TEXTS.items())
    need(fits and record["v"] == 1 and record["mono"] >= 0 and is_exact(record, DEEPEST) and line == spelled(record), f"record {number} is not as its writer spells it")
    return record


def has(value, fields, optional):
    names = [name for name in fields if name in value or name not in optional]
    return list(value) == names and all(type(value[name]) is fields[name] for name in names)


def is_exact(value, room):
    """Whole numbers that every reader holds, keys where JavaScript keeps them (numbers first, rising), no deeper than agreed."""
    if type(value) is dict:
        index = [re.fullmatch("0|[1-9][0-9]{0,9}", key) and int(key) < 2**32 - 1 for key in value]
        numbers = [int(key) for key, each in zip(value, index) if each]
        return room > 0 and all(index[: len(numbers)]) and numbers == sorted(numbers) and all(is_exact(each, room - 1) for each in value.values())
    if type(value) is list:
        return room > 0 and all(is_exact(each, room - 1) for each in value)
    return type(value) is not float and (type(value) is not int or abs(value) < 2**53)


def spelled(value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text).encode("utf-8")


def read_segment(folder, name):
    path = plain(os.path.join(folder, "log", name))
    with (gzip.open if name.endswith(".gz") else open)(path, "rb") as file:
        content = file.read(LONGEST_SEGMENT + 1)
    need(len(content) <= LONGEST_SEGMENT, "log/" + name + " is longer than a segment can be")
    return content


def read_lines(folder, behind):
    """Every whole line, a segment in memory at a time; the bytes after the last one are added to `behind`."""
    count, rest = 0, b""
    names = files_in(os.path.join(folder, "log"))
    need(names, "there are no records")
    for name in names:
        need(re.fullmatch(r"\d{12}\.jsonl(\.gz)?", name), "a file that does not belong: log/" + name)
        content = read_segment(folder, name)
        if name.endswith(".gz") and name[:-3] in names:  # it was being compressed when it was copied; the lines count
            need(content == read_segment(folder, name[:-3]), "log/" + name + " says something else than the lines beside it")
            continue
        need(rest == b"" and int(name[:12]) == count, "log/" + name + " does not follow the lines before it")
        *whole, rest = content.split(b"\n")
        need(rest == b"" or not name.endswith(".gz"), "log/" + name + " ends in no line: only a segment that is being written may")
        count += len(whole)
        yield from whole
    behind.append(rest)


def left_by_crash(rest, seq, previous):
    """The beginning of the next line, or sectors that a power cut left as zeros: no line ever holds a zero byte."""
    head = b'{"v":1,"seq":%d,"prev":"%s","ts":"' % (seq, previous.encode())
    text = rest.partition(b"\x00")[0][: len(head)]
    return text == head[: len(text)]


def plain(path):
    """Links, pipes and devices are no part of a log, and are not opened."""
    need(stat.S_ISREG(os.lstat(path).st_mode), "no plain file: " + path)
    return path


def read_text(folder, name):
    with open(plain(os.path.join(folder, name)), encoding="utf-8", newline="") as file:
        text = file.read(LONGEST_TEXT + 1)
    need(len(text) <= LONGEST_TEXT, name + " is too long")
    return text


def digest_of(path):
    """(bytes, SHA-256) of a file, whatever it claims to be."""
    size, digest = 0, hashlib.sha256()
    with open(plain(path), "rb") as file:
        for part in iter(lambda: file.read(2**20), b""):
            size += len(part)
            digest.update(part)
    return size, digest.hexdigest()


def files_below(folder):
    need(not os.path.lexists(folder) or stat.S_ISDIR(os.lstat(folder).st_mode), "no plain folder: " + folder)
    for where, names, _ in os.walk(folder):
        for path in [where, *(os.path.join(where, name) for name in names)]:
            need(stat.S_ISDIR(os.lstat(path).st_mode), "no plain folder: " + path)
    return sorted(
        os.path.relpath(os.path.join(where, name), folder)
        for where, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".tmp-")
    )


def files_in(folder):
    """The files of a folder that holds no other folder."""
    need(all(where == folder for where, _, _ in os.walk(folder)), "a folder that does not belong in " + folder)
    return files_below(folder)


def check_log(folder, machine, redacted=frozenset()):
    def text_if_any(name):
        return read_text(folder, name) if os.path.exists(os.path.join(folder, name)) else None

    numbers = sorted(int(name) for name in files_in(os.path.join(folder, "epochs")))
    need(numbers == list(range(1, len(numbers) + 1)), "the note of an epoch is missing")
    notes = [read_text(folder, f"epochs/{number}") for number in numbers]
    authority = split_epochs(text_if_any("authority") or "")
    origin, session, epochs, certified_by = open_keys(text_if_any("certificate"), authority, notes, machine)

    signed = {}
    for name in ["checkpoint", *(f"checkpoints/{name}" for name in files_in(os.path.join(folder, "checkpoints")))]:
        size, root = open_checkpoint(read_text(folder, name), origin, epochs, name)
        need(name == "checkpoint" or name == f"checkpoints/{size}", name + " has another size than its name")
        need(signed.setdefault(size, root) == root, f"two signed checkpoints of size {size} differ: a fork")
    seen = [f"{where}/{name}" for where in ("cosigned", "timestamps", "rekor") for name in files_in(os.path.join(folder, where))]
    for name in seen:
        plain(os.path.join(folder, name))
    for name in seen:  # what others saw of this log; their own signatures are not looked at
        if name.startswith("cosigned/") or name.endswith(".checkpoint"):
            size, root = open_checkpoint(read_text(folder, name), origin, epochs, name)
            need(signed.setdefault(size, root) == root, f"{name} is of another log of size {size}: a fork")
    for number, (size, _, root, _) in enumerate(epochs[1:], 1):
        need(signed.setdefault(size, root) == root, f"the note of epoch {number} has another root than the checkpoint")

    behind, opens = [], {}
    tree, leaves, previous, kinds, closes, blobs, first_key = Tree(), [], NO_PREV, [], [], {}, None
    for number, line in enumerate(read_lines(folder, behind)):
        record = read_record(line, number)
        need(record["seq"] == number and record["prev"] == previous, f"the chain breaks at record {number}")
        need(session is None or record["session"] == session, f"record {number} is of another session")
        if number == 0:
            first_key = record["data"].get("key")
        leaves.append(leaf_hash(line))
        previous = leaves[-1].hex()
        tree.append(leaves[-1])
        kinds.append(record["type"] if record["origin"] == "observed" else "claimed")
        if tree.size in signed:
            need(base64.b64encode(tree.root()).decode() == signed[tree.size], f"another root than the one that was signed at size {tree.size}")
        if kinds[-1] == "epoch.close":
            closes.append((number, record["data"]))
        if kinds[-1] == "epoch.open" and number > 0:
            opens[number] = record["data"]
            need(any(reopened and size == number for size, _, _, reopened in epochs), f"record {number} opens an epoch that no note knows")
        for digest, size in re.findall(rb'\{"\$blob":"([0-9a-f]{64})","bytes":(\d+)\}', line):
            blobs[digest.decode()] = int(size)
    rest, count = behind[0], len(leaves)
    need(left_by_crash(rest, count, previous), f"what follows record {count - 1} was not left by a crash")
    newest = max(signed)
    need(newest <= count, f"{count} records, a signed checkpoint speaks of {newest}")
    # The ledger closes many sessions and never itself; what somebody only claimed closes nothing.
    closed = session is not None and "session.close" in kinds[:newest]
    need(not closed or (kinds.index("session.close") == count - 1 and rest == b""), "something stands behind the close")
    check_closes(closes, epochs, count, count if closed else newest)
    torn = [number + 1 for number, data in closes if "next" not in data and number + 1 == count and rest]
    need(all(size in [from_ for from_, _, _, reopened in epochs if reopened] for size in torn), "something stands behind the writer's last word")
    for number, (size, key, _, reopened) in enumerate(epochs[1:], 1):
        if reopened:
            need(kinds[0] != "session.open", f"epoch {number} goes on with a session, whose key died with its writer")
            need(size >= count or (size in opens and parse_vkey(opens[size]["key"]) == key), f"epoch {number} was reopened without its record")
    if session is not None:
        need(kinds[0] != "claimed" and parse_vkey(first_key) == epochs[0][1], "record 0 names another key than the certificate")

    check_tiles(folder, leaves)
    for digest, size in blobs.items():
        path = os.path.join(folder, "blobs", digest[:2], digest[2:])
        if not os.path.lexists(path):
            need(digest in redacted, "a blob is missing, and nothing here says that it was taken out: " + digest)
            continue
        plain(path)
        if digest in redacted:  # overwritten, and not unlinked yet when its machine died
            continue
        need(os.path.getsize(path) == size and digest_of(path) == (size, digest), "another blob than the one that was recorded: " + digest)
    for name in files_below(os.path.join(folder, "blobs")):
        need(name.replace("/", "") in redacted or digest_of(os.path.join(folder, "blobs", name))[1] == name.replace("/", ""), "a blob that is not what its name says: " + name)
    return {"origin": origin, "session": session, "size": newest, "root": tree.root(), "lines": count, "leaves": leaves, "closed": closed, "key": epochs[0][1], "certified_by": certified_by, "reopened": reopened_notes(epochs)}


def check_closes(closes, epochs, size, sealed):
    """The records that end epochs, against the notes that begin the next ones; `sealed` records are signed."""
    for number, (start, _, _, _) in enumerate(epochs):
        end, key, reopened = [*((epoch[0], epoch[1], epoch[3]) for epoch in epochs[number + 1 : number + 2]), (size, None, True)][0]
        own = [(at, data) for at, data in closes if start <= at and (key is None or at < end)]
        need(all(data["epoch"] == number + index for index, (_, data) in enumerate(own)), f"the records that end epoch {number} are of others")
        if not reopened:
            need([at for at, _ in own] == [end - 1] and parse_vkey(own[0][1]["next"]) == key, f"epoch {number + 1} begins where none was closed")
        # A crash may come before the note that follows from such a record, but then nothing behind it is signed.
        need(key is not None or not own or sealed <= own[0][0] + 1, f"the note of epoch {number + 1} is missing")
        need(all("next" in data or at + 1 == end for at, data in own), "something stands behind the writer's last word")


def check_tiles(folder, leaves):
    levels = [leaves]
    while len(levels[-1]) >= 256:
        below, above = levels[-1], []
        for at in range(0, len(below) - 255, 256):
            tree = Tree()
            for each in below[at : at + 256]:
                tree.append(each)
            above.append(tree.root())
        levels.append(above)
    for name in files_below(os.path.join(folder, "tile")):
        match = re.fullmatch(r"(\d{1,2})/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?", name)
        need(match, "a file that does not belong: tile/" + name)
        level, index, width = int(match[1]), int(re.sub("[x/]", "", match[2])), int(match[3] or 256)
        hashes = levels[level][index * 256 : index * 256 + width] if level < len(levels) else []
        with open(plain(os.path.join(folder, "tile", name)), "rb") as file:
            need(len(hashes) == width and file.read(32 * width + 1) == b"".join(hashes), "another tile than the records give: tile/" + name)


# Receipts and bundles


def check_receipt(path, machine):
    text = read_text(os.path.dirname(path) or ".", os.path.basename(path))
    head, gap, checkpoint = text.partition("\n\n")
    first, extra, index, *proof = head.split("\n")
    need(gap and first == "c2sp.org/tlog-proof@v1" and extra.startswith("extra ") and re.fullmatch(r"index (0|[1-9]\d*)", index), "not a receipt")
    extra = json.loads(unbase64(extra[6:], "the receipt").decode("utf-8"))
    need(set(extra) - {"certificate"} == {"line", "authority", "epochs"}, "a receipt with other parts")
    index, line = int(index[6:]), extra["line"].encode("utf-8")
    origin, session, epochs, _ = open_keys(extra.get("certificate"), split_epochs(extra["authority"]), split_epochs(extra["epochs"]), machine)
    size, root = open_checkpoint(checkpoint, origin, epochs, "the receipt's checkpoint")
    hashes = [unbase64(each, "the receipt") for each in proof]
    need(index < size and included(leaf_hash(line), index, size, hashes, base64.b64decode(root)), "the record does not lead to the signed root")
    record = read_record(line, index)
    need(record["seq"] == index and session in (None, record["session"]), "the record belongs to another place")
    owner = max(number for number, epoch in enumerate(epochs) if number == 0 or epoch[0] <= index)
    return {"origin": origin, "session": session, "size": size, "index": index, "record": record, "epoch": owner, "reopened": reopened_notes(epochs)}


def read_redactions(folder, machine):
    """The ledger's records of what was taken out; that they are of this session is for `check_bundle` to see, as of every receipt."""
    receipts = [check_receipt(os.path.join(folder, name), machine) for name in files_below(folder)]
    return [each["record"] for each in receipts if each["session"] is None and each["record"]["type"] == "redaction" and each["record"]["origin"] == "observed"]


def check_bundle(folder, machine):
    redactions = read_redactions(os.path.join(folder, "ledger"), machine)
    log = check_log(os.path.join(folder, "session"), machine, {digest for record in redactions for digest in record["data"]["blobs"]})
    log["redactions"] = [f"redacted: {', '.join(each['data']['paths'])} of record {each['data']['seq']} on {each['ts']} ({each['data']['reason']})" for each in redactions]
    if not os.path.isdir(os.path.join(folder, "ledger")):
        return log, "the machine's ledger is not in this bundle: it does not speak of this log, or was taken out"
    opened = check_receipt(os.path.join(folder, "ledger", "open.tlog-proof"), machine)
    record = opened["record"]
    need(opened["session"] is None and opened["origin"] == machine[0], "the ledger's receipt is of another log")
    need(record["type"] == "session.open" and record["session"] == log["session"], "the ledger speaks of another session")
    need(parse_vkey(record["data"]["key"]) == log["key"], "the ledger knows this session under another key")
    need(record["data"]["first"] == log["leaves"][0].hex(), "the ledger knows another first record")
    need(log["certified_by"] <= opened["epoch"], "the certificate is younger than the session")
    for name in files_below(os.path.join(folder, "ledger")):
        other = check_receipt(os.path.join(folder, "ledger", name), machine)
        need(other["session"] is None and other["record"]["session"] == log["session"], f"ledger/{name} speaks of something else")
    close = os.path.join(folder, "ledger", "close.tlog-proof")
    if not os.path.exists(close):
        return log, "the ledger has no close of this session: it ran still, or was killed"
    closed = check_receipt(close, machine)
    record = closed["record"]
    need(closed["session"] is None and closed["origin"] == machine[0], "the ledger's receipt is of another log")
    need(record["type"] == "session.close" and record["session"] == log["session"], "the ledger closes another session")
    need(record["data"]["size"] == log["lines"] and record["data"]["root"] == log["root"].hex(), "the ledger closed this session at another size or root")
    return log, "the machine's ledger opened and closed this session exactly so"


def main(what, vkey_file):
    with open(vkey_file, encoding="utf-8") as file:
        machine = parse_vkey(file.read())
    if os.path.isfile(what):
        receipt = check_receipt(what, machine)
        say(f"OK record {receipt['index']} of {receipt['size']} in {receipt['origin']}")
        for words in [json.dumps(receipt["record"], ensure_ascii=True), *receipt["reopened"]]:
            say(words)
        return
    bundle = os.path.isdir(os.path.join(what, "session"))
    log, words = check_bundle(what, machine) if bundle else (check_log(what, machine), None)
    print("OK", log["size"], base64.b64encode(log["root"]).decode())
    if words:
        print(words)
    for note in [*log["reopened"], *log.get("redactions", [])]:
        say(note)
    if log["lines"] > log["size"]:
        print(f"not signed: the last {log['lines'] - log['size']} records")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print(__doc__)
        sys.exit(64)
    try:
        main(sys.argv[1], sys.argv[2])
    except Wrong as wrong:
        say(str(wrong))
        sys.exit(1)
    except Exception as error:  # a file that is missing, a field of another kind: whatever it is, it is not a log that holds
        say(f"{type(error).__name__}: {error}")
        sys.exit(1)
