"""A scanner at the gate: reads the QR code of a picture with another program than drew it."""

import zxingcpp
from PIL import Image

QR_CODE = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def scan(picture: Image.Image) -> str:
    """The text of the one QR code in the picture.

    It looks for QR codes only: among black and white modules, a reader of every kind of barcode
    finds one of another kind now and then.
    """
    (found,) = zxingcpp.read_barcodes(picture, formats=QR_CODE)
    return found.text
