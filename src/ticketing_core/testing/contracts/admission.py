"""The contracts of `AdmissionSigner` and `QrEncoder`."""

import abc
from base64 import urlsafe_b64encode
from uuid import UUID

from ticketing_core.admission import AdmissionClaims
from ticketing_core.ports.admission import AdmissionSigner, QrEncoder
from ticketing_core.signature import Forged, UnknownKey

CLAIMS = AdmissionClaims(
    ticket_code=UUID("6e40a178-b56f-42e2-8264-77af31d21c3d"),
    ticket_id=2**53 - 1,
    event_id=2**53 - 1,
    quantity=10,
)

LONGEST_TOKEN = 400
"""Characters that phones still read quickly from a screen: a QR code of version 16 at most."""


class AdmissionSignerContract(abc.ABC):
    """The tests of every signer."""

    @abc.abstractmethod
    def make_signer(self) -> AdmissionSigner:
        """Return a signer."""

    @abc.abstractmethod
    def make_stranger(self) -> AdmissionSigner:
        """Return a signer of the same kind, whose key the other does not know."""

    def test_a_token_reads_back_unchanged(self) -> None:
        """The claims are those that were signed, even with the largest numbers."""
        signer = self.make_signer()
        assert signer.read(signer.sign(CLAIMS)) == CLAIMS

    def test_a_token_is_short_plain_text(self) -> None:
        """It fits a QR code that phones read quickly."""
        token = self.make_signer().sign(CLAIMS)
        assert token.isascii()
        assert token.isprintable()
        assert len(token) <= LONGEST_TOKEN

    def test_a_changed_token_is_not_read(self) -> None:
        """No character can be changed, removed or added; a changed name of the key is unknown."""
        signer = self.make_signer()
        token = signer.sign(CLAIMS)
        for place, character in enumerate(token):
            other = "A" if character != "A" else "Q"
            changed = signer.read(token[:place] + other + token[place + 1 :])
            assert isinstance(changed, Forged | UnknownKey), place
            shorter = signer.read(token[:place] + token[place + 1 :])
            assert isinstance(shorter, Forged | UnknownKey), place
        assert isinstance(signer.read(token + "A"), Forged)
        assert isinstance(signer.read(token[:-1]), Forged)

    def test_nobody_is_accused_because_of_an_unknown_key(self) -> None:
        """The key is named, so that a gate can fetch it."""
        signer, stranger = self.make_signer(), self.make_stranger()
        unknown = signer.read(stranger.sign(CLAIMS))
        assert isinstance(unknown, UnknownKey)
        assert unknown != stranger.read(signer.sign(CLAIMS))

    def test_any_other_text_is_forged(self) -> None:
        """Reading never raises, whatever the text."""
        signer = self.make_signer()
        strange = ["", ".", "..", "...", "a.b.c", "\0", "\ud800", "é.é.é", "{}", "x" * 100_000]
        for text in strange:
            assert isinstance(signer.read(text), Forged), text[:20]

    def test_what_people_hold_under_scanners_is_forged(self) -> None:
        """Digits, addresses, the code of a wireless network, and other signed tokens."""
        signer = self.make_signer()
        nested = urlsafe_b64encode(b"[" * 40_000).decode()
        for text in (
            "4" * 4000,
            "https://shop.example/tickets/4711?code=6e40a178",
            "WIFI:T:WPA;S:gate;P:secret;;",
            # Another shop's, signed with a key that has a name (RFC 7515, A.4).
            "eyJhbGciOiJFUzI1NiIsImtpZCI6ImV4YW1wbGUxIn0.eyJ0aWNrZXQiOjQ3MTF9.c2lnbmVk",
            f"{nested}.{nested}.{nested}",
        ):
            assert isinstance(signer.read(text), Forged), text[:20]


class QrEncoderContract(abc.ABC):
    """The tests of every QR encoder."""

    @abc.abstractmethod
    def make_encoder(self) -> QrEncoder:
        """Return an encoder."""

    @abc.abstractmethod
    def read_image(self, image: bytes) -> str:
        """Return the text of a QR code, read by other code than the encoder."""

    def test_an_image_reads_back_unchanged(self) -> None:
        """So do short and long texts, upper and lower case, and characters beyond ASCII."""
        encoder = self.make_encoder()
        for text in ("A", "eyJhbGciOiJFZERTQSJ9.e30.c2ln", "x" * LONGEST_TOKEN, "Größe: 5 €"):
            assert self.read_image(encoder.encode(text)) == text

    def test_a_text_that_is_too_long_is_refused(self) -> None:
        """ISO/IEC 18004 allows at most 2,953 bytes."""
        try:
            self.make_encoder().encode("x" * 3000)
        except ValueError:
            return
        raise AssertionError("encoded more text than a QR code holds")
