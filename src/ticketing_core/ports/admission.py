"""Ports for what the buyer shows at the gate: the signed token and its QR image."""

from typing import Protocol

from attrs import frozen

from ticketing_core.admission import AdmissionClaims


@frozen
class Forged:
    """The text is no admission token of ours; ``reason`` is for logs."""

    reason: str


class AdmissionSigner(Protocol):
    """Makes tokens that the gate can check without asking us."""

    def sign(self, claims: AdmissionClaims) -> str:
        """The signed text; short, since it has to fit a QR that phones read quickly."""

    def read(self, token: str) -> AdmissionClaims | Forged:
        """The claims of a token that we signed. Never raises, whatever the text."""


class QrEncoder(Protocol):
    """Turns text into an image of a QR code."""

    def encode(self, text: str) -> bytes:
        """The image; reading it gives ``text`` again, to the letter.

        Raises:
            ValueError: The text is longer than a QR code can hold (ISO/IEC 18004).
        """
