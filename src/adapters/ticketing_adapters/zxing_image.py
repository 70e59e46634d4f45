"""The QR encoder port over `zxing-cpp`, as PNG and as SVG: compiled, and many times as fast.

`zxing-cpp` finds the modules, `qr_drawing` the pictures; the package's own SVG takes longer.
"""

from zxingcpp import BarcodeFormat, create_barcode

from ticketing_adapters.qr_drawing import Modules, png, svg

ERROR_CORRECTION = "M"
"""Survives a scratched screen or a fold in paper; the next level down would save a fifth of the
time."""

MASK = 2
"""One fixed mask. Choosing the best of eight takes eight times as long, and every reader takes any
mask; the tests read the images back."""


def modules(text: str) -> Modules:
    """The code of a text.

    Raises:
        ValueError: See `QrEncoder.encode`.
    """
    # Half a character (a lone surrogate) is refused as a ValueError here; the package would raise
    # what C++ throws.
    text.encode()
    code = create_barcode(text, BarcodeFormat.QRCode, ec_level=ERROR_CORRECTION, data_mask=MASK)
    # At one pixel a module, with the quiet zone of four that the standard asks for.
    image = code.to_image()
    shades = bytes(memoryview(image))  # type: ignore[arg-type]  # a buffer: its stub forgot
    return Modules(side=image.shape[0], shades=shades)


class ZxingPng:
    """Makes a black and white PNG."""

    def encode(self, text: str) -> bytes:
        """See `QrEncoder.encode`."""
        return png(modules(text))


class ZxingSvg:
    """Makes an SVG that prints sharply at any size."""

    def encode(self, text: str) -> bytes:
        """See `QrEncoder.encode`."""
        return svg(modules(text))
