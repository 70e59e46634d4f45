"""Draws the modules of a QR code as PNG and SVG, with nothing but zlib.

Implements no port: the encoders of different packages share it.
"""

import re
import struct
import zlib

from attrs import field, frozen

QUIET_ZONE = 4
"""White modules around the code, as ISO/IEC 18004 requires."""

PIXELS_PER_MODULE = 4
"""Makes a token's code about 260 pixels wide, which phones read well from a screen. At two bits per
pixel a module is exactly one byte, so no bits have to be packed."""

_BITS_PER_PIXEL = 8 // PIXELS_PER_MODULE

_COPY = b"\2"
"""The filter "Up" (PNG specification, third edition, 9.2): zeros repeat the line above."""

_DARK_RUN = re.compile(rb"\0+")


@frozen(kw_only=True)
class Modules:
    """The modules of one code, with the quiet zone.

    Attributes:
        side: The number of rows and columns.
        shades: One byte per module, row after row: 0 is dark, 255 is white.
    """

    side: int
    shades: bytes = field(repr=False)

    def __attrs_post_init__(self) -> None:
        if len(self.shades) != self.side**2:
            raise ValueError("the modules are not a square")

    def rows(self) -> list[bytes]:
        """Return the shades of each row."""
        side, shades = self.side, self.shades
        return [shades[start : start + side] for start in range(0, side * side, side)]


def png_start(side: int) -> bytes:
    """Return what is before the pixels of a PNG of so many rows of modules."""
    pixels = side * PIXELS_PER_MODULE
    header = struct.pack(">IIBBBBB", pixels, pixels, _BITS_PER_PIXEL, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)


def png(modules: Modules) -> bytes:
    """Return a black and white PNG with `PIXELS_PER_MODULE`."""
    copies = (_COPY + bytes(modules.side)) * (PIXELS_PER_MODULE - 1)
    # Each row once without a filter, then its copies.
    lines = b"\0" + (copies + b"\0").join(modules.rows()) + copies
    # Most lines are zeros, so run-length encoding alone is fastest and costs little size. Small
    # tables halve the time to set up.
    packing = zlib.compressobj(level=1, memLevel=6, strategy=zlib.Z_RLE)
    pixels = _chunk(b"IDAT", packing.compress(lines) + packing.flush())
    return png_start(modules.side) + pixels + PNG_END


def svg(modules: Modules) -> bytes:
    """Return an SVG that prints sharply at any size: a rectangle for each run of dark modules."""
    side = modules.side
    path = "".join(
        f"M{run.start()} {y}h{len(run[0])}v1h-{len(run[0])}z"
        for y, row in enumerate(modules.rows())
        for run in _DARK_RUN.finditer(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/>'
        f'<path d="{path}"/></svg>'
    ).encode()


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


PNG_END = _chunk(b"IEND", b"")
