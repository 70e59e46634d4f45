"""Gates that scan sold tickets, and record the answers."""

import io
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from queue import Empty
from random import Random
from typing import Any
from uuid import uuid4

from attrs import define, evolve, field, frozen
from PIL import Image

from tests.integration.chaos.site import Shown, Site
from tests.support.audit import Receipts, Told
from tests.support.qr_scanner import scan as read_qr_code
from tests.support.server import Answer, access_token

CHECK_IN = "/api/tickets/check-in/"
UNDO = f"{CHECK_IN}undo/"
SYNC = f"{CHECK_IN}sync/"

GATES = 2
"""As few as can meet at one ticket."""

_THINKS_SECONDS = 0.15
"""Before each call: a gate may ask ten times a second."""

_WAYS_IN = ["all"] * 3 + ["parts", "mistake", "undo first", "offline", "offline", "not heard"]

_MOST_NOTED = 5
"""Of those who went in offline, until the device sends them."""


@frozen(kw_only=True)
class Scan:
    """People who want to go in by what they show."""

    shown: Shown
    people: int
    scan_id: str = field(factory=lambda: str(uuid4()))


@define(kw_only=True)
class Gate:
    """Lets people in until the site closes: at once, in parts, by mistake, and offline.

    Without an answer it lets them in and writes an entry into its journal.
    """

    name: str
    site: Site
    rng: Random
    receipts: Receipts = field(factory=Receipts)
    _journal: list[Scan] = field(factory=list, init=False)

    def run(self) -> Receipts:
        """Scan until the site closes, and send what is left of the journal."""
        while not self.site.over.is_set():
            try:
                shown = self.site.shown.get(timeout=_THINKS_SECONDS)
            except Empty:
                continue
            if not shown.is_screenshot and self.rng.random() < 0.3:
                # Another gate sees it at nearly the same time.
                self.site.show(evolve(shown, is_screenshot=True))
            self._let_in(shown)
            if len(self._journal) >= _MOST_NOTED:
                self._sync()
        if self._journal:
            self._sync()
        # A scan buys nothing, whatever became of it.
        self.receipts.uncertain = 0
        return self.receipts

    def _let_in(self, shown: Shown) -> None:
        everybody = Scan(shown=shown, people=shown.receipt.quantity)
        match self.rng.choice(_WAYS_IN):
            case "parts":
                for _ in range(everybody.people):
                    self._ask(Scan(shown=shown, people=1))
            case "mistake":
                if self._ask(everybody):
                    self._undo(everybody)
                    self._ask(Scan(shown=shown, people=everybody.people))
            case "undo first":
                self._undo(everybody)
                self._ask(everybody)
            case "offline":
                self._journal.append(everybody)
            case "not heard":
                # More than may go in: the answer is no, but the device does not hear it.
                several = evolve(everybody, people=everybody.people + 1)
                self._ask(several)
                self._journal.append(several)
            case _:
                self._ask(everybody)

    def _ask(self, scan: Scan) -> bool:
        """Ask, perhaps twice; return whether there was an answer."""
        for _ in range(self.rng.choice([1, 1, 2])):
            body = {"admit": scan.people, "ticket_code": scan.shown.receipt.ticket_code}
            answer = self._call_about(scan, CHECK_IN, body)
            if answer is None:
                self._journal.append(scan)
                return False
            self._told(scan, answer.body["outcome"], answer.body["people"])
        return True

    def _undo(self, scan: Scan) -> None:
        body = {"ticket_code": scan.shown.receipt.ticket_code}
        answer = self._call_about(scan, UNDO, body)
        if answer is not None:
            self._told(scan, answer.body["outcome"], answer.body["people"])

    def _call_about(self, scan: Scan, path: str, body: Mapping[str, object]) -> Answer | None:
        self.receipts.scans.add(scan.scan_id)
        about = {"event_id": scan.shown.receipt.event_id, "scan_id": scan.scan_id}
        return self._call(path, {**about, **body, "gate": self.name})

    def _sync(self) -> None:
        """Send the journal, event by event. What is not answered stays in it."""
        left: list[Scan] = []
        for event_id in {scan.shown.receipt.event_id for scan in self._journal}:
            scans = [scan for scan in self._journal if scan.shown.receipt.event_id == event_id]
            self.receipts.scans |= {scan.scan_id for scan in scans}
            entries = [self._entry(scan) for scan in scans]
            sent_at = datetime.now(UTC).isoformat()
            body = {"event_id": event_id, "sent_at": sent_at, "scans": entries}
            answer = self._call(SYNC, body)
            if answer is None:
                left += scans
                continue
            for scan, result in zip(scans, answer.body["results"], strict=True):
                self._told(scan, result["outcome"], result["counted"])
        self._journal = left

    def _entry(self, scan: Scan) -> Mapping[str, Any]:
        picture = Image.open(io.BytesIO(b64decode(scan.shown.qr_code)))
        return {
            "scan_id": scan.scan_id,
            "token": read_qr_code(picture),
            "people": scan.people,
            "at": datetime.now(UTC).isoformat(),
            "gate": self.name,
        }

    def _told(self, scan: Scan, outcome: str, people: int) -> None:
        self.receipts.told.append(
            Told(
                scan_id=scan.scan_id,
                ticket_id=scan.shown.receipt.ticket_id,
                outcome=outcome,
                people=people,
            )
        )

    def _call(self, path: str, body: Mapping[str, object]) -> Answer | None:
        """Return the answer to a call; None if none comes, or one that decides nothing."""
        self.site.over.wait(_THINKS_SECONDS)
        # A new token each time: a long run outlives one.
        token = access_token(self.name, roles=["gate"])
        answer = self.site.call(path, body, token=token, receipts=self.receipts)
        if answer is None or answer.status == 503:
            return None
        if answer.status != 200:
            self.receipts.lies.append(f"{path} {body}: {answer.status} {answer.content!r}")
            return None
        return answer


def gates_at(site: Site, *, name: str, rng: Random) -> list[Gate]:
    """Return the gates of a site, with names that begin like this."""
    return [
        Gate(name=f"{name}{number}", site=site, rng=Random(rng.random()))  # noqa: S311 - not secret
        for number in range(GATES)
    ]
