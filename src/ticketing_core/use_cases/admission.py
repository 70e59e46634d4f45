"""Make what the buyer of an issued ticket shows at the gate."""

from ticketing_core.admission import Admission, AdmissionClaims
from ticketing_core.ports.admission import AdmissionSigner, QrEncoder
from ticketing_core.ticket import Ticket


def admission_of(ticket: Ticket, *, signer: AdmissionSigner, qr_encoder: QrEncoder) -> Admission:
    """Sign the token of a ticket and draw its QR code. Neither is stored."""
    token = signer.sign(AdmissionClaims.of(ticket))
    return Admission(token=token, qr_code=qr_encoder.encode(token))
