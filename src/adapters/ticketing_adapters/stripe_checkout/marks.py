"""The metadata that marks what belongs to a ticket at Stripe."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ticketing_core.ticket import Ticket
from ticketing_core.validators import LARGEST_ID

INSTALLATION, TICKET_CODE, TICKET_ID = "installation", "ticket_code", "ticket_id"


def marks(ticket: Ticket, *, installation_id: str) -> dict[str, str]:
    """Return the metadata of a session and its payment."""
    return {
        TICKET_CODE: str(ticket.ticket_code),
        TICKET_ID: str(ticket.ticket_id),
        INSTALLATION: installation_id,
    }


def ticket_code(metadata: Mapping[str, Any], *, installation_id: str) -> UUID | None:
    """Return the code of a ticket of this installation; None for others, or if it is no code."""
    if metadata.get(INSTALLATION) != installation_id:
        return None
    try:
        return UUID(metadata.get(TICKET_CODE, ""))
    except ValueError:
        return None


def ticket_id(metadata: Mapping[str, Any]) -> int | None:
    """Return the id of the ticket; None if it is no id."""
    text = metadata.get(TICKET_ID, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_ID))):
        return None
    return int(text) if 1 <= int(text) <= LARGEST_ID else None
