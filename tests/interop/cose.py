#!/usr/bin/env python3
"""Reads the golden vectors with other people's code: PyPI's pycose and cbor2.

Every signed statement of schemas/vectors/valid must parse as COSE_Sign1, verify under the key in
its kid, and have the recorded to-be-signed bytes; every vector must be what cbor2 writes in
canonical form. Every invalid vector whose signature is what is wrong must not verify.
Usage: cose.py [FOLDER OF THE VECTORS]. Exit 0 only if all of it holds; 77 if a module is missing.
"""

import json
import pathlib
import sys

try:
    import cbor2
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from pycose.algorithms import EdDSA
    from pycose.headers import KID, Algorithm
    from pycose.keys import OKPKey
    from pycose.keys.curves import Ed25519
    from pycose.messages import Sign1Message
except ImportError as error:
    print(f"SKIPPED: {error}; pip install pycose cbor2", file=sys.stderr)
    sys.exit(77)

CLAIMS = 15


def folders():
    if len(sys.argv) > 1:
        return pathlib.Path(sys.argv[1])
    return pathlib.Path(__file__).resolve().parents[2] / "schemas" / "vectors"


def parse(data):
    """The message and its protected header as a plain map."""
    if cbor2.loads(data).tag != Sign1Message.cbor_tag:
        raise ValueError("not a COSE_Sign1")
    # What CoseMessage.decode does next. It wants list and dict; cbor2 6 makes what is inside a tag
    # immutable, so the tag (one byte) is left out.
    message = Sign1Message.from_cose_obj(cbor2.loads(data[1:]), True)
    return message, cbor2.loads(message.phdr_encoded)


def verifies(data):
    message, header = parse(data)
    message.key = OKPKey(crv=Ed25519, x=header[4])
    return message.phdr[Algorithm] is EdDSA and message.verify_signature()


def check_statement(vector, data):
    message, header = parse(data)
    assert message.phdr[KID] == header[4] and len(header[4]) == 32, "kid is not a public key"
    assert message.uhdr == {}, "the unprotected header is not empty"
    assert set(header) == {1, 3, 4, CLAIMS}, f"protected header: {header}"
    assert set(header[CLAIMS]) == {1, 2, 6}, f"claims: {header[CLAIMS]}"
    content_type = f"application/vnd.deedbook.{vector['kind']}+cbor"
    assert header[3] == content_type, header[3]
    assert verifies(data), "pycose: the signature does not verify"
    # The same without pycose: RFC 9052 section 4.4 by hand.
    signed = cbor2.dumps(["Signature1", message.phdr_encoded, b"", message.payload])
    assert signed.hex() == vector["to_be_signed"], "to-be-signed bytes differ"
    try:
        Ed25519PublicKey.from_public_bytes(header[4]).verify(message.signature, signed)
    except InvalidSignature:
        raise AssertionError("cryptography: the signature does not verify") from None
    check_canonical(message.phdr_encoded)
    payload = check_canonical(message.payload)
    if vector["kind"] != "attestation":
        assert payload[0].hex() == vector["content"]["ledger"], "ledger"
        assert payload[1].hex() == vector["content"]["nonce"], "nonce"
        assert header[CLAIMS][2] == vector["content"]["subject"], "subject"
        if 4 in payload:
            assert verifies(payload[4]), "the attestation does not verify"


def check_canonical(data):
    value = cbor2.loads(data)
    assert cbor2.dumps(value, canonical=True) == data, "not canonical"
    return value


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def main():
    folder = folders()
    statements = others = refused = 0
    for path in sorted((folder / "valid").glob("*.json")):
        vector = read(path)
        data = bytes.fromhex(vector["hex"])
        try:
            check_canonical(data)
            if "to_be_signed" in vector:
                check_statement(vector, data)
                statements += 1
            else:
                others += 1
        except (AssertionError, ValueError, KeyError) as error:
            sys.exit(f"{path.name}: {error!r}")
    for path in sorted((folder / "invalid").glob("*.json")):
        for vector in read(path):
            attested = vector["name"] == "attestation_forged"
            if vector["refusal"] != "signature" or attested:
                continue
            if verifies(bytes.fromhex(vector["hex"])):
                sys.exit(f"{path.name}: {vector['name']} verifies")
            refused += 1
    if not (statements and others and refused):
        sys.exit(f"no vectors in {folder}")
    print(f"{statements} statements verify, {others} others are canonical, {refused} forgeries do not")


if __name__ == "__main__":
    main()
