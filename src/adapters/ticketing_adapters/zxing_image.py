"""QR images by the compiled package `zxing-cpp`, as PNG and SVG; many times as fast as `qrcode`.

`zxing-cpp` computes the modules and `qr_drawing` draws them: the package's own SVG is slower. A PNG
of a token is faster still: `qr_sums` knows its modules, and `qr_template` draws them.
"""

from functools import cache

from zxingcpp import BarcodeFormat, create_barcode

from ticketing_adapters.qr_drawing import Modules, png, svg
from ticketing_adapters.qr_sums import COVERED, CodeSums
from ticketing_adapters.qr_template import png_of, slots_of

ERROR_CORRECTION = "M"
"""Survives a scratched screen or a fold in paper. The next lower level saves 20 % of the time."""

MASK = 2
"""A fixed mask. Choosing the best of eight takes eight times as long, and scanners read any mask;
the tests read the images back."""


def modules(text: str) -> Modules:
    """Return the modules of the code of a text.

    Raises:
        ValueError: See `QrEncoder.encode`.
    """
    # Raises a ValueError for a lone surrogate; the package would raise a C++ error.
    text.encode()
    code = create_barcode(text, BarcodeFormat.QRCode, ec_level=ERROR_CORRECTION, data_mask=MASK)
    # One pixel per module, with the quiet zone.
    image = code.to_image()
    shades = bytes(memoryview(image))  # type: ignore[arg-type]  # a buffer, though its stub does not say so
    return Modules(side=image.shape[0], shades=shades)


@cache
def _sums() -> CodeSums:
    return CodeSums(lambda text: slots_of(modules(text)))


class ZxingPng:
    """Draws black and white PNGs. The first token of a process takes 0.2 s, to learn from."""

    def encode(self, text: str) -> bytes:
        """See `QrEncoder.encode`."""
        if COVERED.fullmatch(text):
            return png_of(_sums().code(text))
        return png(modules(text))


class ZxingSvg:
    """Draws SVGs that print sharply at any size."""

    def encode(self, text: str) -> bytes:
        """See `QrEncoder.encode`."""
        return svg(modules(text))
