"""Ports for what the buyer shows at the gate: the signed token and its QR code."""

from typing import Protocol

from ticketing_core.admission import AdmissionClaims
from ticketing_core.signature import Forged, UnknownKey


class AdmissionSigner(Protocol):
    """Signs tokens that a gate can check without asking this service."""

    def sign(self, claims: AdmissionClaims) -> str:
        """Return the signed text, short enough for a QR code that phones read quickly."""

    def read(self, token: str) -> AdmissionClaims | Forged | UnknownKey:
        """Return the claims of a token that this signer signed. Never raises, whatever the text.

        `UnknownKey` if it names a key that is not known here, and otherwise looks like a token.
        """


class QrEncoder(Protocol):
    """Draws text as the image of a QR code."""

    def encode(self, text: str) -> bytes:
        """Return the image; a scanner reads exactly ``text`` from it.

        Raises:
            ValueError: The text is longer than a QR code can hold (ISO/IEC 18004).
        """
