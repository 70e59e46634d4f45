"""The example that mails tickets, against a real SMTP server."""

import importlib.util
import smtplib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as Mail
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from attrs import define, evolve, field

from tests.integration.adapters.webhooks import message
from tests.support.ports import free_ports
from ticketing_core import MessageKind
from ticketing_core.ports.outbox import Delivered, DeliveryOutcome, Refused, Unanswered

EXAMPLE = Path(__file__).parents[2] / "examples/mail_subscriber.py"


@define
class Mailbox:
    """Takes mail, or answers as it is told."""

    mails: list[Mail] = field(factory=list)
    to_recipients: str = "250 OK"
    to_data: str = "250 OK"

    async def handle_RCPT(  # noqa: N802 - the name that the server looks for
        self, _server: object, _session: object, envelope: Any, address: str, _options: object
    ) -> str:
        """Answer the name of a recipient."""
        if self.to_recipients.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipients

    async def handle_DATA(  # noqa: N802 - as above
        self, _server: object, _session: object, envelope: Any
    ) -> str:
        """Take a mail."""
        self.mails.append(message_from_bytes(envelope.content))
        return self.to_data


@define
class Post:
    """A mail server, and the example that sends by it."""

    box: Mailbox
    subscriber: Any

    def sends(self, **changes: Any) -> DeliveryOutcome:
        """Deliver a message."""
        data = {"ticket_id": 7, "quantity": 2}
        outcome: DeliveryOutcome = self.subscriber.deliver(message(data=data, **changes))
        return outcome


def example() -> ModuleType:
    """Return the module, from its file."""
    spec = importlib.util.spec_from_file_location("mail_subscriber", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def post() -> Iterator[Post]:
    """Give a mail server that takes everything."""
    box = Mailbox()
    [port] = free_ports(1)
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield Post(
            box,
            example().MailSubscriber(
                connect=lambda: smtplib.SMTP("127.0.0.1", port, timeout=5),
                sender="tickets@shop.example",
                address_of={7: "buyer@mail.example"}.get,
                ticket_url="https://shop.example/tickets/",
            ),
        )
    finally:
        server.stop()


def test_a_buyer_gets_mail_about_their_ticket(post: Post) -> None:
    """At the address that the program looks up, with the way to the ticket."""
    assert post.sends() == Delivered()
    [mail] = post.box.mails
    assert mail["To"] == "buyer@mail.example"
    assert mail["From"] == "tickets@shop.example"
    assert "https://shop.example/tickets/7\n" in str(mail.get_payload()).replace("\r", "")


def test_a_message_that_comes_again_is_the_same_mail(post: Post) -> None:
    """With the same Message-ID; another message has another one."""
    for _ in range(2):
        assert post.sends() == Delivered()
    assert post.sends(version=4) == Delivered()
    first, again, other = post.box.mails
    assert first.as_bytes() == again.as_bytes()
    assert first["Message-ID"] == "<ticket_7b0c_1_3@shop.example>"
    assert other["Message-ID"] != first["Message-ID"]


def test_no_mail_is_sent_for_other_kinds_or_without_an_address(post: Post) -> None:
    """They are taken all the same."""
    for kind in set(MessageKind) - {MessageKind.TICKET_ISSUED}:
        assert post.sends(kind=kind) == Delivered()
    nowhere = evolve(post.subscriber, address_of=lambda _: None)
    assert evolve_post(post, nowhere).sends() == Delivered()
    assert post.box.mails == []


def evolve_post(post: Post, subscriber: Any) -> Post:
    """Return the same mail server with another subscriber."""
    return Post(post.box, subscriber)


@pytest.mark.parametrize("step", ["to_recipients", "to_data"])
@pytest.mark.parametrize(
    ("answer", "retryable"), [("550 no such mailbox", False), ("451 try later", True)]
)
def test_what_the_server_refuses(post: Post, step: str, answer: str, *, retryable: bool) -> None:
    """For good, this mail alone is given up one day; for now, all mail waits."""
    setattr(post.box, step, answer)
    assert post.sends() == Refused(retryable=retryable)


@pytest.mark.parametrize("address", ["jürgen@mail.example", "a@mail.example, b@mail.example", ","])
def test_an_address_that_cannot_get_mail(post: Post, address: str) -> None:
    """This mail alone is given up, and no traceback names the buyer."""
    post.box.to_recipients = "550 no such mailbox"
    odd = evolve(post.subscriber, address_of=lambda _: address)
    assert evolve_post(post, odd).sends() == Refused(retryable=False)


def test_a_server_that_knows_ascii_alone(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address with other letters stops no other mail."""
    odd = evolve_post(post, evolve(post.subscriber, address_of=lambda _: "jürgen@mail.example"))
    assert odd.sends() == Delivered()
    monkeypatch.setattr(smtplib.SMTP, "has_extn", lambda *_: False)
    assert odd.sends() == Refused(retryable=False)


def test_a_server_that_is_away_leaves_it_open(post: Post) -> None:
    """The message comes again."""
    [nobody] = free_ports(1)
    away = evolve(post.subscriber, connect=lambda: smtplib.SMTP("127.0.0.1", nobody, timeout=5))
    assert evolve_post(post, away).sends() == Unanswered()
