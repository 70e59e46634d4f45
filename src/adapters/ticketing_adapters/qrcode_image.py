"""QR images by the pure Python package `qrcode`, as PNG and SVG.

`qrcode` computes the modules and `qr_drawing` draws them, so no imaging library is needed.
"""

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError

from ticketing_adapters.qr_drawing import QUIET_ZONE, Modules, png, svg

MASK = 2
"""A fixed mask. Choosing the best of eight takes four times as long as the rest of the work, and
scanners read any mask; the tests read the images back."""


def modules(text: str) -> Modules:
    """Return the modules of the code of a text.

    Raises:
        ValueError: See `QrEncoder.encode`.
    """
    code = qrcode.QRCode[qrcode.image.base.BaseImage](
        error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, mask_pattern=MASK
    )
    # One chunk of bytes: splitting by mode would save little, and takes a search.
    code.add_data(text.encode(), optimize=0)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise ValueError("the text is longer than a QR code can hold") from error
    matrix = code.get_matrix()
    shades = bytes(0 if dark else 255 for row in matrix for dark in row)
    return Modules(side=len(matrix), shades=shades)


class QrcodePng:
    """Draws black and white PNGs."""

    def encode(self, text: str) -> bytes:
        """See `QrEncoder.encode`."""
        return png(modules(text))


class QrcodeSvg:
    """Draws SVGs that print sharply at any size."""

    def encode(self, text: str) -> bytes:
        """See `QrEncoder.encode`."""
        return svg(modules(text))
