"""QR images of every encoder: another program reads them back from PNG and SVG."""

import io
import sys
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tests.support.qr_scanner import scan
from ticketing_adapters import qrcode_image, zxing_image
from ticketing_adapters.qr_drawing import Modules, png, svg
from ticketing_adapters.qr_images import qr_encoders
from ticketing_adapters.qrcode_image import QrcodePng, QrcodeSvg
from ticketing_adapters.zxing_image import ZxingPng, ZxingSvg
from ticketing_core.ports import QrEncoder
from ticketing_core.testing import QrEncoderContract

BOTH = [qrcode_image.modules, zxing_image.modules]
SVG = "{http://www.w3.org/2000/svg}"

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
TOKENS = st.lists(st.text(BASE64URL, min_size=1, max_size=120), min_size=3, max_size=3).map(
    ".".join
)
"""Texts like a compact JWS, from a few characters to more than any real token has."""


def picture_of_png(image: bytes) -> Image.Image:
    """Return the picture as an imaging library reads it, in shades of grey."""
    return Image.open(io.BytesIO(image)).convert("L")


def picture_of_svg(image: bytes) -> Image.Image:
    """Return the picture of the rectangles of the path, at four pixels per module."""
    root = ET.fromstring(image)  # noqa: S314 - made here, not a stranger's
    side = int(root.attrib["viewBox"].split()[2])
    picture = Image.new("L", (side * 4, side * 4), 255)
    (path,) = root.iter(f"{SVG}path")
    for rectangle in path.attrib["d"].split("z")[:-1]:
        start, width, back = rectangle.removeprefix("M").split("h")
        assert back == f"-{width.removesuffix('v1')}"
        x, y = (int(number) * 4 for number in start.split())
        right = x + int(width.removesuffix("v1")) * 4 - 1
        ImageDraw.Draw(picture).rectangle((x, y, right, y + 3), fill=0)
    return picture


class PngContract(QrEncoderContract):
    """The suite for PNGs."""

    def read_image(self, image: bytes) -> str:
        """See the suite."""
        return scan(picture_of_png(image))


class SvgContract(QrEncoderContract):
    """The suite for SVGs."""

    def read_image(self, image: bytes) -> str:
        """See the suite."""
        return scan(picture_of_svg(image))


class TestQrcodePng(PngContract):
    """The pure Python encoder."""

    def make_encoder(self) -> QrEncoder:
        """See the suite."""
        return QrcodePng()


class TestQrcodeSvg(SvgContract):
    """The pure Python encoder."""

    def make_encoder(self) -> QrEncoder:
        """See the suite."""
        return QrcodeSvg()


class TestZxingPng(PngContract):
    """The compiled encoder."""

    def make_encoder(self) -> QrEncoder:
        """See the suite."""
        return ZxingPng()


class TestZxingSvg(SvgContract):
    """The compiled encoder."""

    def make_encoder(self) -> QrEncoder:
        """See the suite."""
        return ZxingSvg()


@frozen
class Smudged:
    """Broken: it paints over every fourth row of modules."""

    def encode(self, text: str) -> bytes:
        """Return an image that no scanner can read."""
        code = zxing_image.modules(text)
        rows = [bytes(code.side) if y % 4 == 0 else row for y, row in enumerate(code.rows())]
        return png(Modules(side=code.side, shades=b"".join(rows)))


def test_control_the_suite_catches_an_image_that_cannot_be_read() -> None:
    """Reading back fails for the broken encoder."""

    class OfSmudged(PngContract):
        def make_encoder(self) -> QrEncoder:
            return Smudged()

    with pytest.raises(ValueError, match="not enough values"):
        OfSmudged().test_an_image_reads_back_unchanged()


@given(TOKENS)
def test_all_encoders_encode_the_same_text(token: str) -> None:
    """A token reads back unchanged from both encoders and both kinds of image."""
    for encoder in (QrcodePng(), ZxingPng()):
        assert scan(picture_of_png(encoder.encode(token))) == token
    for drawer in (QrcodeSvg(), ZxingSvg()):
        assert scan(picture_of_svg(drawer.encode(token))) == token


@pytest.mark.parametrize("modules", BOTH, ids=["qrcode", "zxing"])
@pytest.mark.parametrize("length", [1, 50, 207, 400])
def test_a_png_shows_each_module_in_its_place(
    length: int, modules: Callable[[str], Modules]
) -> None:
    """An imaging library opens the PNG and finds four by four pixels for each module."""
    code = modules("x" * length)
    image = png(code)
    Image.open(io.BytesIO(image)).verify()
    assert Image.open(io.BytesIO(image)).format == "PNG"
    picture = picture_of_png(image)
    assert picture.size == (code.side * 4, code.side * 4)
    enlarged = Image.frombytes("L", (code.side, code.side), code.shades).resize(picture.size, 0)
    assert picture.tobytes() == enlarged.tobytes()


@pytest.mark.parametrize("modules", BOTH, ids=["qrcode", "zxing"])
def test_an_svg_shows_what_the_png_shows(modules: Callable[[str], Modules]) -> None:
    """Pixel for pixel at the same size."""
    code = modules("x" * 207)
    assert picture_of_svg(svg(code)).tobytes() == picture_of_png(png(code)).tobytes()


@pytest.mark.parametrize("encoder", [QrcodePng(), ZxingPng()])
@pytest.mark.parametrize("length", [1, 50, 207, 400])
def test_an_image_has_its_quiet_zone(length: int, encoder: QrEncoder) -> None:
    """Exactly four modules around the code are white, as the standard requires."""
    picture = picture_of_png(encoder.encode("x" * length))
    border = 4 * 4
    dark = picture.point(lambda shade: 255 - shade).getbbox()
    assert dark == (border, border, picture.width - border, picture.height - border)


@pytest.mark.parametrize("encoder", [QrcodePng(), ZxingPng()])
def test_a_token_makes_an_image_that_phones_read_well(encoder: QrEncoder) -> None:
    """At least 250 pixels wide, and with no more modules than a screen shows clearly."""
    picture = picture_of_png(encoder.encode("x" * 207))
    assert 250 <= picture.width <= 300


@pytest.mark.parametrize("encoder", [QrcodePng(), ZxingPng()])
def test_a_lone_surrogate_is_refused(encoder: QrEncoder) -> None:
    """UTF-8 has no bytes for it."""
    with pytest.raises(ValueError, match="surrogates"):
        encoder.encode("\ud800")


def test_modules_that_are_not_a_square_are_refused() -> None:
    """Neither kind of image could show them."""
    with pytest.raises(ValueError, match="square"):
        Modules(side=2, shades=bytes(5))


def test_the_service_works_without_the_compiled_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """It uses the compiled encoder where that is installed, and the other one elsewhere."""
    assert isinstance(qr_encoders().png, ZxingPng)
    # None makes the import fail like that of a missing package.
    monkeypatch.setitem(sys.modules, "ticketing_adapters.zxing_image", None)
    without = qr_encoders()
    assert isinstance(without.png, QrcodePng)
    assert scan(picture_of_png(without.png.encode("A"))) == "A"
    assert scan(picture_of_svg(without.svg.encode("A"))) == "A"
