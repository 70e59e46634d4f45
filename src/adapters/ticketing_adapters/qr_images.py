"""Chooses the QR encoders."""

from attrs import frozen

from ticketing_adapters.extras import needing
from ticketing_core.ports import QrEncoder


@frozen(kw_only=True)
class QrEncoders:
    """One encoder for each image format."""

    png: QrEncoder
    svg: QrEncoder


def qr_encoders() -> QrEncoders:
    """Return the fastest that are installed: in a rush every buyer waits for an image.

    Raises:
        MissingExtra: Neither ``zxing`` nor ``qrcode`` is installed.
    """
    try:
        from ticketing_adapters.zxing_image import (  # noqa: PLC0415 - may not be installed
            ZxingPng,
            ZxingSvg,
        )
    except ImportError:
        with needing("qrcode"):
            from ticketing_adapters.qrcode_image import (  # noqa: PLC0415 - then this one is
                QrcodePng,
                QrcodeSvg,
            )

        return QrEncoders(png=QrcodePng(), svg=QrcodeSvg())
    return QrEncoders(png=ZxingPng(), svg=ZxingSvg())
