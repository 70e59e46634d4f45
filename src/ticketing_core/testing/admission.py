"""Stand-ins for the signer and the QR encoder: readable text instead of cryptography and images."""

import hmac
from uuid import UUID

from attrs import frozen

from ticketing_core.admission import AdmissionClaims
from ticketing_core.signature import Forged, UnknownKey

PUBLIC_KEY = b"known to everybody"

LONGEST_QR_TEXT = 2953
"""Bytes that the largest QR code holds at the lowest error correction (ISO/IEC 18004)."""


@frozen
class PlainSigner:
    """Writes the claims as text, signed with a public key. Never for production.

    Attributes:
        kid: The name of its key, of letters and digits. It knows no other.
    """

    kid: str = "plain"

    def sign(self, claims: AdmissionClaims) -> str:
        """See `AdmissionSigner.sign`."""
        text = f"{claims.ticket_code}.{claims.ticket_id}.{claims.event_id}.{claims.quantity}"
        text = f"{text}.{self.kid}"
        return f"{text}.{hmac.new(PUBLIC_KEY, text.encode(), 'sha256').hexdigest()}"

    def read(self, token: str) -> AdmissionClaims | Forged | UnknownKey:
        """See `AdmissionSigner.read`."""
        try:
            code, ticket_id, event_id, quantity, kid, _ = token.split(".")
            claims = AdmissionClaims(
                ticket_code=UUID(code),
                ticket_id=int(ticket_id),
                event_id=int(event_id),
                quantity=int(quantity),
            )
        except ValueError as error:
            return Forged(str(error))
        if kid != self.kid and kid.isascii() and kid.isalnum():
            return UnknownKey(kid)
        return claims if self.sign(claims) == token else Forged("not signed by this signer")


class PlainQrEncoder:
    """Returns the text in bytes instead of an image."""

    def encode(self, text: str) -> bytes:
        """See `QrEncoder.encode`."""
        image = text.encode()
        if len(image) > LONGEST_QR_TEXT:
            raise ValueError("the text is longer than a QR code can hold")
        return image
