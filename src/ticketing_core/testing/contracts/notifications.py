"""The contract of `NotificationReader`."""

import abc
from collections.abc import Mapping

from ticketing_core.payment import Hint, NotOurs
from ticketing_core.ports.notifications import NotificationReader
from ticketing_core.signature import Forged


class NotificationReaderContract(abc.ABC):
    """The tests of every notification reader."""

    @abc.abstractmethod
    def make_reader(self) -> NotificationReader:
        """Return a reader."""

    @abc.abstractmethod
    def own_notification(self) -> tuple[str, bytes, Mapping[str, str]]:
        """Return a checkout id, and body and headers of a genuine notification about it."""

    @abc.abstractmethod
    def foreign_notification(self) -> tuple[bytes, Mapping[str, str]]:
        """Return body and headers of a genuine notification about something else."""

    def test_a_genuine_notification_leads_to_its_checkout(self) -> None:
        """A duplicate does, too."""
        reader = self.make_reader()
        checkout_id, body, headers = self.own_notification()
        assert reader.read(body, headers) == Hint(checkout_id)
        assert reader.read(body, headers) == Hint(checkout_id)

    def test_a_notification_about_something_else_is_not_ours(self) -> None:
        """It is not a forgery, so the gateway need not send it again."""
        body, headers = self.foreign_notification()
        assert self.make_reader().read(body, headers) == NotOurs()

    def test_the_signature_covers_every_byte(self) -> None:
        """A byte added, removed or changed, or no signature at all, is a forgery."""
        reader = self.make_reader()
        _, body, headers = self.own_notification()
        for changed in (body + b" ", body[:-1], b"x" + body[1:], b""):
            assert isinstance(reader.read(changed, headers), Forged)
        assert isinstance(reader.read(body, {}), Forged)

    def test_any_bytes_can_be_read(self) -> None:
        """Reading never raises."""
        reader = self.make_reader()
        _, _, headers = self.own_notification()
        for garbage in (b"\xff\xfe", b"\0", b"[]", b"[" * 100_000, b"x" * 1_000_000):
            assert isinstance(reader.read(garbage, headers), Forged)
            assert isinstance(reader.read(garbage, dict.fromkeys(headers, "\xe9,=")), Forged)
