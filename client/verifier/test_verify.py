"""The parts of deedbook_verify.py against the vectors that it shares with Rust and TypeScript."""

import json
import pathlib
import re
import unittest

import deedbook_verify as verifier

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "vectors"
NOT_HERE = {"attestation", "header", "block", "certificate", "genesis", "cose-receipt",
            "transparent-statement"}
# Checks that Rust makes too, and elsewhere than in its codec: a vector that was broken in its body
# keeps the attestation of the whole one, and an outcome alone has no record beside it.
AFTER_THE_CODEC = re.compile("about another person, act or ledger|an outcome comes with")
# BLAKE3's own test inputs and context; the first is from its published vectors.
DERIVED = {
    0: "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d",
    1: "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c",
    64: "a5c4a7053fa86b64746d4bb688d06ad1f02a18fce9afd3e818fefaa7126bf73e",
    65: "51fd05c3c1cfbc8ed67d139ad76f5cf8236cd2acd26627a30c104dfd9d3ff8a8",
    1024: "7356cd7720d5b66b6d0697eb3177d9f8d73a4a5c5e968896eb6a689684302706",
    1025: "effaa245f065fbf82ac186839a249707c3bddf6d3fdda22d1b95a3c970379bcb",
    2048: "7b2945cb4fef70885cc5d78a87bf6f6207dd901ff239201351ffac04e1088a23",
    3073: "72613c9ec9ff7e40f8f5c173784c532ad852e827dba2bf85b2ab4b76f7079081",
    31744: "39772aef80e0ebe60596361e45b061e8f417429d529171b6764468c22928e28e",
}


def vectors(part):
    for path in sorted((VECTORS / part).glob("*.json")):
        content = json.loads(path.read_text())
        for vector in content if isinstance(content, list) else [content]:
            if vector["kind"] not in NOT_HERE:
                yield vector


def data_of(vector):
    data = bytes.fromhex(vector["hex"])
    filler = vector.get("filler", {"at": 0, "count": 0})
    return data[:filler["at"]] + bytes(filler["count"]) + data[filler["at"]:]


def read(vector):
    data = data_of(vector)
    return verifier.read_entry(data, None) if vector["kind"] == "entry" else verifier.Record(data)


class Vectors(unittest.TestCase):
    def test_every_valid_record_is_read_under_its_own_id(self):
        records = [vector for vector in vectors("valid") if vector["kind"] != "entry"]
        self.assertGreaterEqual(len(records), 90)
        for vector in records:
            self.assertEqual(read(vector).id.hex(), vector["id"], vector["name"])

    def test_what_the_codec_or_a_signature_refuses_is_refused_and_what_only_the_law_refuses_is_read(self):
        for vector in vectors("invalid"):
            refusal = None
            try:
                read(vector)
            except verifier.Refusal as error:
                refusal = None if AFTER_THE_CODEC.search(str(error)) else str(error)
            name = f"{vector['kind']} {vector['name']} ({vector['refusal']}): {refusal}"
            self.assertEqual(refusal is None, vector["refusal"] == "law", name)

    def test_what_is_decoded_encodes_back_to_the_same_bytes(self):
        for vector in vectors("valid"):
            data = data_of(vector)
            data = data.removeprefix(verifier.TAG_18)
            self.assertEqual(verifier.to_cbor(verifier.cbor(data)), data, vector["name"])


class Titles(unittest.TestCase):
    FOLDER = VECTORS / "title-certificate"
    POLICY = verifier.Policy((FOLDER / "policy.txt").read_bytes())

    def test_every_valid_file_proves_what_rust_says_it_proves(self):
        for vector in json.loads((self.FOLDER / "valid.json").read_text()):
            proven, more = verifier.verify(bytes.fromhex(vector["hex"]), self.POLICY)
            file = {"title": "title-certificate", "object": "state-receipt"}[vector["kind"]]
            self.assertEqual(proven.pop("file"), file)
            self.assertTrue(proven["proven"] and verifier.tell({**proven, **more}))
            del proven["proven"]
            # Of an object the vectors hold no more than the object.
            found = proven if file == "title-certificate" else {field: proven[field] for field in ("key", "value")}
            self.assertEqual(found, vector["statement"], vector["name"])

    def test_no_invalid_certificate_proves_anything_of_a_title(self):
        for vector in json.loads((self.FOLDER / "invalid.json").read_text()):
            data = bytes.fromhex(vector["hex"])
            if vector["name"] == "state-receipt-of-one-object":
                self.assertEqual(verifier.verify(data, self.POLICY)[0]["file"], "state-receipt")
                continue
            with self.assertRaises(verifier.Refusal, msg=vector["name"]):
                verifier.verify(data, self.POLICY)


class Primitives(unittest.TestCase):
    def test_blake3_derives_what_its_vectors_say(self):
        for length, derived in DERIVED.items():
            data = bytes(i % 251 for i in range(length))
            context = "BLAKE3 2019-12-27 16:29:52 test vectors context"
            self.assertEqual(verifier.derive(context, data).hex(), derived, length)

    def test_ed25519_is_as_strict_as_the_ledger(self):
        grid = json.loads((VECTORS / "ed25519.json").read_text())
        for case in grid["keys"]:
            self.assertEqual(verifier.admissible(bytes.fromhex(case["key"])), case["admitted"], case["why"])
        for case in grid["signatures"]:
            key, signature = bytes.fromhex(case["key"]), bytes.fromhex(case["signature"])
            valid = verifier.verifies(key, case["message"].encode(), signature)
            self.assertEqual(valid, case["valid"], case["why"])


if __name__ == "__main__":
    unittest.main()
