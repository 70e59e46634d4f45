"""QR codes that are added up: module for module what encoders say."""

import random
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.cli.processes import SECRET
from tests.support.strict_png import lines_for, lines_of
from ticketing_adapters import qrcode_image, zxing_image
from ticketing_adapters.jws_admission import JwsAdmission, SigningKey
from ticketing_adapters.qr_drawing import png
from ticketing_adapters.qr_sums import COVERED, LENGTHS, CodeSums
from ticketing_adapters.qr_template import SIDE, slots_of
from ticketing_adapters.zxing_image import ZxingPng
from ticketing_core.admission import AdmissionClaims
from ticketing_service.composition import build, migrate_database
from ticketing_service.settings import PREFIX, load_settings

RARE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
OTHERS = "abcdefghijklmnopqrstuvwxyz_"
MIXED = "".join(rare + OTHERS[place % len(OTHERS)] for place, rare in enumerate(RARE))
"""All characters of tokens, with no two capitals or digits in a row: `zxing-cpp` writes a long row
of those in a shorter way than as bytes."""

EACH_CHARACTER_AT_EACH_PLACE = [
    (MIXED * 4)[start : start + LENGTHS[-1]] for start in range(len(MIXED))
]
EACH_LENGTH = [(MIXED * 4)[:length] for length in LENGTHS]

OTHER_MODES = re.compile("[0-9]{8}|[0-9A-Z.-]{14}|[0-9]{3}$|[0-9A-Z.-]{5}$")
"""What may be shorter in another mode than bytes (ISO/IEC 18004, 7.4): at the end, a shorter row,
because no bytes follow."""

TEXTS = st.one_of(
    st.text(RARE + OTHERS, min_size=LENGTHS[0] - 3, max_size=LENGTHS[-1] + 3),
    st.text(min_size=1, max_size=250),
)


def encoded(text: str) -> int:
    """Return the modules of a text, as the compiled encoder says."""
    return slots_of(zxing_image.modules(text))


def different(codes: CodeSums) -> int:
    """Return how many of the texts that use every entry of the tables have wrong modules."""
    texts = (*EACH_CHARACTER_AT_EACH_PLACE, *EACH_LENGTH)
    return sum(codes.code(text) != encoded(text) for text in texts)


@pytest.fixture(scope="module")
def learnt() -> CodeSums:
    """Give sums that no test breaks."""
    return CodeSums(encoded)


@pytest.fixture
def signed() -> Callable[[random.Random], str]:
    """Give what makes tokens of one key."""
    signer = JwsAdmission(key=SigningKey.generate(), public_key=lambda _: None)

    def sign(chance: random.Random) -> str:
        return signer.sign(
            AdmissionClaims(
                ticket_code=UUID(int=chance.getrandbits(128)),
                ticket_id=chance.randrange(10 ** chance.randrange(1, 9)),
                event_id=chance.randrange(10 ** chance.randrange(1, 4)),
                quantity=chance.randrange(1, 100),
            )
        )

    return sign


def test_every_entry_of_the_tables_is_right(learnt: CodeSums) -> None:
    """Each character at each place, and each length."""
    assert different(learnt) == 0


def test_control_one_wrong_module_is_caught() -> None:
    """In one entry of a table, of what the first characters change, or of one length."""
    codes = CodeSums(encoded)
    tables = codes._tail_changes[100], codes._head_changes[20], codes._plain  # noqa: SLF001 - broken here
    for table, entry in zip(tables, (ord("Q"), 4, 190), strict=True):
        table[entry] ^= 1 << 2000  # type: ignore[index]  # a list or a dictionary
        codes._head_sum.cache_clear()  # noqa: SLF001 - as above
        assert different(codes) > 0
        table[entry] ^= 1 << 2000  # type: ignore[index]  # as above
    codes._head_sum.cache_clear()  # noqa: SLF001 - as above
    assert different(codes) == 0


def test_control_another_mask_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The encoder chose another one while the sums were learnt."""
    with monkeypatch.context() as patched:
        patched.setattr(zxing_image, "MASK", 3)
        codes = CodeSums(encoded)
    assert different(codes) == len(EACH_CHARACTER_AT_EACH_PLACE) + len(EACH_LENGTH)


def test_the_lengths_are_those_of_the_version() -> None:
    """One character less or more makes a code of another size."""
    sides = [zxing_image.modules("a" * length).side for length in range(1, 300)]
    assert [length for length, side in enumerate(sides, 1) if side == SIDE] == [*LENGTHS]


def test_tokens_have_the_modules_that_both_encoders_say(
    learnt: CodeSums, signed: Callable[[random.Random], str]
) -> None:
    """`qrcode` was not learnt from, and always writes bytes; `zxing-cpp` nearly always."""
    chance, alike = random.Random(1), 0  # noqa: S311 - the same tokens in each run
    for _ in range(200):
        token = signed(chance)
        assert COVERED.fullmatch(token)
        code = learnt.code(token)
        assert code == slots_of(qrcode_image.modules(token))
        if not OTHER_MODES.search(token):
            assert code == encoded(token)
            alike += 1
    assert alike > 150


def require_right_picture(text: str) -> None:
    """Fail unless the PNG of a text shows what an encoder says, with the right check sums."""
    image = ZxingPng().encode(text)
    if COVERED.fullmatch(text):
        assert lines_of(image) == lines_for(qrcode_image.modules(text))
    else:
        assert image == png(zxing_image.modules(text))


@given(TEXTS)
def test_any_text_has_the_modules_that_an_encoder_says(text: str) -> None:
    """A text that is not a token is drawn like any other."""
    require_right_picture(text)


@pytest.mark.parametrize("length", [LENGTHS[0] - 1, *LENGTHS, LENGTHS[-1] + 1])
def test_every_length_is_drawn(length: int) -> None:
    """Up to one character less and more than is added up."""
    require_right_picture((MIXED * 4)[:length])


@pytest.mark.parametrize("serves", [True, False], ids=["serving", "control"])
def test_the_service_has_learnt_before_it_serves(
    serves: bool,  # noqa: FBT001 - a parameter of the test
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A token's picture then needs no other encoder. Commands that serve nothing do not learn."""
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", sqlite_url)
    monkeypatch.setenv(f"{PREFIX}SIGNING_KEY_FILE", str(tmp_path / "signing.pem"))
    monkeypatch.setenv(f"{PREFIX}JWT_SECRET", SECRET)
    settings = load_settings(access=True, signing_key=True)
    migrate_database(settings)
    zxing_image._sums.cache_clear()  # noqa: SLF001 - other tests have learnt
    with closing(build(settings)) as service:
        if serves:
            service.wsgi()
        assert zxing_image._sums.cache_info().currsize == serves  # noqa: SLF001 - as above
