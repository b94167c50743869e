#!/usr/bin/env python3
"""Verifies what Deedbook proves, offline: receipts, title certificates, state receipts.

One file, to be read by an expert who trusts neither the ledger's operators nor their software.
It needs Python 3.9 or later and the package `cryptography`; it asks no network and no clock.

    python3 deedbook_verify.py FILE --policy POLICY [--json]

FILE is what somebody wants to prove: a receipt (.tlog-proof, or the bytes of its QR code), a title
certificate (.deedbook-title) or a state receipt (.deedbook-state). POLICY (C2SP tlog-policy) says whose
signatures count: take it from someone you trust, never from whoever hands you FILE. Exit code 0:
proven; 1: not proven.

Each part of this file begins with the standard that it follows. Everything is refused that does not
hold in every detail; `check` is the one place where that happens.
"""

import argparse
import base64
import datetime
import functools
import hashlib
import json
import math
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Refusal(Exception):
    """What does not hold, in words for people."""


def check(holds, why):
    if not holds:
        raise Refusal(why)


# ---- Ed25519 (RFC 8032) ----
# The package `cryptography` verifies. Refused besides are keys and nonces that fit many messages: points
# of small order, keys outside the prime-order group, two spellings of one number.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
# The y coordinates of the eight points whose order divides 8.
Y8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
SMALL_ORDER = {0, 1, P - 1, Y8, P - Y8}


def y_of(encoded):
    return int.from_bytes(encoded, "little") % 2**255 % P


def add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


@functools.lru_cache(maxsize=1024)
def admissible(key):
    """Whether a key is a canonical point of the large prime order."""
    number, sign = int.from_bytes(key, "little") % 2**255, key[31] >> 7
    if number >= P or number in SMALL_ORDER:
        return False
    square = (number * number - 1) * pow(D * number * number + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square:
        return False
    x = x if x % 2 == sign else P - x
    point, times = (x, number, 1, x * number % P), (0, 1, 1, 0)
    for bit in bin(ORDER)[2:]:
        times = add(times, times)
        times = add(times, point) if bit == "1" else times
    return times[0] == 0 and times[1] == times[2]


def verifies(key, message, signature):
    if len(signature) != 64 or y_of(key) in SMALL_ORDER or y_of(signature[:32]) in SMALL_ORDER:
        return False
    if int.from_bytes(signature[32:], "little") >= ORDER:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# ---- BLAKE3 (the paper's section 2), of which `cryptography` has none ----
# Used in key-derivation mode alone: records are named by it, and the state tree is made with it.

IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
ORDER_OF_WORDS = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
COLUMNS_AND_DIAGONALS = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                         (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
CHUNK_START, CHUNK_END, PARENT, ROOT, CONTEXT, MATERIAL = 1, 2, 4, 8, 32, 64
M32 = 0xFFFFFFFF


def compress(chaining, block, length, counter, flags):
    words = [int.from_bytes(block[i:i + 4], "little") for i in range(0, 64, 4)]
    v = chaining + IV[:4] + [counter & M32, counter >> 32, length, flags]
    for _ in range(7):
        for i, (a, b, c, d) in enumerate(COLUMNS_AND_DIAGONALS):
            for word, turn_d, turn_b in ((words[2 * i], 16, 12), (words[2 * i + 1], 8, 7)):
                v[a] = (v[a] + v[b] + word) & M32
                x = v[d] ^ v[a]
                v[d] = (x >> turn_d | x << (32 - turn_d)) & M32
                v[c] = (v[c] + v[d]) & M32
                x = v[b] ^ v[c]
                v[b] = (x >> turn_b | x << (32 - turn_b)) & M32
        words = [words[i] for i in ORDER_OF_WORDS]
    return [v[i] ^ v[i + 8] for i in range(8)]


def blake3(key, data, mode):
    def root_of(data, counter, flags):
        if len(data) <= 1024:
            chaining = key
            for at in range(0, max(len(data), 1), 64):
                block, last = data[at:at + 64], at + 64 >= len(data)
                edge = (CHUNK_START if at == 0 else 0) | (CHUNK_END | flags if last else 0)
                chaining = compress(chaining, block.ljust(64, b"\0"), len(block), counter, mode | edge)
            return chaining
        left = 1024 << ((len(data) - 1) // 1024).bit_length() - 1
        both = root_of(data[:left], counter, 0) + root_of(data[left:], counter + left // 1024, 0)
        block = b"".join(word.to_bytes(4, "little") for word in both)
        return compress(key, block, 64, 0, mode | PARENT | flags)
    return root_of(data, 0, ROOT)


@functools.lru_cache(maxsize=16)
def context_key(context):
    return blake3(IV, context.encode(), CONTEXT)


def derive(context, data):
    """BLAKE3 in key-derivation mode: the context names the one use of the hash."""
    return b"".join(word.to_bytes(4, "little") for word in blake3(context_key(context), data, MATERIAL))


# ---- Deterministic CBOR (RFC 8949, section 4.2) ----
# One meaning, one encoding; anything else is refused while it is read. Maps have unsigned keys. The one
# tag of the ledger, a record's, is taken off before.

def cbor(data):
    value, end = cbor_item(data, 0, 16)
    check(end == len(data), "CBOR: bytes follow the value")
    return value


def cbor_item(data, at, depth):
    check(depth > 0 and at < len(data), "CBOR: cut short or nested too deeply")
    major, number, at = data[at] >> 5, data[at] & 31, at + 1
    if major == 7:
        check(20 <= number <= 22, "CBOR: a float or an unknown simple value")
        return {20: False, 21: True, 22: None}[number], at
    if number >= 24:
        size = 1 << (number - 24)
        check(number <= 27 and at + size <= len(data), "CBOR: an indefinite length, or cut short")
        number, at = int.from_bytes(data[at:at + size], "big"), at + size
        check(number >= (24 if size == 1 else 1 << 4 * size), "CBOR: a head that is not the shortest")
    if major < 2:
        return (number if major == 0 else -1 - number), at
    check(major != 6, "CBOR: a tag")
    check(number <= len(data) - at, "CBOR: cut short")
    if major < 4:
        text = data[at:at + number]
        return (text if major == 2 else utf8(text, "a text in CBOR")), at + number
    if major == 4:
        items = []
        for _ in range(number):
            item, at = cbor_item(data, at, depth - 1)
            items.append(item)
        return items, at
    fields, last = {}, -1
    for _ in range(number):
        key, at = cbor_item(data, at, 1)
        check(type(key) is int and key > last, "CBOR: map keys that do not ascend")
        fields[key], at = cbor_item(data, at, depth - 1)
        last = key
    return fields, at


def cbor_head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    size = 0 if number < 2**8 else 1 if number < 2**16 else 2 if number < 2**32 else 3
    return bytes([major << 5 | 24 + size]) + number.to_bytes(1 << size, "big")


def to_cbor(value):
    if isinstance(value, bool) or value is None:
        return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
    if isinstance(value, int):
        return cbor_head(0, value) if value >= 0 else cbor_head(1, -1 - value)
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return cbor_head(4, len(value)) + b"".join(map(to_cbor, value))
    return cbor_head(5, len(value)) + b"".join(to_cbor(key) + to_cbor(value[key]) for key in value)


def utf8(data, what):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(f"{what} is not UTF-8 text") from None


# ---- What stands in a record (CDDL, RFC 8610): the table at the end of this file ----

SECONDS_MAX = 253402300799  # the end of the year 9999


def members(kind):
    """Of each field of a map's type: its key, whether it must be there, its word, its type."""
    for name, of in kind.items():
        key, _, word = name.partition(" ")
        yield int(key.rstrip("?")), not key.endswith("?"), word, of


def fits(kind, value):
    """Whether a value is of a type of the table."""
    if isinstance(kind, int):
        return type(value) is int and value == kind
    if isinstance(kind, dict):
        fields = list(members(kind))
        return isinstance(value, dict) and set(value) <= {key for key, *_ in fields} and all(
            fits(of, value[key]) if key in value else not required for key, required, _, of in fields)
    if isinstance(kind, list):
        if kind[:1] == ["="]:
            return type(value) is int and 0 <= value < len(kind) - 1
        if kind[:1] == ["/"]:
            return any(fits(choice, value) for choice in kind[1:])
        if kind[:1] == ["*"]:
            return isinstance(value, list) and all(fits(kind[1], item) for item in value)
        kinds = [there(of) for of in kind]
        least = len(kind) - (kinds[-1:] != kind[-1:])
        return isinstance(value, list) and least <= len(value) <= len(kind) and all(map(fits, kinds, value))
    if kind == "null":
        return value is None
    if kind == "share":
        return fits(["uint", "uint"], value) and 0 < value[0] <= value[1] < 2**63 and math.gcd(*value) == 1
    if kind in RULES:
        return fits(RULES[kind], value)
    if ".." in kind:
        low, high = map(int, kind.split(".."))
        return type(value) is int and low <= value <= high
    if re.fullmatch("b[0-9]+", kind):
        return isinstance(value, bytes) and len(value) == int(kind[1:])
    python = {"uint": int, "tstr": str, "bstr": bytes, "bool": bool}[kind]
    return type(value) is python and (python is not int or value >= 0)


def there(kind):
    """The type of a tuple's part, whether or not it may be absent."""
    return kind[1] if isinstance(kind, list) and kind[:1] == ["?"] else kind


class Time(int):
    """Seconds since 1970: a number in JSON, a date for people."""

    def __str__(self):
        date = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=min(self, SECONDS_MAX))
        return f"{date.isoformat()}Z" if self <= SECONDS_MAX else f"{int(self)} s"


def to_json(kind, value):
    """A value of a type as the ledger's API writes it, or would write it."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if kind == "share":
        return f"{value[0]}/{value[1]}"
    if kind == "money":
        return {"minor": str(value[0]), "currency": value[1]}
    if kind in ("seconds", "instant"):
        return Time(value)
    if kind == "right":
        (name, *fields), (_, kinds) = RIGHTS[value[0]], RULES[RULES["right"][value[0] + 1]]
        kinds = [of[1] if isinstance(of, list) and of[0] in "?/" else of for of in kinds]
        values = value[1] + [None] * (len(fields) - len(value[1]))
        return {"right": name, **{field: to_json(of, one) for field, of, one in zip(fields, kinds, values)}}
    if isinstance(kind, str) and kind in RULES:
        return to_json(RULES[kind], value)
    if isinstance(kind, dict):
        # One field is left out when it is absent; the others are null.
        return {snake(word): to_json(of, value.get(key)) for key, _, word, of in members(kind)
                if key in value or word != "substitutions"}
    if kind[:1] == ["="]:
        return snake(kind[value + 1])
    if isinstance(value, int):
        return value
    if kind[:1] == ["/"]:
        choice = next(choice for choice in kind[1:] if fits(choice, value))
        return {snake(choice): to_json(choice, value)} if isinstance(choice, str) else to_json(choice, value)
    kinds = kind[1:] * len(value) if kind[:1] == ["*"] else kind
    return [to_json(there(of), one) for of, one in zip(kinds, value) if not isinstance(of, int)]


def snake(words):
    return re.sub("[ -]", "_", words)


def tell(value, path=""):
    """JSON for people, one line a field."""
    if isinstance(value, (dict, list)) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value, 1)
        return [line for name, one in items for line in tell(one, f"{path}, {name}".removeprefix(", "))]
    return [f"{path.replace('_', ' ')}: {'none' if value in (None, [], {}) else value}"]


# ---- Signed notes, checkpoints, cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature) ----

NOT_IN_NAMES = re.compile("[\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000+]")


def key_name(name):
    """The name of a log or a witness, if it can be one."""
    check(1 <= len(name) <= 64 and not NOT_IN_NAMES.search(name), f"{name[:100]!r} is not the name of a key")
    return name


def base64_of(data):
    return base64.b64encode(data).decode()


def unbase64(text, what):
    try:
        data = base64.b64decode(text.encode("ascii"))
    except ValueError:
        data = None
    check(data is not None and base64_of(data) == text, f"{what} is not base64")
    return data


def decimal(text, what):
    check(re.fullmatch("0|[1-9][0-9]{0,18}", text) and int(text) < 2**63, f"{what} is not a number")
    return int(text)


def tree_hash(text, what):
    data = unbase64(text, what)
    check(len(data) == 32, f"{what} is not a hash")
    return data


class Key:
    """A verifier key, `<name>+<key id>+<base64 of type and key>`; type 1 logs, type 4 cosigns."""

    def __init__(self, text, role):
        parts = text.split("+", 2)
        check(len(parts) == 3, f"{text[:100]!r} is not a verifier key")
        self.name, self.id, encoded = parts
        key_name(self.name)
        typed = unbase64(encoded, f"the key of {self.name}")
        check(len(typed) == 33 and typed[0] == role, f"the key of {self.name} has another type or length")
        own = hashlib.sha256(self.name.encode() + b"\n" + typed).hexdigest()[:8]
        check(own == self.id, f"the key of {self.name} carries another key's id")
        self.public = typed[1:]
        check(admissible(self.public), f"the key of {self.name} is not one to rely on")

    def line(self, checkpoint):
        """The signature that says it is by this key, if there is one; two are refused."""
        lines = [signature for name, id, signature in checkpoint.signatures if (name, id) == (self.name, self.id)]
        check(len(lines) < 2, f"{self.name} signed twice")
        return lines[0] if lines else None

    def require(self, message, signature):
        check(verifies(self.public, message, signature), f"the signature of {self.name} does not verify")

    def cosigned_at(self, signature, text):
        check(len(signature) == 72, f"the signature of {self.name} does not verify")
        time = int.from_bytes(signature[:8], "big")
        check(time < 2**63, f"the time of {self.name}'s signature is impossible")
        self.require(f"cosignature/v1\ntime {time}\n{text}".encode(), signature[8:])
        return time


class Checkpoint:
    """A note of three lines (origin, size, root) with its signature lines, none verified yet."""

    def __init__(self, note):
        check(len(note.encode()) <= 65536, "the checkpoint is too long")
        check(not re.search("[\\x00-\\x09\\x0b-\\x1f]", note), "the checkpoint has a control character")
        body, blank, signatures = note.rpartition("\n\n")
        check(blank and signatures.endswith("\n"), "the checkpoint has no signatures")
        lines = signatures[:-1].split("\n")
        check(len(lines) <= 201, "the checkpoint has too many signatures")
        self.signatures = [self.signature(line) for line in lines]
        self.text, parts = body + "\n", body.split("\n")
        check(len(parts) == 3, "a checkpoint has three lines: origin, size, root")
        self.origin = parts[0]
        key_name(self.origin)
        self.size = decimal(parts[1], "the checkpoint's tree size")
        self.root = tree_hash(parts[2], "the checkpoint's root")
        check(self.size > 0 or self.root == hashlib.sha256(b"").digest(), "a log without entries has another root")

    @staticmethod
    def signature(line):
        parts = line.split(" ", 2)
        check(len(parts) == 3 and parts[0] == "\u2014", f"{line[:100]!r} is not a signature line")
        key_name(parts[1])
        data = unbase64(parts[2], "a signature line")
        check(len(data) > 4, "a signature line without a signature")
        return parts[1], data[:4].hex(), data[4:]


# ---- The policy (C2SP tlog-policy): whose signatures count ----

class Policy:
    def __init__(self, data):
        check(len(data) <= 131072, "the policy is too long")
        text = utf8(data, "the policy")
        check(text.endswith("\n"), "the policy does not end in a newline")
        check(not re.search("[\\x00-\\x08\\x0b-\\x1f\\x7f]", text), "the policy has a control character")
        self.logs, self.witnesses, self.groups, self.members, self.quorum = [], {}, {}, set(), None
        for line in text[:-1].split("\n"):
            self.read([item for item in re.split("[ \t]+", line) if item], line)
        check(self.logs, "the policy names no log")
        check(self.quorum is not None, "the policy has no quorum line")

    def read(self, items, line):
        if not items or items[0].startswith("#"):
            return
        if items[0] == "log" and len(items) in (2, 3):
            self.logs.append(self.key(items[1], 1))
        elif items[0] == "witness" and len(items) in (3, 4):
            key = self.key(items[2], 4)
            self.define(items[1])
            self.witnesses[items[1]] = key
        elif items[0] == "group" and len(items) >= 3:
            self.group(items[1], items[2], items[3:])
        elif items[0] == "quorum" and len(items) == 2:
            check(self.quorum is None, "the policy has two quorum lines")
            check(items[1] == "none" or self.defined(items[1]), "the policy's quorum is not defined")
            self.quorum = items[1]
        else:
            raise Refusal(f"{line[:100]!r} is not a line of a policy")

    def key(self, text, role):
        key = Key(text, role)
        for other in [*self.logs, *self.witnesses.values()]:
            same = other.public == key.public or (other.name, other.id) == (key.name, key.id)
            check(not same, f"the key of {key.name} is there twice")
        self.check_room()
        return key

    def group(self, name, threshold, members):
        self.check_room()
        for member in members:
            check(self.defined(member), f"no earlier line defines {member[:100]}")
            check(member not in self.members, f"{member[:100]} is a member twice")
            self.members.add(member)
        asked = {"any": 1, "all": len(members)}.get(threshold)
        asked = decimal(threshold, "a group's threshold") if asked is None else asked
        check(1 <= asked <= len(members), f"group {name[:100]} asks for {threshold} of {len(members)}")
        self.define(name)
        self.groups[name] = asked, members

    def defined(self, name):
        return name in self.witnesses or name in self.groups

    def define(self, name):
        check(name != "none" and not self.defined(name), f"the name {name[:100]} is taken")

    def check_room(self):
        check(len(self.logs) + len(self.witnesses) + len(self.groups) < 256, "the policy has too many definitions")

    def accept(self, checkpoint):
        """Verifies every signature by a known key; returns who vouches for what, as JSON."""
        log_signed = False
        for key in self.logs:
            signature = key.line(checkpoint)
            if signature is not None:
                key.require(checkpoint.text.encode(), signature)
                log_signed |= key.name == checkpoint.origin
        witnesses = []
        for name, key in self.witnesses.items():
            signature = key.line(checkpoint)
            if signature is not None:
                witnesses.append({"name": name, "time": Time(key.cosigned_at(signature, checkpoint.text))})
        check(log_signed, f"the policy has no log whose signature {checkpoint.origin} carries")
        satisfied = {witness["name"] for witness in witnesses}
        for name, (threshold, members) in self.groups.items():
            if sum(member in satisfied for member in members) >= threshold:
                satisfied.add(name)
        check(self.quorum == "none" or self.quorum in satisfied, f"the quorum {self.quorum!r} of the policy is not met")
        return {"origin": checkpoint.origin, "tree_size": checkpoint.size, "root": checkpoint.root.hex(),
                "grade": self.grade(witnesses, satisfied), "witnesses": witnesses}

    def grade(self, witnesses, satisfied):
        """Whether the validators decided it, and whether somebody besides them vouches for it."""
        if "validators" not in self.groups or "validators" not in satisfied:
            return "accepted"
        within = self.within("validators")
        outside = any(witness["name"] not in within for witness in witnesses)
        if "public" in self.groups:
            outside = "public" in satisfied
        return "witnessed" if outside else "committed"

    def within(self, name):
        members = self.groups.get(name, (0, []))[1]
        return {name, *members}.union(*map(self.within, members))


# ---- The log (RFC 9162, section 2.1) ----

def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaf, index, size, path):
    """The root of a tree of `size` leaves whose leaf `index` is this one, by the recursive definition."""
    check(index < size, f"entry {index} is not in a log of {size} entries")
    if size == 1:
        check(not path, "the path is too long for this log")
        return leaf
    check(path, "the path is too short for this log")
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return node(root_of(leaf, index, split, path[:-1]), path[-1])
    return node(path[-1], root_of(leaf, index - split, size - split, path[:-1]))


def check_included(entry, index, checkpoint, path):
    root = root_of(hashlib.sha256(b"\0" + entry).digest(), index, checkpoint.size, path)
    check(root == checkpoint.root, "the entry is not in the log: the path leads to another root")


# ---- Records: signed statements (COSE_Sign1, RFC 9052, with CWT claims, RFC 9597) ----

TAG_18 = b"\xd2"


def identifier(text):
    return isinstance(text, str) and re.fullmatch("[!-~]{1,64}", text)


class Statement:
    """18([protected, {}, payload, signature]); its signature is verified here."""

    def __init__(self, data, what):
        check(len(data) <= 49152, f"the {what} is too long")
        parts = cbor(data[1:])
        statement = data[:1] == TAG_18 and fits(["bstr", {}, "bstr", "b64"], parts)
        check(statement, f"the {what} is not a signed statement (COSE_Sign1)")
        self.header, _, payload, signature = parts
        header = cbor(self.header)
        form = {"1": -8, "3": "tstr", "4": "b32", "15": {"1": "tstr", "2": "tstr", "6": "seconds"}}
        check(fits(form, header), f"the {what} has not the header of a signed statement")
        self.key, claims = header[4], header[15]
        kind = re.fullmatch(r"application/vnd\.deedbook\.(.*)\+cbor", header[3], re.DOTALL)
        self.kind, self.issuer, self.subject, self.issued_at = kind and kind[1], claims[1], claims[2], claims[6]
        check(identifier(self.kind) and identifier(self.subject) and re.fullmatch("[0-9a-f]{32}", self.issuer),
              f"the {what} has not the header of a signed statement")
        self.payload = cbor(payload)
        self.signed = to_cbor(["Signature1", self.header, b"", payload])
        check(verifies(self.key, self.signed, signature), f"the signature of the {what} does not verify")


class Record(Statement):
    def __init__(self, data):
        super().__init__(data, "record")
        check(self.kind in KINDS, f"{self.kind!r} is no kind of record that this verifier knows")
        self.rule = KINDS[self.kind]
        form = {"0": "ledger-id", "1": "b16", "2": self.rule, "3?": "evidence-manifest", "4?": "bstr"}
        check(fits(form, self.payload), f"the record is not a well-formed {self.kind}")
        self.id = derive("deedbook 2026 record id", self.signed)
        self.attestation = self.attested(self.payload[4]) if 4 in self.payload else None

    def attested(self, data):
        """The attestation must be about this act, this ledger and this person."""
        attestation = Statement(data, "identity attestation")
        check(attestation.kind == "attestation", "what is embedded as an attestation is none")
        check(fits("attestation", attestation.payload), "the identity attestation is not well-formed")
        bare = to_cbor({key: value for key, value in self.payload.items() if key != 4})
        digest = derive("deedbook 2026 act digest", to_cbor(["Signature1", self.header, b"", bare]))
        about = attestation.payload[0], attestation.payload[1], attestation.subject
        check(about == (self.payload[0], digest, self.issuer),
              "the identity attestation is about another person, act or ledger")
        return attestation


# ---- Receipts (C2SP tlog-proof), and the bytes of their QR code ----

HEADER = "c2sp.org/tlog-proof@v1"


def verify_receipt(data, policy):
    check(len(data) <= 163840, "the receipt is too long")
    head, blank, note = utf8(data, "the receipt").partition("\n\n")
    lines = head.split("\n")
    check(blank and lines[0] == HEADER, f"a receipt begins with the line {HEADER} and has a checkpoint")
    check(len(lines) > 1 and lines[1].startswith("extra "), "the receipt carries no entry to prove (no extra line)")
    check(len(lines) > 2 and lines[2].startswith("index "), "the receipt has no index line")
    index = decimal(lines[2][6:], "the receipt's index")
    check(len(lines) <= 3 + 64, "the receipt has too many hashes")
    path = [tree_hash(line, "a line of the receipt's path") for line in lines[3:]]
    checkpoint = Checkpoint(note)
    extra = unbase64(lines[1][6:], "the extra line")
    check(1 <= len(extra) <= 65535, "what the receipt carries is too long")
    carried = cbor(extra)
    check(fits(["/", ["bstr"], ["bstr", "bstr"]], carried), "what the receipt carries is not an entry")
    entry, about = (carried + [None])[:2]
    check_included(entry, index, checkpoint, path)
    vouched = policy.accept(checkpoint)
    record, outcome, seal = read_entry(entry, about)
    proven = {
        "proven": True, "file": "receipt", **vouched, "leaf_index": index,
        "record": record and record.id.hex(), "kind": record and record.kind,
        "outcome": outcome and RULES["outcome-status"][outcome[1] + 1], "codes": outcome[2] if outcome else [],
        "title_version": outcome.get(3) if outcome else None,
    }
    return proven, {"seal": to_json("seal", seal), **(told(record) if record else {})}


def expand(data):
    """The receipt's text from the form in its QR code, by schemas/src/compact_receipt.rs; no other form has it."""
    check(len(data) <= 163840, "the receipt is too long")
    parts = cbor(data)
    line = [["/", "tstr", "null"], "bstr"]
    form = [3, "uint", "bstr", ["tstr", "uint", "b32"], ["*", line], ["?", "bstr"]]
    check(fits(form, parts), "this is not a receipt in its compact form")
    _, index, path, (origin, size, root), signatures, *extra = parts
    check(extra != [b""], "the compact receipt spells out that it carries nothing")
    check(len(path) % 32 == 0, "the compact receipt's path is not whole hashes")
    text = [HEADER] + [f"extra {base64_of(carried)}" for carried in extra] + [f"index {index}"]
    text += [base64_of(path[at:at + 32]) for at in range(0, len(path), 32)]
    text += ["", key_name(origin), str(size), base64_of(root), ""]
    for name, signed in signatures:
        check(name != origin, "the compact receipt spells out its origin's name twice")
        text.append(f"\u2014 {origin if name is None else key_name(name)} {base64_of(signed)}")
    return "\n".join(text + [""]).encode()


def read_entry(entry, about):
    """Record, outcome and seal, of which an entry is one; an outcome comes with its record."""
    pairing = "an outcome comes with the record it is about, and nothing else does"
    if entry[:1] == TAG_18:
        check(about is None, pairing)
        return Record(entry), None, None
    value = cbor(entry)
    if fits([2, "seal"], value):
        check(about is None, pairing)
        return None, None, value[1]
    check(fits([1, "outcome"], value), "the entry is not one of this log")
    check(about is not None, pairing)
    record = Record(about)
    check(record.id == value[1][0], "the outcome is about another record than the receipt carries")
    return record, value[1], None


def told(record):
    """What a record says, for people."""
    attestation, payload = record.attestation, record.payload
    by = attestation and {"provider": attestation.issuer, **to_json("attestation", attestation.payload)}
    return {
        "about": record.subject, "signed by": record.issuer, "signed at": Time(record.issued_at),
        "ledger": payload[0].hex(), record.kind: to_json(record.rule, payload[2]), "identity attested": by,
        "recording": to_json("evidence-manifest", payload.get(3)),
    }


# ---- The state: a Jellyfish Merkle tree over BLAKE3 (Gao, Hu, Wu 2021, as the crate jmt writes it) ----

EMPTY = b"SPARSE_MERKLE_PLACEHOLDER_HASH__"
PROOF = {"0?": ["b32", "b32"], "1": ["*", ["/", "b32", "null"]]}


def state_hash(data):
    return derive("deedbook 2026 state tree", data)


def check_proof(proof, root, key, value):
    """That under `root` the key holds exactly `value`, or nothing if that is None."""
    place, siblings, leaf = derive("deedbook 2026 state key", key), proof[1], proof.get(0)
    depth, path = len(siblings), f"{int.from_bytes(place, 'big'):0256b}"
    check(depth <= 256, "a state proof is deeper than the tree")
    here = leaf is not None and leaf[0] == place
    if value is not None:
        check(here and leaf[1] == state_hash(value), "a state proof does not end at what the file carries")
    elif leaf is not None:
        # Another key is alone in the subtree where this one would be.
        apart = not here and f"{int.from_bytes(leaf[0], 'big'):0256b}"[:depth] == path[:depth]
        check(apart, "a state proof does not show that the key is absent")
    node = state_hash(b"JMT::LeafNode" + leaf[0] + leaf[1]) if leaf else EMPTY
    for index, sibling in enumerate(siblings):
        check(sibling != EMPTY, "a state proof spells out an empty side")
        sides = (sibling or EMPTY, node) if path[depth - 1 - index] == "1" else (node, sibling or EMPTY)
        node = state_hash(b"JMT::IntrnalNode" + sides[0] + sides[1])
    check(node == root, "a state proof leads to another root")


# ---- State receipts and title certificates ----
# The steps, and the JSON of what is proved, as schemas/src/state_receipt.rs and title_certificate.rs list them.

RIGHTS = [["mortgage", "mortgagee", "amount", "rank"], ["servitude", "beneficiary", "kind", "until"],
          ["lease", "lessee", "until"], ["freeze", "authority", "until"], ["caveat", "claimant", "interest", "until"],
          ["self_lock", "holder", "opens"], ["priority_notice", "buyer", "instrument", "until"],
          ["preemption_notice", "disponor", "share", "price", "terms", "until", "waived"]]
TEXTS = ["transfer", "mortgage", "servitude", "lease", "assignment", "postponement", "subdivision", "consolidation"]
CODES = ["poa.not_yet", "poa.expired", "poa.not_notarised", "poa.parent_ended", "poa.revoked", "poa.renounced",
         "poa.ended_by_death"]


def verify_state(data, policy):
    check(len(data) <= 2 * 1024 * 1024, "the file is too long")
    whole = derive("deedbook 2026 state receipt", data[:-34])
    check(data[-32:] == whole, "the file is damaged, or none of ours: its check does not fit")
    parts = cbor(data)
    objects = ["*", ["bstr", ["/", "bstr", "null"], PROOF]]
    form = [["/", 1, 2], "tstr", ["uint", ["*", "b32"], "bstr"], objects, "b32"]
    check(fits(form, parts), "this is neither a receipt nor a certificate")
    kind, note, (index, path, entry), objects, _ = parts
    checkpoint = Checkpoint(note)
    vouched = policy.accept(checkpoint)
    # The seal is the log's last entry, so its state is the state at the checkpoint.
    check(index + 1 == checkpoint.size, "the seal is not the log's last entry")
    check_included(entry, index, checkpoint, path)
    sealed = cbor(entry)
    check(fits([2, "seal"], sealed) and sealed[1][4] <= index, "the log's last entry is not the seal of its block")
    height, milliseconds, root = (sealed[1][field] for field in range(3))
    check(1 <= len(objects) <= (96 if kind == 1 else 1), f"{len(objects)} objects are none or too many")
    keys = [key for key, _, _ in objects]
    check(all(map(bytes.__lt__, keys, keys[1:])), "the objects are not in order")
    for key, value, proof in objects:
        check_proof(proof, root, key, value)
    held = {key: value for key, value, _ in objects}
    proven = {"proven": True, **vouched, "height": height, "time": Time(milliseconds // 1000)}
    return (title_certificate if kind == 1 else state_receipt)(held, proven)


def state_receipt(held, proven):
    """One object, whatever it is."""
    (key, value), = held.items()
    proven |= {"file": "state-receipt", "key": key.hex(), "value": None if value is None else value.hex()}
    rule = {b"T": "title", b"I": "instrument", b"W": "power", b"P": "party"}.get(key[:1])
    try:
        return proven, {rule: to_json(f"state-{rule}", State(held).take(rule, key))} if rule else {}
    except Refusal:
        # Proven all the same: what it means is not for this kind of receipt to say.
        return proven, {}


class State:
    """The proven objects by key, and which of them something called for."""

    def __init__(self, held):
        self.held, self.used = held, set()

    def take(self, rule, key, required=False):
        """What a key holds, None for nothing; the object is called for."""
        check(key in self.held, f"the certificate lacks the {rule} {key.hex()}")
        self.used.add(key)
        check(not required or self.held[key] is not None, f"the {rule} {key.hex()} does not exist")
        if self.held[key] is None:
            return None
        value = cbor(self.held[key])
        check(fits(f"state-{rule}", value), f"the object {key.hex()} is not a well-formed {rule}")
        return value


def title_certificate(held, proven):
    """Everything about one property, and powers; it is judged at the seal's time, by nobody's clock."""
    state, now = State(held), proven["time"]
    titles = [key for key in held if key[:1] == b"T"]
    check(len(titles) == 1, f"{len(titles)} titles; a certificate is about one")
    title, name = state.take("title", titles[0]), utf8(titles[0][1:], "the cadastral number")
    check(identifier(name), "the title's key is not a cadastral number")
    rights = [(RIGHTS[right[0]][0], right[1], one[0]) for one in (title[7] if title else []) for right in [one[2]]]
    pending = {title[5]} if title and 5 in title else set()
    pending |= {fields[1] for right, fields, _ in rights if right == "priority_notice"}
    pending = [told_instrument(id, state) for id in sorted(pending)]
    powers = [told_power(key[1:], name, state, now) for key in held if key[:1] == b"W" and len(key) == 33]
    idle = [key.hex() for key in held if key not in state.used]
    check(not idle, f"nothing in the certificate calls for the objects {idle}")
    against = [{"what": "cancelled", "id": None}] if title and title[9] else []
    against += [{"what": "slot", "id": title[5].hex()}] if title and 5 in title else []
    against += [{"what": right, "id": id.hex()} for right, fields, id in rights if not is_over(right, fields, now)]
    proven |= {
        "file": "title-certificate", "property": name,
        "title": title and {"cadastral_number": name, **to_json("state-title", title)},
        "clean": title is not None and not against, "against": against, "pending": pending, "powers": powers,
    }
    return proven, {}


def is_over(right, fields, now):
    names = next(names for name, *names in RIGHTS if name == right)
    at = next((i for i, name in enumerate(names) if name in ("until", "opens") and right != "preemption_notice"), 99)
    return at < len(fields) and fields[at] is not None and now >= fields[at]


def told_instrument(id, state):
    instrument = state.take("instrument", b"I" + id, required=True)
    pending = instrument.get(4)
    acts = [to_json("act-done", act) for act in pending[3]] if pending else []
    shown = ("party", "role", "signer", "record", "power")
    return {
        "id": id.hex(), "kind": TEXTS[pending[0][0]] if pending else None,
        "status": to_json("outcome-status", instrument[1]), "lodged": instrument[2], "changed": instrument[3],
        "expires": Time(pending[2]) if pending else None,
        "acts": [{name: act[name] for name in shown if act[name] is not None} for act in acts],
    }


def told_power(id, cadastral_number, state, now):
    power = state.take("power", b"W" + id)
    if power is None:
        return {"id": id.hex(), "status": "absent", "since": None, "codes": [], "covers_property": False, "power": None}
    codes, above, depth = codes_alone(power, state, now), power.get(6), 0
    while above is not None:
        check(depth < 4, f"the power {id.hex()} has too many powers above it")
        ancestor = state.take("power", b"W" + above, required=True)
        codes |= {"poa.parent_ended"} if codes_alone(ancestor, state, now) else set()
        above, depth = ancestor.get(6), depth + 1
    status, since = ("ended" if codes & {"poa.ended_by_death", "poa.parent_ended"} else "not_yet"), None
    if not codes:
        status = "in_force"
    elif 5 in power:
        status, since = "revoked", Time(power[5][2] // 1000)
    elif "poa.expired" in codes:
        status, since = "expired", Time(power[4])
    return {
        "id": id.hex(), "status": status, "since": since, "codes": [code for code in CODES if code in codes],
        "covers_property": 1 not in power[2] or cadastral_number in power[2][1], "power": to_json("state-power", power),
    }


def codes_alone(power, state, now):
    """Why a power is not in force by itself, whatever it is part of."""
    codes = {"poa.not_notarised"} if 6 in power and 7 not in power else set()
    codes |= {"poa.not_yet"} if now < power[3] else set()
    codes |= {"poa.expired"} if now >= power[4] else set()
    codes |= {"poa.renounced" if power[5][0] else "poa.revoked"} if 5 in power else set()
    for side, turn in ((power[0], power[8]), (power[1], power[9])):
        party = state.take("party", b"P" + side)
        codes |= set() if party and unbroken(party, turn, now) else {"poa.ended_by_death"}
    return codes


def unbroken(party, turn, now):
    """Whether a party can act, and could without a break since `turn`."""
    nature, what = party[9]
    if nature == 1 and what[0][3] or 5 in party or 6 in party or now < party.get(7, 0):
        return False
    return nature != 0 or party[10] == turn


# ---- The command ----

def verify(data, policy):
    """What a file (bytes) proves under a Policy, and what else it tells people, as JSON. Raises Refusal."""
    # A receipt is text; in a QR code, an array of five or six that begins with 3; the others, arrays of five.
    if data[:2] in (b"\x85\x03", b"\x86\x03"):
        data = expand(data)
    return (verify_state if data[:1] == b"\x85" else verify_receipt)(data, policy)


def main():
    parser = argparse.ArgumentParser(description="Verifies what Deedbook proves, offline.")
    parser.add_argument("file", help="a receipt, title certificate or state receipt")
    parser.add_argument("--policy", required=True, help="whose word counts (C2SP tlog-policy), from someone you trust")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    arguments = parser.parse_args()
    try:
        with open(arguments.file, "rb") as file, open(arguments.policy, "rb") as policy:
            data, policy = file.read(2097153), policy.read(131073)
    except OSError as error:
        sys.exit(f"deedbook_verify: {error}")
    try:
        proven, more = verify(data, Policy(policy))
    except Refusal as refusal:
        print(json.dumps({"proven": False}) if arguments.json else "NOT PROVEN")
        print(f"not proven: {refusal}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(proven, ensure_ascii=False))
        return 0
    print(f"PROVEN ({proven['grade']}), of a {proven['file'].replace('-', ' ')}:")
    print(*(f"  {line}" for line in tell({**proven, **more}) if not line.startswith(("proven:", "file:"))), sep="\n")
    print("Note: it rests on the policy file, says nothing about what happened later, and names parties by pseudonyms.")
    return 0


# ---- The shape of every record (CDDL, RFC 8610): made from schemas/deedbook.cddl by client/web/build.mjs ----
# b32: 32 bytes; 0..255: a range; "=": words for 0, 1, …; "/": a choice; "*": a list; {"4? price": …}: a map's key,
# whether it may be absent, and a word for it.

# (table)
KINDS = {"accreditation": "accreditation", "enrolment": "enrolment", "civil-status": "civil-status",
"first-registration": "first-registration", "power-of-attorney": "power-of-attorney",
"spousal-consent": "spousal-consent", "revocation": "revocation", "transfer": "transfer", "act": "act",
"withdrawal": "withdrawal", "legal-entity": "legal-entity", "group-party": "group-party",
"guardianship": "guardianship", "mortgage": "mortgage", "servitude": "servitude", "lease": "lease",
"assignment": "assignment", "postponement": "postponement", "subdivision": "subdivision",
"consolidation": "consolidation", "discharge": "discharge", "mortgagee-consent": "mortgagee-consent",
"freeze": "freeze", "freeze-release": "freeze-release", "caveat": "caveat", "self-lock": "self-lock",
"self-lock-release": "self-lock-release", "priority-notice": "priority-notice",
"preemption-notice": "preemption-notice", "preemption-waiver": "preemption-waiver",
"guardian-permission": "guardian-permission", "notarisation": "notarisation", "escrow-funding": "escrow-funding",
"escrow-release": "escrow-release", "escrow-refund": "escrow-refund", "duty": "duty", "requisition": "requisition",
"requisition-answer": "requisition-answer", "requisition-decision": "requisition-decision",
"succession-certificate": "succession-certificate", "court-order": "court-order", "correction": "correction",
"correction-approval": "correction-approval", "appeal": "appeal", "appeal-decision": "appeal-decision",
"access-consent": "access-consent", "access-entry": "access-entry", "legal-hold": "legal-hold",
"evidence-deletion": "evidence-deletion", "profile": "profile-change", "validator-set-change": "validator-set-change",
"officer-approval": "officer-approval"}
RULES = {"access-consent": {"0 purpose": "purpose", "1 expires": "seconds"}, "access-entry": {"0 purpose": "purpose",
"1? consent": "record-id", "2? legal ground": "tstr"}, "accreditation": {"0 authority role": "authority-role",
"1 name": "tstr", "2 public key": "public-key", "3 methods of an identity provider": ["*", "label"],
"4 suspended": "bool", "5? the authority above it": "party-id", "6? beginnings of cadastral numbers": ["*", "tstr"],
"7? the person who is it": "party-id"}, "act": {"0 act role": "act-role", "1? power": "record-id",
"2? whom the signer represents by office": "party-id"}, "act-done": {"0 party": "party-id", "1 role": "act-role",
"2 signer": "party-id", "3 record": "record-id", "4? power": "record-id", "5 by office": "bool",
"6 party turn": "0..4294967295", "7 signer turn": "0..4294967295"}, "act-kind": ["=", "sell", "give", "acquire",
"consent", "mortgage", "manage", "exchange", "servitude", "lease", "reparcel", "release", "sever"], "act-role": ["=",
"disponor", "acquirer", "mortgagee"], "amended-holdings": [1, [["*", "holding"]]], "amended-unit": [0,
[["spatial-unit"]]], "amendment": ["/", "amended-unit", "amended-holdings", "strike"],
"appeal": {"0 court": "party-id", "1 the bytes of the instrument's record": "bstr"},
"appeal-decision": {"0 allowed": "bool"}, "approval": ["validator-address", "signature"],
"assignment": {"0 mortgage": "record-id", "1 assignor": "party-id", "2 assignee": "party-id"},
"attestation": {"0 ledger id": "ledger-id", "1 digest of the act being signed": "hash", "2 method": "label",
"3 1 low": "0..255", "4 0 none": "0..255", "5 seconds": "seconds"}, "authority-role": ["=", "supervisor", "registrar",
"civil registry", "identity provider", "business registry", "notary", "court", "prosecutor", "financial monitor",
"guardianship authority", "tax authority", "escrow agent"],
"business-calendar": {"0 local time minus UTC in hours": "-128..127", "1 1 Monday to 7 Sunday": ["*", "0..255"],
"2 local days since 1970-01-01": ["*", "0..4294967295"]}, "cadastral-number": "tstr", "capacity": [8, ["seconds"]],
"caveat": {"0 interest": "interest", "1 until": "seconds"}, "civil-status": ["/", "unmarried", "marriage", "divorce",
"separate-property", "division", "death", "incapacity", "minority", "capacity"], "consolidation": {"0 from": ["*",
"old-unit"], "1 holders": ["*", "party-id"], "2 spatial unit": "spatial-unit"},
"correction": {"0 title version": "uint", "1 amendment": "amendment", "2? order": "record-id"},
"correction-approval": {}, "counter-leg": {"0 cadastral number": "cadastral-number", "1 its title version": "uint",
"2 disponors": ["*", "party-share"], "3 acquirers": ["*", "party-share"]}, "court-order": {"0 order": "order",
"1 final from": "seconds", "2 case": "tstr"}, "currency": "tstr", "death": [5, ["seconds"]],
"destination": {"0 payee": "party-id", "1 commitment to the account": "hash", "2 money": "money"},
"discharge": {"0 cadastral number": "cadastral-number", "1? with the registration of this instrument": "record-id",
"2? power": "record-id", "3? whom the signer represents by office": "party-id"}, "division": [4, ["cadastral-number",
"party-id"]], "divorce": [2, ["seconds"]], "duty": {"0 duty kind": "duty-kind", "1? paid": "money",
"2? exemption": "tstr"}, "duty-kind": ["=", "transfer tax", "registration fee"], "encumbrance": {"0 id": "record-id",
"1 registered": "milliseconds", "2 right": "right"}, "ended": {"0 ending": "ending", "1 record": "record-id",
"2 at": "milliseconds"}, "ending": ["=", "revocation", "renunciation"], "enrolment": {"0 public key": "public-key",
"1 commitment to the personal fields": "hash", "2 of possession": "signature"},
"escrow-funding": {"0 money": "money"}, "escrow-refund": {"0 money": "money"}, "escrow-release": {"0 money": "money"},
"evidence-deletion": {"0 the bytes of the record whose act was recorded": "bstr"},
"evidence-manifest": {"0 BLAKE3 root of the recording": "hash", "1 bytes": "uint", "2 media type": "label",
"3 started": "seconds", "4 duration in milliseconds": "uint", "5 what": ["*", ["topic", "uint"]],
"6 years of retention": "0..255"}, "first-registration": {"0 spatial unit": "spatial-unit", "1 holdings": ["*",
"holding"]}, "freeze": {"0 case": "tstr", "1? until": "seconds"},
"freeze-release": {"0 cadastral number": "cadastral-number"}, "ground": ["=", "purchase", "gift", "inheritance",
"severance"], "group-party": {"0 party member": ["*", "party-member"]}, "guardian-permission": {"0 ward": "party-id",
"1 expires": "seconds"}, "guardianship": {"0? guardian": "party-id"}, "hash": "b32", "height": "uint",
"holding": {"0 party": "party-id", "1 share": "share", "2 acquired": "seconds", "3 ground": "ground"},
"incapacity": [6, ["seconds"]], "instant": "uint", "instrument-text": ["/", [0, ["transfer"]], [1, ["mortgage"]], [2,
["servitude"]], [3, ["lease"]], [4, ["assignment"]], [5, ["postponement"]], [6, ["subdivision"]], [7,
["consolidation"]]], "interest": ["=", "ownership", "contract", "succession", "marriage", "debt"], "label": "tstr",
"land-use": ["=", "flat", "house", "land", "non-residential"], "lease": {"0 title version": "uint", "1 lessors": ["*",
"party-id"], "2 lessee": "party-id", "3 rent of one month": "money", "4 until": "seconds"}, "ledger-id": "hash",
"legal-entity": {"0 name": "tstr", "1 officers": ["*", "party-id"], "2 signatures that bind it together": "0..255",
"3 dissolved": "bool"}, "legal-hold": {"0 held": "bool"}, "marriage": [1, [["party-id", "party-id"], "seconds"]],
"matter": ["/", [0, ["record-id", "party-id"]], [1, ["record-id", "party-id", "cadastral-number"]], [2, ["party-id",
"instant"]], [3, ["party-id"]], [4, ["party-id"]], [5, ["duty-kind"]], [6, ["instant", ["?", "record-id"]]]],
"milliseconds": "uint", "minority": [7, ["seconds"]], "money": ["uint", "currency"],
"mortgage": {"0 title version": "uint", "1 mortgagors": ["*", "party-id"], "2 mortgage terms": "mortgage-terms"},
"mortgage-terms": {"0 mortgagee": "party-id", "1 secured amount": "money"},
"mortgagee-consent": {"0 mortgage": "record-id", "1? power": "record-id",
"2? whom the signer represents by office": "party-id"}, "nature": ["/", [0, []], [1, ["legal-entity"]], [2,
["group-party"]]], "new-unit": {"0 cadastral number": "cadastral-number", "1 spatial unit": "spatial-unit"},
"notarisation": {}, "officer-approval": {"0 digest of what is approved": "hash"},
"old-unit": {"0 cadastral number": "cadastral-number", "1 its title version": "uint"}, "order": ["/",
"order-to-correct", "order-to-sell"], "order-to-correct": [0, []], "order-to-sell": [1, ["party-id", "party-id",
"money", ["*", "record-id"]]], "outcome": {"0 record id": "record-id", "1 outcome status": "outcome-status",
"2 codes of the failed rules": ["*", "tstr"], "3? title version that a registered transfer made": "uint"},
"outcome-status": ["=", "pending", "registered", "refused", "withdrawn", "expired"], "party-id": "b16",
"party-member": {"0 party id": "party-id", "1? of all members or of none": "share"}, "party-share": ["party-id",
"share"], "pending": {"0 text": "instrument-text", "1 lodger": "party-id", "2 expires": "instant", "3 acts": ["*",
"act-done"], "4 profile": "0..4294967295", "5 supplements": ["*", "supplement"]},
"postponement": {"0 mortgage": "record-id", "1 behind": "record-id", "2 mortgagee": "party-id", "3 passed": ["*",
"party-id"]}, "power-of-attorney": {"0 scope": "scope", "1? issued": "seconds", "2? starts": "seconds",
"3? expires": "seconds", "4? its parent": "record-id", "5? the legal entity that its officer represents": "party-id"},
"preemption-notice": {"0 share": "share", "1? price": "money", "2? terms": "tstr",
"3? whose officer or guardian the signer is": "party-id"},
"preemption-waiver": {"0 cadastral number": "cadastral-number", "1? price": "money", "2? power": "record-id",
"3? whom the signer represents by office": "party-id"}, "priority-notice": {}, "profile": {"0 id": "tstr",
"1 default years of a power": "0..255", "2 maximum years of a power": "0..255",
"3 days an instrument may be pending": "0..65535", "4 record window in seconds": "0..4294967295",
"5 attestation window in seconds": "0..4294967295", "6 least assurance": "0..255", "7 least liveness": "0..255",
"8 every recording covers": ["*", "topic"], "9 least years of retention": "0..255", "10 days to contest": "0..65535",
"11 days of pre-emption": "0..65535", "12 business days of a priority notice": "0..65535",
"13 business days to answer a requisition": "0..65535", "14 days to appeal": "0..65535",
"15 hours of a lock's cooling-off": "0..65535", "16 least assurance to open a lock": "0..255",
"17 most days of a caveat": "0..65535", "18 most substitutions of a power": "0..255",
"19 tolerance of areas in thousandths": "0..65535", "20 duties of a transfer": ["*", "duty-kind"],
"21 acts that a notary certifies": ["*", "act-kind"], "22 business calendar": "business-calendar"},
"profile-change": {"0 from": "height", "1 profile": "profile"}, "public-key": "b32", "purpose": ["=", "purchase",
"credit", "notarial", "court", "tax"], "record-id": "hash", "requisition": {"0 request": "tstr"},
"requisition-answer": {"0 requisition": "record-id", "1 commitment to the document": "hash"},
"requisition-decision": {"0 requisition": "record-id", "1 cured": "bool"}, "revocation": {"0 ending": "ending"},
"right": ["/", "right-mortgage", "right-servitude", "right-lease", "right-freeze", "right-caveat", "right-self-lock",
"right-priority-notice", "right-preemption-notice"], "right-caveat": [4, ["party-id", "interest", "instant"]],
"right-freeze": [3, ["party-id", ["?", "instant"]]], "right-lease": [2, ["party-id", "instant"]],
"right-mortgage": [0, ["party-id", "money", "0..65535"]], "right-preemption-notice": [7, ["party-id", "share", ["/",
"money", "null"], ["/", "tstr", "null"], "instant", ["*", "party-id"]]], "right-priority-notice": [6, ["party-id",
"record-id", "instant"]], "right-self-lock": [5, ["party-id", ["?", "instant"]]], "right-servitude": [1, ["party-id",
"servitude-kind", ["?", "instant"]]], "scope": {"0 acts": ["*", "act-kind"], "1? properties": ["*",
"cadastral-number"], "2? price floor": "money", "3? counterparties": ["*", "party-id"], "4 self-dealing": "bool",
"5? substitutions": "0..255"}, "seal": {"0 height": "height", "1 milliseconds": "milliseconds",
"2 state root": "hash", "3 id of the next validator set": "hash", "4 leaf index of the block's first entry": "uint"},
"seconds": "0..253402300799", "self-lock": {}, "self-lock-release": {"0 cadastral number": "cadastral-number"},
"separate-property": [3, ["seconds"]], "servitude": {"0 title version": "uint", "1 grantors": ["*", "party-id"],
"2 beneficiary": "party-id", "3 servitude kind": "servitude-kind", "4? until": "seconds"}, "servitude-kind": ["=",
"way", "water", "utilities", "support"], "settlement": {"0 escrow agent": "party-id", "1 source": ["*", "source"],
"2 destination": ["*", "destination"]}, "signature": "b64", "source": {"0 payer": "party-id", "1 money": "money"},
"spatial-unit": {"0 land use": "land-use", "1 area dm2": "uint", "2 address": "tstr"},
"spousal-consent": {"0 disponor": "party-id", "1 act kind": "act-kind", "2? counterparty": "party-id",
"3? price floor": "money", "4 expires": "seconds", "5? power": "record-id"},
"state-instrument": {"0 cadastral number": "cadastral-number", "1 status": "outcome-status", "2 lodged": "height",
"3 changed": "milliseconds", "4? pending": "pending", "5 codes": ["*", "tstr"]},
"state-party": {"0 provider": "party-id", "1 keys": ["*", "public-key"], "2 enrolment": "record-id",
"3 marriages": ["*", "record-id"], "4 unmarried": ["*", "instant"], "5? died": "instant", "6? incapable": "instant",
"7? minor until": "instant", "8? guardian": "party-id", "9 nature": "nature", "10 turn": "0..4294967295",
"11 in office": ["*", "0..4294967295"]}, "state-power": {"0 principal": "party-id", "1 agent": "party-id",
"2 scope": "scope", "3 starts": "instant", "4 expires": "instant", "5? ended": "ended", "6? parent": "record-id",
"7? notarised": "record-id", "8 principal turn": "0..4294967295", "9 agent turn": "0..4294967295"},
"state-title": {"0 version": "uint", "1 unit": "spatial-unit", "2 holdings": ["*", "holding"],
"3 source": "record-id", "4 begin lifespan version": "milliseconds", "5? slot": "record-id", "6 consents": ["*",
"record-id"], "7 encumbrances": ["*", "encumbrance"], "8 parents": ["*", "cadastral-number"], "9 cancelled": "bool"},
"strike": [2, ["record-id"]], "subdivision": {"0 title version": "uint", "1 holders": ["*", "party-id"],
"2 into": ["*", "new-unit"]}, "succession-certificate": {"0 cadastral number": "cadastral-number", "1 heirs": ["*",
"party-share"]}, "supplement": {"0 record": "record-id", "1 matter": "matter"}, "topic": ["=", "identity",
"free will", "object", "price", "date"], "transfer": {"0 transfer kind": "transfer-kind", "1 title version": "uint",
"2 disponors": ["*", "party-share"], "3 acquirers": ["*", "party-share"], "4? price": "money", "5? terms": "tstr",
"6? the other property": "counter-leg", "7? succession certificate or court order": "record-id",
"8? mortgages that it discharges": ["*", "record-id"],
"9? the mortgage with which the acquirers pay": "mortgage-terms", "10? settlement": "settlement"},
"transfer-kind": ["=", "sale", "gift", "exchange", "inheritance", "court sale", "severance"], "unmarried": [0, [["*",
"party-id"], "seconds"]], "validator": {"0 note key name": "tstr", "1 consensus key": "public-key",
"2 note key": "public-key", "3 its public share of the log's key": "public-key", "4 voting power": "uint"},
"validator-address": "b20", "validator-set-change": {"0 number of the change": "0..4294967295",
"1 next validators": ["*", "validator"], "2 approvals": ["*", "approval"]}, "withdrawal": {}}
# (end of table)

if __name__ == "__main__":
    sys.exit(main())
