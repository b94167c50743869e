#!/usr/bin/env python3
"""Drives a witness with other people's code: PyPI's aics-witness and aics-tlog.

    witness.py vkey            prints the key of the log that `feed` plays
    witness.py feed URL VKEY   plays that log to the witness at URL, whose key is VKEY

The log, its proofs, its checkpoints, the requests and the reading of the answers are all theirs.
Exit 0 only if the witness does what it must; 77 if a module is missing.
"""

import hashlib
import sys
import urllib.request

try:
    from aics_tlog import (
        Checkpoint,
        MerkleTree,
        parse_note,
        parse_vkey,
        sign_checkpoint,
        verify_cosignature,
        verify_note,
        vkey_from_ed25519,
        format_vkey,
    )
    from aics_witness.feeder import WitnessAhead, WitnessClient, WitnessRejected, merge_cosignatures
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
except ImportError as error:
    print(f"SKIPPED: {error}; pip install aics-witness", file=sys.stderr)
    sys.exit(77)

ORIGIN = "foreign.example/log"
KEY = Ed25519PrivateKey.from_private_bytes(bytes([42]) * 32)
LOG = vkey_from_ed25519(ORIGIN, KEY.public_key())
SIZES = [1, 100, 256, 300]


def tree(size, change=None):
    return MerkleTree(b"entry %d%s" % (i, b"!" if i == change else b"") for i in range(size))


def signed(log, size, key=KEY, origin=ORIGIN):
    return sign_checkpoint(Checkpoint(origin, size, log.root(size)), key, origin).to_bytes()


def refused(status, work):
    try:
        work()
    except WitnessRejected as error:
        assert error.status == status, f"{error} instead of {status}"
    else:
        raise AssertionError(f"cosigned what {status} should refuse")


def feed(url, vkey):
    log, forged = tree(400), tree(400, change=5)
    client = WitnessClient(url, vkey, max_attempts=1)
    for size in SIZES:
        note = signed(log, size)
        whole = merge_cosignatures(note, client.submit(note, log.consistency_proof))
    # One that remembers nothing learns the size from the 409.
    WitnessClient(url, vkey, max_attempts=1).submit(signed(log, 300), log.consistency_proof)
    refused(422, lambda: client.submit(signed(forged, 400), forged.consistency_proof))
    refused(422, lambda: client.submit(signed(forged, 300), (300, [])))
    stranger = Ed25519PrivateKey.from_private_bytes(bytes([43]) * 32)
    refused(403, lambda: client.submit(signed(log, 400, stranger), log.consistency_proof))
    other = signed(log, 400, origin="other.example/log")
    refused(404, lambda: client.submit(other, log.consistency_proof))
    try:
        client.submit(signed(log, 256), log.consistency_proof)
        raise AssertionError("cosigned a smaller tree")
    except WitnessAhead as error:
        assert error.known_size == 300, error
    # The monitoring address shows what it cosigned, under both keys.
    path = hashlib.sha256(ORIGIN.encode()).hexdigest()
    with urllib.request.urlopen(f"{url}/{path}/checkpoint", timeout=10) as answer:
        shown = parse_note(answer.read())
    key = parse_vkey(vkey)
    assert shown.text == parse_note(whole).text, shown.text
    assert verify_note(shown, [LOG]), "the log's signature does not verify"
    own = [line for line in shown.signatures if line.name == key.name]
    assert len(own) == 1, own
    blob, root = own[0].signature, log.root(300)
    verifies = verify_cosignature(blob, key.name, key.public_key, ORIGIN, 300, root)
    assert verifies, "the cosignature does not verify"
    print(f"aics-witness: {len(SIZES) + 1} checkpoints cosigned, 4 refused, 1 too small")


if __name__ == "__main__":
    if sys.argv[1:] == ["vkey"]:
        print(format_vkey(LOG))
    elif len(sys.argv) == 4 and sys.argv[1] == "feed":
        feed(sys.argv[2], sys.argv[3])
    else:
        sys.exit(__doc__)
