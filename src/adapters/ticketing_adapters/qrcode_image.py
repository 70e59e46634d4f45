"""The QR encoder port over the pure Python package `qrcode`, as PNG and as SVG.

`qrcode` finds the modules, `qr_drawing` the pictures, which needs no imaging library.
"""

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError

from ticketing_adapters.qr_drawing import QUIET_ZONE, Modules, png, svg

MASK = 2
"""One fixed mask. Choosing the best of eight costs four times the rest of the work, and every
reader takes any mask; the tests read the images back."""


def modules(text: str) -> Modules:
    """The code of a text.

    Raises:
        ValueError: See `QrEncoder.encode`.
    """
    code = qrcode.QRCode[qrcode.image.base.BaseImage](
        error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, mask_pattern=MASK
    )
    # Bytes in one chunk: splitting by mode would save little and costs a search.
    code.add_data(text.encode(), optimize=0)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise ValueError("the text is longer than a QR code can hold") from error
    matrix = code.get_matrix()
    shades = bytes(0 if dark else 255 for row in matrix for dark in row)
    return Modules(side=len(matrix), shades=shades)


class QrcodePng:
    """Makes a black and white PNG."""

    def encode(self, text: str) -> bytes:
        """See `QrEncoder.encode`."""
        return png(modules(text))


class QrcodeSvg:
    """Makes an SVG that prints sharply at any size."""

    def encode(self, text: str) -> bytes:
        """See `QrEncoder.encode`."""
        return svg(modules(text))
