"""PNGs of QR codes of one size, made without a compressor: each module has its place in a template.

Deflate lets a block bring its own Huffman codes (RFC 1951, 3.2.7). In ours each symbol that is used
has a code of two bits. So the streams of all pictures have the same length, and differ only in one
bit for each module.
"""

import struct
import zlib

from ticketing_adapters.qr_drawing import PIXELS_PER_MODULE, PNG_END, Modules, png_start

SIDE = 65
"""Of a code of version 10, with the quiet zone: the size of a token's code."""

_LINE = 1 + SIDE
"""Bytes: the type of the line's filter (0, none), then one for each module."""


def _number(value: int, width: int) -> str:
    """Return a number's bits in the order of the stream: the lowest first (RFC 1951, 3.1.1)."""
    return format(value, f"0{width}b")[::-1]


# Codes of equal length are given to symbols in the symbols' order (RFC 1951, 3.2.2). So byte 0 has
# 00 and byte 255 has 01, whose second bit is the module's shade.
_DARK, _END, _COPY = "00", "10", "11"

# The lengths of these codes come next, for each symbol in turn, and are coded themselves, in one
# bit: 0 says that a code has two bits, 1 that the next symbols have none.
_TWO_BITS = "0"


def _none(count: int) -> str:
    """Return what says that so many symbols in a row have no code."""
    return "1" + _number(count - 11, 7)


_CODES = (
    # The last block, with codes of its own for 284 symbols and 15 distances.
    "1" + _number(2, 2) + _number(284 - 257, 5) + _number(15 - 1, 5) + _number(16 - 4, 4)
    # One bit each for what is used below: a run of no codes, 18, and a code of two bits, 2. The
    # order is 16, 17, 18, 0, 8, ..., 2.
    + "".join(_number(bits, 3) for bits in (0, 0, 1, *[0] * 12, 1))
    # Symbols: byte 0, byte 255, the end 256, and 283, which copies.
    + _TWO_BITS + _none(138) + _none(116) + _TWO_BITS + _TWO_BITS + _none(26) + _TWO_BITS
    # Distances: only 12 is used, but a set of codes has to be complete.
    + _none(11) + _TWO_BITS * 4
)  # fmt: skip
# The other copies of a line: 195 bytes and what these 5 bits add, from 65 bytes ago and what these
# add (RFC 1951, 3.2.5).
_COPIES = _COPY + _number((PIXELS_PER_MODULE - 1) * _LINE - 195, 5) + "01" + _number(_LINE - 65, 5)

_HEAD = "".join(_number(byte, 8) for byte in b"IDAT\x78\x01") + _CODES
_STREAM = _HEAD + (_DARK * _LINE + _COPIES) * SIDE + _END
_TEMPLATE = int(_STREAM[::-1], 2)
_STREAM_BYTES = -(-len(_STREAM) // 8)
_FIRST_SHADE = len(_HEAD) + 1

_SLOTS = _LINE + len(_COPIES) // 2
"""Of each row. A slot is two bits of the stream: one for the filter, one for each module, the rest
for the copies."""
_SLOT_BYTES = -(-_SLOTS * SIDE // 8)

_BIT_OF_SHADE = b"0" + b"1" * 255
_SPREAD_LOW = bytes(int(format(byte % 16, "b"), 4) for byte in range(256))
_SPREAD_HIGH = bytes(int(format(byte // 16, "b"), 4) for byte in range(256))

_MODULUS = 65521
"""Of Adler-32 (RFC 1950, 9)."""
_PIXEL_BYTES = SIDE * PIXELS_PER_MODULE * _LINE


def _weight(slot: int) -> int:
    """Return what a white module in this slot adds to the second sum of Adler-32."""
    row, column = divmod(slot, _SLOTS)
    if not 0 < column < _LINE:
        return 0
    start = row * PIXELS_PER_MODULE * _LINE + column
    places = range(start, start + PIXELS_PER_MODULE * _LINE, _LINE)
    return sum(255 * (_PIXEL_BYTES - place) for place in places) % _MODULUS


_WEIGHTS = [_weight(slot) for slot in range(_SLOTS * SIDE)]
_WEIGHT_BITS = [
    int("".join(str(weight >> bit & 1) for weight in reversed(_WEIGHTS)), 2) for bit in range(16)
]
"""For each bit of a weight, the slots whose weight has it."""

# A chunk's length leaves out its name, and includes the Adler-32 that is appended later, of four
# bytes each.
_START = png_start(SIDE) + struct.pack(">I", _STREAM_BYTES)


def slots_of(modules: Modules) -> int:
    """Return the white modules as bits, each in its row's slots; the lowest is the first."""
    behind = bytes(_SLOTS - _LINE)
    bits = b"".join(b"\0" + row + behind for row in modules.rows())
    return int(bits[::-1].translate(_BIT_OF_SHADE), 2)


def png_of(slots: int) -> bytes:
    """Return the same picture as `qr_drawing.png` of the modules in these slots."""
    narrow = slots.to_bytes(_SLOT_BYTES, "little")
    # A zero before each bit, half a byte at a time.
    wide = bytearray(2 * _SLOT_BYTES)
    wide[::2] = narrow.translate(_SPREAD_LOW)
    wide[1::2] = narrow.translate(_SPREAD_HIGH)
    stream = int.from_bytes(wide, "little") << _FIRST_SHADE | _TEMPLATE
    # The two sums of Adler-32 (RFC 1950, 2.2), from how many white modules add how much.
    first = 1 + 255 * PIXELS_PER_MODULE * slots.bit_count()
    second = _PIXEL_BYTES
    for bit, mask in enumerate(_WEIGHT_BITS):
        second += (slots & mask).bit_count() << bit
    adler = struct.pack(">HH", second % _MODULUS, first % _MODULUS)
    chunk = stream.to_bytes(_STREAM_BYTES, "little") + adler
    return _START + chunk + zlib.crc32(chunk).to_bytes(4, "big") + PNG_END
