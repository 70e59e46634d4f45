"""Computes the QR codes of tokens by XOR.

At a fixed version, level and mask, each step from the bits of a text to modules only moves bits and
adds them modulo 2: error correction, placement, and the mask (ISO/IEC 18004, 7.5 to 7.8). So a bit
of the text flips the same modules whatever the rest says. We ask an encoder once which ones; from
then on a code takes one XOR for each character.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from operator import getitem, xor

LENGTHS = range(181, 214)
"""The lengths of texts that need version 10 as bytes at level M (ISO/IEC 18004, table 7)."""

_CHARACTER = "[A-Za-z0-9_.-]"
"""The characters of a compact JWS (RFC 7515)."""

COVERED = re.compile(f"{_CHARACTER}{{{LENGTHS[0]},{LENGTHS[-1]}}}")
"""The texts that can be added up."""

_PLAIN = "a"
"""Fills the texts to learn from, except for one bit. An encoder writes them as bytes; for long rows
of capitals or digits it knows shorter ways."""

_HEAD = 52
"""So many characters at the start of a token are the same for all tokens of a key."""


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

        self._head_changes = [changes(place) for place in range(_HEAD)]
        self._tail_changes = [_changes_of_all(changes(place)) for place in range(_HEAD, longest)]
        self._head_sum = lru_cache(maxsize=64)(self._head_sum_of)

    def code(self, text: str) -> int:
        """Return the modules of a text that is `COVERED`, encoded as bytes."""
        changes = map(getitem, self._tail_changes, text[_HEAD:].encode())
        return reduce(xor, changes, self._head_sum(len(text), text[:_HEAD]))

    def _head_sum_of(self, length: int, start: str) -> int:
        changes = map(_change_of, self._head_changes, start.encode())
        return reduce(xor, changes, self._plain[length])


def _change_of(changes: Sequence[int], character: int) -> int:
    different = character ^ ord(_PLAIN)
    return reduce(xor, (each for bit, each in enumerate(changes) if different >> bit & 1), 0)


def _changes_of_all(changes: Sequence[int]) -> list[int]:
    """Return what each covered character changes, by its code; 0 for all others."""
    return [
        _change_of(changes, code) if re.fullmatch(_CHARACTER, chr(code)) else 0
        for code in range(128)
    ]
