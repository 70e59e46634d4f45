"""Somebody who cancels an event while people buy, and repeats it until an answer says so."""

import time

import requests
from attrs import field, frozen

from tests.integration.chaos.site import BACK_AGAIN_SECONDS, Site
from tests.support.audit import Receipts
from tests.support.server import access_token
from ticketing_adapters.sql import SqlTickets

MOST_TRIES = 40
"""Each may end with a kill, or with a sum that somebody has changed by paying."""

PAUSE_SECONDS = 0.2


@frozen(kw_only=True)
class Canceller:
    """Cancels the doomed event once the sale has gone on for so long."""

    site: Site
    after_seconds: float
    receipts: Receipts = field(factory=Receipts)

    def run(self) -> Receipts:
        """Cancel it: close the sale, look what goes back, and confirm."""
        self.site.over.wait(self.after_seconds)
        tickets = SqlTickets(self.site.engine)
        # Before anything is issued, it would only show that nothing goes back.
        while not tickets.to_refund(self.site.doomed).tickets:
            if self.site.over.wait(PAUSE_SECONDS):
                break
        for _ in range(MOST_TRIES):
            assert self.site.up.wait(BACK_AGAIN_SECONDS), "the service did not come back"
            try:
                is_done = self._cancel()
            except requests.RequestException:
                continue
            if is_done:
                self.site.cancelled.set()
                return self.receipts
            # The pace of its tries, not a synchronization.
            time.sleep(PAUSE_SECONDS)
        self.receipts.lies.append("the event could not be cancelled")
        return self.receipts

    def _cancel(self) -> bool:
        server, token = self.site.server, access_token("organizer", roles=["organizer"])
        event = f"/api/events/{self.site.doomed}/"
        preview = server.get(f"{event}cancel/", token=token)
        if preview.status != 200:
            return False
        closed = server.post(f"{event}close/", {"version": preview.body["version"]}, token=token)
        preview = server.get(f"{event}cancel/", token=token)
        if not closed.status == preview.status == 200:
            return False
        confirmed = {
            "version": preview.body["version"],
            "refund_total_minor": preview.body["refund_total"]["amount_minor"],
        }
        answer = server.post(f"{event}cancel/", confirmed, token=token)
        if answer.status not in {200, 409, 503}:
            self.receipts.lies.append(f"cancelling: {answer.status} {answer.content!r}")
        return answer.status == 200
