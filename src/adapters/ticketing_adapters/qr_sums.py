"""QR codes of tokens as sums of what each character changes.

At a fixed version, level and mask, each step from a text's bits to modules is linear over GF(2):
error correction, placement, and a mask that is added (ISO/IEC 18004, 7.5 to 7.8). So a bit of the
text changes the same modules whatever the rest says, and changes add up by XOR. An encoder shows
them all once; from then on a code takes one XOR for each character.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from operator import getitem, xor

LENGTHS = range(181, 214)
"""Of the texts that, as bytes at level M, need version 10 (ISO/IEC 18004, table 7)."""

_CHARACTER = "[A-Za-z0-9_.-]"
"""Of a compact JWS (RFC 7515)."""

COVERED = re.compile(f"{_CHARACTER}{{{LENGTHS[0]},{LENGTHS[-1]}}}")
"""The texts that can be added up."""

_PLAIN = "a"
"""What the texts to learn from consist of, but for one bit. Encoders write them as bytes; for long
rows of capitals or digits there are shorter ways."""

_ALIKE = 52
"""The first characters of a token, which are the same for all tokens of a key."""


class CodeSums:
    """Adds up codes of version 10; makes 1,500 codes first, and keeps 7 MB.

    Args:
        encoded: Returns the modules of a text's code as bits of a number, at level M and always
            with the same mask.
    """

    def __init__(self, encoded: Callable[[str], int]) -> None:
        longest = LENGTHS[-1]
        self._plain = {length: encoded(_PLAIN * length) for length in LENGTHS}

        def changes(place: int) -> list[int]:
            """Return what each bit of the character at this place changes."""
            before, behind = _PLAIN * place, _PLAIN * (longest - 1 - place)
            texts = (f"{before}{chr(ord(_PLAIN) ^ 1 << bit)}{behind}" for bit in range(7))
            return [encoded(text) ^ self._plain[longest] for text in texts]

        self._alike = [changes(place) for place in range(_ALIKE)]
        self._others = [_of_characters(changes(place)) for place in range(_ALIKE, longest)]
        self._start = lru_cache(maxsize=64)(self._of_start)

    def code(self, text: str) -> int:
        """Return the modules of a text that is `COVERED`, encoded as bytes."""
        changes = map(getitem, self._others, text[_ALIKE:].encode())
        return reduce(xor, changes, self._start(len(text), text[:_ALIKE]))

    def _of_start(self, length: int, start: str) -> int:
        changes = map(_of_character, self._alike, start.encode())
        return reduce(xor, changes, self._plain[length])


def _of_character(changes: Sequence[int], character: int) -> int:
    different = character ^ ord(_PLAIN)
    return reduce(xor, (each for bit, each in enumerate(changes) if different >> bit & 1), 0)


def _of_characters(changes: Sequence[int]) -> list[int]:
    """Return what each covered character changes, by its code; 0 for all others."""
    return [
        _of_character(changes, code) if re.fullmatch(_CHARACTER, chr(code)) else 0
        for code in range(128)
    ]
