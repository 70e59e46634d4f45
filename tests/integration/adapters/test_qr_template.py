"""PNGs from the template: a strict reader finds the pixels and every check sum right."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.strict_png import lines_for, lines_of
from ticketing_adapters import qr_template
from ticketing_adapters.qr_drawing import Modules
from ticketing_adapters.qr_template import SIDE, png_of, slots_of

MODULES = SIDE**2
WHITE, DARK = b"\xff", b"\0"


def squared(shades: bytes) -> Modules:
    """Return the modules of these shades."""
    return Modules(side=SIDE, shades=shades)


def one_white(place: int) -> Modules:
    """Return dark modules but for one."""
    return squared(DARK * place + WHITE + DARK * (MODULES - 1 - place))


def with_new_crc(image: bytes) -> bytes:
    """Return the PNG with a CRC-32 that fits its pixels' chunk as it is now."""
    start, end = image.index(b"IDAT"), image.index(b"IEND") - 8
    checksum = zlib.crc32(image[start:end]).to_bytes(4, "big")
    return image[:end] + checksum + image[end + 4 :]


def test_each_module_is_shown_in_its_place() -> None:
    """Each alone, so that what it adds to the check sum counts; and all or none."""
    pictures = [one_white(place) for place in range(MODULES)]
    for modules in (*pictures, squared(WHITE * MODULES), squared(DARK * MODULES)):
        assert lines_of(png_of(slots_of(modules))) == lines_for(modules)


@given(st.binary(min_size=MODULES, max_size=MODULES))
def test_any_modules_are_shown(chances: bytes) -> None:
    """Whether or not they are a code."""
    modules = squared(bytes(255 * (chance & 1) for chance in chances))
    assert lines_of(png_of(slots_of(modules))) == lines_for(modules)


def test_all_pictures_are_equally_small() -> None:
    """Whatever they show."""
    shown = (one_white(2000), squared(WHITE * MODULES))
    assert {len(png_of(slots_of(modules))) for modules in shown} == {1263}


def test_control_a_module_that_counts_wrongly_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """One bit of one weight in Adler-32."""
    slots = slots_of(one_white(2000))
    monkeypatch.setattr(
        qr_template,
        "_WEIGHT_BITS",
        [qr_template._WEIGHT_BITS[0] ^ slots, *qr_template._WEIGHT_BITS[1:]],  # noqa: SLF001 - broken here
    )
    with pytest.raises(zlib.error, match="incorrect data check"):
        lines_of(png_of(slots))


@pytest.mark.parametrize("byte", range(4))
def test_control_wrong_check_sums_are_caught(byte: int) -> None:
    """Each byte of the Adler-32, behind which the CRC-32 begins, and of that one."""
    image = png_of(slots_of(one_white(2000)))
    adler = bytearray(image)
    adler[image.index(b"IEND") - 12 + byte] ^= 1
    with pytest.raises(zlib.error, match="incorrect data check"):
        lines_of(with_new_crc(bytes(adler)))
    crc = bytearray(image)
    crc[image.index(b"IEND") - 8 + byte] ^= 1
    with pytest.raises(ValueError, match="wrong CRC-32"):
        lines_of(bytes(crc))
