"""Ports for what the buyer shows at the gate: the signed token and its QR code."""

from typing import Protocol

from ticketing_core.admission import AdmissionClaims
from ticketing_core.signature import Forged


class AdmissionSigner(Protocol):
    """Signs tokens that a gate can check without asking this service."""

    def sign(self, claims: AdmissionClaims) -> str:
        """Return the signed text, short enough for a QR code that phones read quickly."""

    def read(self, token: str) -> AdmissionClaims | Forged:
        """Return the claims of a token that this signer signed. Never raises, whatever the text."""


class QrEncoder(Protocol):
    """Draws text as the image of a QR code."""

    def encode(self, text: str) -> bytes:
        """Return the image; a scanner reads exactly ``text`` from it.

        Raises:
            ValueError: The text is longer than a QR code can hold (ISO/IEC 18004).
        """
