"""The contract of `NotificationReader`."""

import abc
from collections.abc import Mapping

from ticketing_core.payment import Hint, NotOurs
from ticketing_core.ports.notifications import NotificationReader
from ticketing_core.signature import Forged


class NotificationReaderContract(abc.ABC):
    """What every reader does. Inherit, and say how to make one and how genuine news looks."""

    @abc.abstractmethod
    def make_reader(self) -> NotificationReader:
        """A reader."""

    @abc.abstractmethod
    def news_of_ours(self) -> tuple[str, bytes, Mapping[str, str]]:
        """The id of a checkout of ours, and the body and headers of genuine news of it."""

    @abc.abstractmethod
    def news_of_others(self) -> tuple[bytes, Mapping[str, str]]:
        """The body and headers of genuine news of something else."""

    def test_genuine_news_leads_to_its_checkout(self) -> None:
        """As often as it comes."""
        reader = self.make_reader()
        checkout_id, body, headers = self.news_of_ours()
        assert reader.read(body, headers) == Hint(checkout_id)
        assert reader.read(body, headers) == Hint(checkout_id)

    def test_news_of_something_else_is_not_ours(self) -> None:
        """It is no forgery, so it need not be sent again."""
        body, headers = self.news_of_others()
        assert self.make_reader().read(body, headers) == NotOurs()

    def test_the_signature_is_over_the_very_bytes(self) -> None:
        """One byte more, less or other, or no signature at all."""
        reader = self.make_reader()
        _, body, headers = self.news_of_ours()
        for changed in (body + b" ", body[:-1], b"x" + body[1:], b""):
            assert isinstance(reader.read(changed, headers), Forged)
        assert isinstance(reader.read(body, {}), Forged)

    def test_any_bytes_are_answered(self) -> None:
        """Reading never raises."""
        reader = self.make_reader()
        _, _, headers = self.news_of_ours()
        for garbage in (b"\xff\xfe", b"\0", b"[]", b"[" * 100_000, b"x" * 1_000_000):
            assert isinstance(reader.read(garbage, headers), Forged)
            assert isinstance(reader.read(garbage, dict.fromkeys(headers, "\xe9,=")), Forged)
