"""The reader of the story knows what is newest, whatever the order in which messages come."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.integration.board.reader import Picture, Reader
from tests.support.webhook_receiver import Got
from ticketing_adapters.webhooks import new_secret


class LastThatCame(Reader):
    """Broken: compares no versions."""

    def is_newer(self, *_: object) -> bool:
        """Take each message for the newest."""
        return True


class VersionAlone(Reader):
    """Broken: does not know that versions are given again after a restore."""

    def is_newer(self, data: Any, known: Any) -> bool:
        """Compare the versions alone."""
        return known is None or known["version"] < data["version"]


def told(secret: str, *, epoch: int, version: int, status: str) -> Got:
    """Return a signed message about a ticket."""
    ticket = {"ticket_id": 1, "event_id": 1, "quantity": 2}
    counts = {"admitted": 0, "excess": 0, "refunded_minor": 0}
    data = {"epoch": epoch, "version": version, "status": status, **ticket, **counts}
    body = json.dumps({"type": f"ticket.{status}", "data": data})
    now = datetime.now(UTC)
    message_id = f"ticket_1_{epoch}_{version}"
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body),
    }
    return Got("/", headers, body.encode())


def picture_of(reader: Reader, *messages: tuple[int, int, str]) -> Picture:
    """Return what the reader knows after these messages: epoch, version, status."""
    for epoch, version, status in messages:
        reader.answer(told(reader.secret, epoch=epoch, version=version, status=status))
    return reader.picture()


def only(status: str) -> Picture:
    """Return the picture of the one ticket."""
    return {("ticket", 1): (1, status, 2, 0, 0, 0)}


def test_an_old_message_that_comes_again_changes_nothing() -> None:
    """A reader that takes the last one for the newest believes that a refunded ticket is valid."""
    came = ((1, 3, "issued"), (1, 5, "refunded"), (1, 3, "issued"))
    assert picture_of(Reader(new_secret()), *came) == only("refunded")
    assert picture_of(LastThatCame(new_secret()), *came) == only("issued")


def test_after_a_restore_lower_versions_are_newer() -> None:
    """A reader that compares versions alone keeps what the restored database has lost."""
    came = ((1, 5, "refunded"), (2, 4, "issued"), (1, 5, "refunded"))
    assert picture_of(Reader(new_secret()), *came) == only("issued")
    assert picture_of(VersionAlone(new_secret()), *came) == only("refunded")


def test_what_another_one_signed_is_not_read() -> None:
    """It raises, and the picture stays as it was."""
    reader = Reader(new_secret())
    with pytest.raises(WebhookVerificationError):
        reader.answer(told(new_secret(), epoch=1, version=3, status="issued"))
    assert reader.picture() == {}
