"""QR images: read back by another program, from the PNG and from the SVG."""

import io
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from PIL import Image

from adapters.qrcode_image import QrcodePng, QrcodeSvg
from ticketing_core.ports import QrEncoder
from ticketing_core.testing import QrEncoderContract

SVG = "{http://www.w3.org/2000/svg}"


def read_qr(image: Image.Image) -> str:
    """The text of the one QR code in the picture."""
    (found,) = zxingcpp.read_barcodes(image)
    return found.text


class TestQrcodePng(QrEncoderContract):
    """One bit a pixel."""

    def make_encoder(self) -> QrEncoder:
        """See the suite."""
        return QrcodePng()

    def read_image(self, image: bytes) -> str:
        """See the suite."""
        return read_qr(Image.open(io.BytesIO(image)))


class TestQrcodeSvg(QrEncoderContract):
    """One square a module."""

    def make_encoder(self) -> QrEncoder:
        """See the suite."""
        return QrcodeSvg()

    def read_image(self, image: bytes) -> str:
        """See the suite."""
        root = ET.fromstring(image)  # noqa: S314 - our own image, not a stranger's
        side = int(root.attrib["viewBox"].split()[2])
        picture = Image.new("L", (side, side), 255)
        (path,) = root.iter(f"{SVG}path")
        for square in path.attrib["d"].split("z")[:-1]:
            x, y = square.removeprefix("M").split("h")[0].split()
            picture.putpixel((int(x), int(y)), 0)
        return read_qr(picture.resize((side * 4, side * 4), Image.Resampling.NEAREST))


@pytest.mark.parametrize("length", [1, 50, 217, 400])
def test_a_png_is_valid_and_has_its_quiet_zone(length: int) -> None:
    """An imaging library opens it without complaint; four modules around are white."""
    picture = Image.open(io.BytesIO(QrcodePng().encode("x" * length)))
    picture.verify()
    picture = Image.open(io.BytesIO(QrcodePng().encode("x" * length)))
    assert picture.format == "PNG"
    assert picture.mode == "1"
    border = 4 * 8
    for box in (
        (0, 0, picture.width, border),
        (0, 0, border, picture.height),
        (0, picture.height - border, picture.width, picture.height),
        (picture.width - border, 0, picture.width, picture.height),
    ):
        assert picture.crop(box).getextrema() == (255, 255)
