#!/usr/bin/env python3
"""Reads an exported log with other people's code: PyPI's pymerkle, sigstore, scitt-cose and pycose.

Inclusion proofs of our receipts, roots of our checkpoints, COSE receipts, transparent statements and
the key set of the SCITT API: every byte is the node's, unmodified. Each reader is also given altered
ones, which it must refuse. Usage: log.py FOLDER. Exit 0 only if all of it holds; 77 if no module is
installed. A module that is missing is named on stderr.
"""

import base64
import hashlib
import importlib.util
import pathlib
import sys
import types

MODULES = ("pymerkle", "sigstore", "scitt_cose", "pycose")


def require(holds, what):
    if not holds:
        sys.exit(f"log.py: {what}")


def refused(what, check):
    """`check` must raise or say false."""
    try:
        accepted = check()
    except Exception:  # each module has errors of its own
        return
    require(accepted is False, f"accepted: {what}")


def flip(data, at=None):
    altered = bytearray(data)
    altered[len(altered) // 2 if at is None else at] ^= 1
    return bytes(altered)


class Checkpoint:
    def __init__(self, text):
        self.origin, size, root = text.split("\n")[:3]
        self.size, self.root = int(size), base64.b64decode(root)


class Receipt:
    """A .tlog-proof and the entry beside it."""

    def __init__(self, path):
        head, checkpoint = path.read_text(encoding="utf-8").split("\n\n", 1)
        lines = head.split("\n")
        self.index = int(lines[2].removeprefix("index "))
        self.hashes = [base64.b64decode(line) for line in lines[3:]]
        self.checkpoint = Checkpoint(checkpoint)
        self.entry = path.with_suffix(".entry").read_bytes()


class Log:
    def __init__(self, folder):
        self.checkpoints = [
            Checkpoint(path.read_text(encoding="utf-8"))
            for path in sorted((folder / "checkpoints").iterdir(), key=lambda it: int(it.name))
        ]
        self.newest = self.checkpoints[-1]
        self.receipts = [Receipt(path) for path in sorted((folder / "receipts").glob("*.tlog-proof"))]
        self.entries = list(entries(folder, self.newest.size))
        self.consistency = {
            int(path.name): [base64.b64decode(line) for line in path.read_text().split()]
            for path in (folder / "consistency").iterdir()
        }
        self.statements = [
            (path.read_bytes(), path.with_suffix(".receipt").read_bytes(), path.with_suffix(".scitt").read_bytes())
            for path in sorted((folder / "statements").glob("*.cose"))
        ]
        self.keys = (folder / "scitt-keys").read_bytes()
        require(len(self.entries) == self.newest.size, "entries and size differ")
        require(self.receipts and self.statements and len(self.checkpoints) > 1, "nothing to check")


def entries(folder, size):
    for bundle in range((size + 255) // 256):
        width = min(256, size - 256 * bundle)
        name = f"{bundle:03}" + ("" if width == 256 else f".p/{width}")
        data = (folder / "tile" / "entries" / name).read_bytes()
        while data:
            length = int.from_bytes(data[:2], "big")
            yield data[2 : 2 + length]
            data = data[2 + length :]


def with_pymerkle(log):
    from pymerkle import InmemoryTree, verify_inclusion
    from pymerkle.core import _inclusion_path_layout
    from pymerkle.proof import InclusionProof

    tree = InmemoryTree(algorithm="sha256")
    for entry in log.entries:
        tree.append_entry(entry)
    for checkpoint in log.checkpoints:
        require(tree.get_root(checkpoint.size) == checkpoint.root, "pymerkle: another root")
    for receipt in log.receipts:
        size, root = receipt.checkpoint.size, receipt.checkpoint.root
        leaf = hashlib.sha256(b"\0" + receipt.entry).digest()
        rule, _ = _inclusion_path_layout(receipt.index + 1, size)

        def verify(hashes, leaf=leaf, index=receipt.index + 1, size=size, rule=rule, root=root):
            proof = InclusionProof("sha256", True, size, index, rule, [leaf, *hashes])
            verify_inclusion(leaf, root, proof, index=index, size=size, algorithm="sha256")

        verify(receipt.hashes)
        made = tree.prove_inclusion(receipt.index + 1, size)
        require(made.path[1:] == receipt.hashes, "pymerkle: makes another proof")
        refused("pymerkle: a hash", lambda: verify([flip(receipt.hashes[0]), *receipt.hashes[1:]]))
        refused("pymerkle: an entry", lambda: verify(receipt.hashes, leaf=flip(leaf)))
        refused("pymerkle: a hash less", lambda: verify(receipt.hashes[:-1]))
    return f"{len(log.checkpoints)} roots, {len(log.receipts)} inclusion proofs"


def with_sigstore(log):
    from sigstore._internal.merkle import verify_merkle_inclusion

    def verify(receipt, hashes=None, entry=None, root=None):
        proof = types.SimpleNamespace(
            log_index=receipt.index,
            tree_size=receipt.checkpoint.size,
            root_hash=root or receipt.checkpoint.root,
            hashes=hashes or receipt.hashes,
        )
        inner = types.SimpleNamespace(
            inclusion_proof=proof, canonicalized_body=entry or receipt.entry
        )
        verify_merkle_inclusion(types.SimpleNamespace(_inner=inner))

    for receipt in log.receipts:
        verify(receipt)
        altered = [flip(receipt.hashes[0]), *receipt.hashes[1:]]
        refused("sigstore: a hash", lambda: verify(receipt, hashes=altered))
        refused("sigstore: an entry", lambda: verify(receipt, entry=flip(receipt.entry)))
        refused("sigstore: a root", lambda: verify(receipt, root=flip(receipt.checkpoint.root)))
    return f"{len(log.receipts)} inclusion proofs"


def ed25519_pem(public):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def log_keys(log):
    """The key set of the SCITT API, by kid; each kid is the thumbprint of RFC 9679."""
    import cbor2

    keys = {}
    for key in cbor2.loads(log.keys):
        required = cbor2.dumps({label: key[label] for label in (1, -1, -2)}, canonical=True)
        require(hashlib.sha256(required).digest() == key[2], "kid is no COSE key thumbprint")
        require((key[1], key[3], key[-1]) == (1, -8, 6), "not an Ed25519 key")
        keys[key[2]] = key[-2]
    require(keys, "no keys")
    return keys


def header(message):
    import cbor2

    return cbor2.loads(cbor2.loads(message).value[0])


def with_scitt_cose(log):
    import scitt_cose

    keys = log_keys(log)
    for record, receipt, transparent in log.statements:
        log_key = ed25519_pem(keys[header(receipt)[4]])

        def verify(receipt, entry, log_key=log_key):
            return scitt_cose.verify_receipt(
                receipt, leaf_entry_hex=entry.hex(), log_public_key_pem=log_key
            )

        result = verify(receipt, record)
        require(result.ok, f"scitt-cose: {result.errors}")
        require(log.entries[result.leaf_index] == record, "scitt-cose: another leaf")
        require(result.issuer == log.newest.origin, "scitt-cose: another issuer")
        require(result.subject == f"{result.issuer}#{result.tree_size}", "scitt-cose: subject")
        known = [it.root for it in log.checkpoints if it.size == result.tree_size]
        require(known == [bytes.fromhex(result.root)], "scitt-cose: no such checkpoint")
        refused("scitt-cose: a record", lambda: verify(receipt, flip(record)).ok)
        for at in (len(receipt) - 1, len(receipt) // 2, 60):
            refused("scitt-cose: a receipt", lambda at=at: verify(flip(receipt, at), record).ok)

        require(scitt_cose.extract_receipts(transparent) == [receipt], "scitt-cose: receipts")
        attached = scitt_cose.attach_receipts(record, [receipt])
        require(attached == transparent, "scitt-cose: attaches otherwise")
        signer = ed25519_pem(header(record)[4])
        for statement in (record, transparent):
            parsed = scitt_cose.parse_signed_statement(statement, public_key_pem=signer)
            require(parsed["signature_verified"] is True, "scitt-cose: the signer's signature")
            require(parsed["issuer"] and parsed["subject"], "scitt-cose: no issuer or subject")
        forged = scitt_cose.parse_signed_statement(flip(record), public_key_pem=signer)
        require(forged["signature_verified"] is False, "scitt-cose: a forged record")
    for size, hashes in log.consistency.items():
        (old,) = [it for it in log.checkpoints if it.size == size]

        def consistent(hashes, old=old):
            return scitt_cose.verify_consistency(
                old.root.hex(), log.newest.root.hex(), old.size, log.newest.size, [it.hex() for it in hashes]
            )

        require(consistent(hashes), "scitt-cose: consistency")
        altered = [flip(hashes[0]), *hashes[1:]]
        refused("scitt-cose: a consistency proof", lambda: consistent(altered))
    return f"{len(log.statements)} COSE receipts and transparent statements, {len(log.consistency)} consistency proofs"


def with_pycose(log):
    import cbor2
    from pycose.algorithms import EdDSA
    from pycose.headers import Algorithm
    from pycose.keys import OKPKey
    from pycose.keys.curves import Ed25519
    from pycose.messages import Sign1Message

    keys = log_keys(log)
    roots = {it.size: it.root for it in log.checkpoints}
    for _, receipt, _ in log.statements:

        def verifies(data, root):
            # As CoseMessage.decode does; cbor2 6 makes what is inside a tag immutable.
            message = Sign1Message.from_cose_obj(cbor2.loads(data[1:]), True)
            require(message.phdr[Algorithm] is EdDSA, "pycose: algorithm")
            kid = cbor2.loads(message.phdr_encoded)[4]
            message.key = OKPKey(crv=Ed25519, x=keys[kid])
            return message.verify_signature(detached_payload=root)

        (proof,) = cbor2.loads(receipt).value[1][396][-1]
        root = roots[cbor2.loads(proof)[0]]
        require(verifies(receipt, root), "pycose: the log's signature")
        refused("pycose: a root", lambda: verifies(receipt, flip(root)))
        refused("pycose: a signature", lambda: verifies(flip(receipt, len(receipt) - 1), root))
    return f"{len(log.statements)} log signatures"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: log.py FOLDER")
    log = Log(pathlib.Path(sys.argv[1]))
    checks = dict(zip(MODULES, (with_pymerkle, with_sigstore, with_scitt_cose, with_pycose)))
    ran = 0
    for module, check in checks.items():
        if importlib.util.find_spec(module) is None:
            print(f"SKIPPED: {module} is not installed", file=sys.stderr)
            continue
        print(f"{module}: {check(log)}; every alteration refused")
        ran += 1
    sys.exit(0 if ran else 77)


if __name__ == "__main__":
    main()
