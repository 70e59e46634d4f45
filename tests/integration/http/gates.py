"""A gate as devices call it, and what its guests hold."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from attrs import define, field
from werkzeug.test import TestResponse

from tests.integration.http.services import Service
from ticketing_core import AdmissionClaims, Event, Ticket
from ticketing_core.testing import PlainSigner

CHECK_IN = "/api/tickets/check-in/"
UNDO = "/api/tickets/check-in/undo/"
SYNC = "/api/tickets/check-in/sync/"

RUBBISH = {
    "digits": "4" * 4000,
    "an address": "https://shop.example/t/4711?code=1",
    "a wireless network": "WIFI:T:WPA;S:gate;P:secret;;",
    "another shop's code": "eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.eyJ0aWNrZXQiOjQ3MTF9.c2lnbmVk",
    "nothing": "",
    "controls": "\0\x1b[31m\u202e",
    "a business card": "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Ann\r\nEND:VCARD\r\n",
}
"""What people hold under a scanner."""

_numbers = count(1)


def new_id() -> str:
    """Return the id of a new scan."""
    return str(UUID(int=next(_numbers), version=4))


@define
class Door:
    """The gate of an event, and who stands there."""

    service: Service
    event: Event
    roles: Sequence[str] = field(default=("gate",))

    def bought(self, quantity: int = 2) -> Ticket:
        """Return an issued ticket."""
        service = self.service
        bought = service.bought(self.event, quantity=quantity)
        if "session_id" in bought:
            service.pay(bought)
            assert service.verify(bought).status_code == 200
        return service.stored(bought)

    def token(self, ticket: Ticket) -> str:
        """Return what the QR code of a ticket says."""
        return PlainSigner().sign(AdmissionClaims.of(ticket))

    def post(self, path: str, body: Mapping[str, Any], **more: Any) -> TestResponse:
        """Send a body as staff."""
        sent = {"event_id": self.event.event_id, **body}
        return self.service.post(path, sent, **({"buyer": "alice", "roles": self.roles} | more))

    def scan(self, shown: Ticket | str, people: int | None = None, **more: Any) -> dict[str, Any]:
        """Scan a ticket or any text, and return what the gate shows."""
        text = self.token(shown) if isinstance(shown, Ticket) else shown
        asked: dict[str, Any] = {} if people is None else {"admit": people}
        answer = self.post(CHECK_IN, {"token": text, "gate": "North"} | asked | more)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        body: dict[str, Any] = answer.get_json()
        return body

    def noted(self, ticket: Ticket | str, people: int = 1, **more: Any) -> dict[str, Any]:
        """Return an entry of a device's journal."""
        text = self.token(ticket) if isinstance(ticket, Ticket) else ticket
        at = self.now() - timedelta(minutes=10)
        entry = {"scan_id": new_id(), "token": text, "people": people, "gate": "South"}
        return entry | {"at": at.isoformat()} | more

    def sync(self, *entries: Any, **more: Any) -> list[dict[str, Any]]:
        """Send a journal, and return what has become of each entry."""
        body = {"sent_at": self.now().isoformat(), "scans": list(entries)} | more
        answer = self.post(SYNC, body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        results: list[dict[str, Any]] = answer.get_json()["results"]
        return results

    def get(self, what: str, **more: Any) -> TestResponse:
        """Ask for something of the event as staff."""
        path = f"/api/events/{self.event.event_id}/{what}"
        return self.service.get(path, **({"buyer": "alice", "roles": self.roles} | more))

    def now(self) -> datetime:
        """Return the service's time."""
        return self.service.clock.now()

    def stored(self, ticket: Ticket) -> Ticket:
        """Return the ticket as it is stored now."""
        found = self.service.tickets.by_id(ticket.ticket_id)
        assert found is not None
        return found


def door(service: Service, **event: Any) -> Door:
    """Return the gate of a new event, whose tickets are free."""
    return Door(service, service.event(**({"price": 0, "capacity": 10} | event)))
