"""Verifies many cases in one process, for the differential tests of ../../tests. One command a line:

policy HEX       the policy from now on; `-` is the reply if it is refused, `+` if not
file HEX         the file from now on; the reply is `-`, or what it proves as JSON without words
flips FROM TO    the file with each one of these bits flipped; a line `BIT JSON` for each that still
                 still proves something, then `.`

The verifier is the one that is shipped. What it was asked once of the same bytes, a signature or a block
of BLAKE3, is remembered: most of a file is the same at every flip.
"""

import functools
import json
import sys

import deedbook_verify as verifier


def proves(data, policy):
    try:
        verifier.check(policy is not None, "there is no policy")
        return json.dumps(verifier.verify(data, policy)[0])
    except verifier.Refusal:
        return None


def remember():
    remembering = functools.lru_cache(maxsize=1 << 15)
    verifier.verifies = remembering(verifier.verifies)
    of_words = remembering((lambda compress: lambda words, *rest: compress(list(words), *rest))(verifier.compress))
    verifier.compress = lambda chaining, *rest: of_words(tuple(chaining), *rest)


def main():
    remember()
    policy, data = None, bytearray()
    for line in sys.stdin:
        command, *words = line.split()
        if command == "policy":
            try:
                policy = verifier.Policy(bytes.fromhex("".join(words)))
            except verifier.Refusal:
                policy = None
            print("-" if policy is None else "+")
        elif command == "file":
            data = bytearray.fromhex("".join(words))
            print(proves(bytes(data), policy) or "-")
        elif command == "flips":
            for bit in range(*map(int, words)):
                data[bit >> 3] ^= 1 << (bit & 7)
                statement = proves(bytes(data), policy)
                data[bit >> 3] ^= 1 << (bit & 7)
                if statement:
                    print(bit, statement)
            print(".")
        else:
            sys.exit(f"unknown command {command!r}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
