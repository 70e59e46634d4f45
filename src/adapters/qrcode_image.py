"""The QR encoder port over the `qrcode` package, as PNG and as SVG.

`qrcode` finds the modules; the images are written straight from them, which needs no imaging
library and takes a tenth of the time of the package's own PNG writer.
"""

import struct
import zlib
from collections.abc import Sequence

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError

QUIET_ZONE = 4
"""Modules of white around the code, as ISO/IEC 18004 asks for."""

PIXELS_PER_MODULE = 8
"""Sharp on a phone screen of twice the density, at a few kilobytes."""

MASK = 2
"""One fixed mask. Choosing the best of eight costs four times the rest of the work, and every
reader takes any mask; the tests read the images back."""

Matrix = Sequence[Sequence[bool]]


def _matrix(text: str) -> Matrix:
    """The modules with their quiet zone, dark is True."""
    code = qrcode.QRCode[qrcode.image.base.BaseImage](
        error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, mask_pattern=MASK
    )
    # Bytes in one chunk: splitting by mode would save little and costs a search.
    code.add_data(text.encode(), optimize=0)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise ValueError("the text is longer than a QR code can hold") from error
    return code.get_matrix()


class QrcodePng:
    """Makes a black and white PNG of one bit a pixel."""

    def encode(self, text: str) -> bytes:
        """See `QrEncoder.encode`."""
        rows = [_packed(row) for row in _matrix(text)]
        side = len(rows) * PIXELS_PER_MODULE
        # Filter type 0 before each line (PNG specification, third edition, 9.2).
        lines = b"".join((b"\0" + row) * PIXELS_PER_MODULE for row in rows)
        header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
        return (
            b"\x89PNG\r\n\x1a\n"
            + _chunk(b"IHDR", header)
            + _chunk(b"IDAT", zlib.compress(lines))
            + _chunk(b"IEND", b"")
        )


class QrcodeSvg:
    """Makes an SVG that prints sharply at any size."""

    def encode(self, text: str) -> bytes:
        """See `QrEncoder.encode`."""
        matrix = _matrix(text)
        side = len(matrix)
        path = "".join(
            f"M{x} {y}h1v1h-1z"
            for y, row in enumerate(matrix)
            for x, dark in enumerate(row)
            if dark
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
            f'shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/>'
            f'<path d="{path}"/></svg>'
        ).encode()


def _packed(row: Sequence[bool]) -> bytes:
    """One line of pixels, white as 1, eight to a byte: a module is a byte at eight pixels."""
    return bytes(0 if dark else 255 for dark in row)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
