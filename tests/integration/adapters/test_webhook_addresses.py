"""Webhooks go only where they may: no name and no second look-up leads them into the network."""

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.adapters.webhooks import message, subscriber
from tests.support.webhook_receiver import certified, receiving
from ticketing_adapters.webhooks import objection_to
from ticketing_adapters.webhooks import post as post_module
from ticketing_adapters.webhooks.addresses import allowed_addresses
from ticketing_core.ports.outbox import Delivered, Refused, Unanswered

PRIVATE = [
    "127.0.0.1",
    "127.255.0.9",
    "0.0.0.0",  # noqa: S104 - refused, not listened at
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2001:0:4136:e378::1",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["8.8.8.8", "193.0.6.139", "2001:4860:4860::8888", "2a00:1450::1"]


def url_of(address: str) -> str:
    """Return the address as the host of a URL."""
    return f"https://[{address}]/" if ":" in address else f"https://{address}/"


class Resolver:
    """Answers one look-up after the other, and keeps what was connected to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.connected: list[str] = []
        self.really = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.look_up)
        monkeypatch.setattr(socket, "create_connection", self.connect)

    def look_up(self, host: str, port: int, **_: Any) -> list[Any]:
        """Stand in for `socket.getaddrinfo`."""
        del host
        found = self.answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    def connect(self, address: tuple[str, int], timeout: float) -> socket.socket:
        """Stand in for `socket.create_connection`, which would look a name up again."""
        del timeout
        self.connected.append(address[0])
        raise ConnectionRefusedError


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Written out they are not stored; behind a name nothing is sent, and the subscriber waits."""
    allowed = "TICKETING_WEBHOOKS_PRIVATE=on, here and for the service"
    assert allowed in (objection_to(url_of(address), private=False) or "")
    resolver = Resolver(monkeypatch, [address], [address])
    for url in ("https://mailer.example/", url_of(address)):
        assert subscriber(url, private=False).deliver(message()) == Refused(retryable=True)
    assert resolver.connected == []


@pytest.mark.parametrize("address", PUBLIC)
def test_control_public_addresses_are_connected_to(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """The rule does not refuse everything."""
    assert objection_to(url_of(address), private=False) is None
    resolver = Resolver(monkeypatch, [address])
    to = subscriber("https://mailer.example/", private=False)
    assert to.deliver(message()) == Unanswered()
    assert resolver.connected == [address]


@pytest.mark.parametrize("address", PRIVATE)
def test_control_private_addresses_may_be_allowed(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """By the setting, over https."""
    assert objection_to(url_of(address), private=True) is None
    resolver = Resolver(monkeypatch, [address])
    assert subscriber(url_of(address)).deliver(message()) == Unanswered()
    assert resolver.connected == [address]


def test_a_host_with_one_public_address_gets_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Private ones beside it are left out, also when it does not answer."""
    resolver = Resolver(monkeypatch, ["10.0.0.1", "8.8.8.8", "127.0.0.1", "2a00:1450::1"])
    to = subscriber("https://mailer.example/", private=False)
    assert to.deliver(message()) == Unanswered()
    assert resolver.connected == ["8.8.8.8", "2a00:1450::1"]


def test_a_resolver_that_changes_its_answer_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is made to the address that was checked, and the host not looked up again."""
    resolver = Resolver(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    to = subscriber("https://mailer.example/", private=False)
    assert to.deliver(message()) == Unanswered()
    assert resolver.connected == ["8.8.8.8"]
    assert resolver.answers == [["127.0.0.1"]]


def test_control_connecting_by_name_would_follow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check of the name alone, and another look-up, end at this machine."""
    resolver = Resolver(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])

    def by_name(parts: Any, *, private: bool, seconds: float) -> Any:
        allowed_addresses(parts, private=private, seconds=seconds)
        return [(parts.hostname, 443)]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        return resolver.connect((resolver.look_up(*address)[0][4][0], address[1]), timeout)

    monkeypatch.setattr(post_module, "allowed_addresses", by_name)
    monkeypatch.setattr(socket, "create_connection", connect)
    assert subscriber("https://mailer.example/", private=False).deliver(message()) == Unanswered()
    assert resolver.connected == ["127.0.0.1"]


def test_http_stays_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that sends localhost elsewhere gets nothing in plain text."""
    resolver = Resolver(monkeypatch, ["8.8.8.8"])
    assert subscriber("http://localhost/").deliver(message()) == Refused(retryable=True)
    assert resolver.connected == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://mailer.example/", "https address"),
        ("mailer.example", "https address"),
        ("https://", "https address"),
        ("https:///hook", "https address"),
        ("https://mailer.example:0/", "https address"),
        ("https://mailer.example:99999/", "https address"),
        ("https://[::1/", "https address"),
        ("https://a..b/", "https address"),
        (f"https://{'a' * 64}.example/", "https address"),
        ("http://mailer.example/", "localhost"),
        ("https://user:password@mailer.example/", "user"),
        ("https://mailer.example\\@127.0.0.1/", "user"),
        ("https://mailer.example/#top", "fragment"),
        ("https://mailer.example/#", "fragment"),
        ("https://mailer.example/a b", "blanks"),
        ("https://mailer.example/\r\nHost: a", "blanks"),
        ("https://mäiler.example/", "ASCII"),
        ("https://mailer.example/" + "a" * 2000, "2000"),
    ],
)
def test_addresses_with_a_mistake_are_not_stored(url: str, why: str) -> None:
    """Whatever may be private, and the words do not show the address."""
    for private in (False, True):
        assert why in (objection_to(url, private=private) or "")
        assert "mailer.example/" not in (objection_to(url, private=private) or "").replace(
            "https://mailer.example/webhooks", ""
        )


@pytest.mark.parametrize("url", ["http://localhost:1/", "http://127.0.0.1/", "http://[::1]:1/"])
def test_plain_http_needs_the_setting_and_this_machine(url: str) -> None:
    """For development, and for a service beside it."""
    assert "TICKETING_WEBHOOKS_PRIVATE" in (objection_to(url, private=False) or "")
    assert objection_to(url, private=True) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_tls_is_checked_against_the_host(tmp_path: Path, host: str) -> None:
    """A certificate for it is taken; one for another name, or of a stranger, is no answer."""
    server, client = certified(tmp_path, host)
    with receiving(host=host, tls=server) as receiver:
        here = url_of(host)[:-1]
        to = subscriber(f"{here}:{receiver.port}/", tls=client)
        assert urlsplit(to.subscription.url or "").hostname == host
        assert to.deliver(message()) == Delivered()
        assert subscriber(f"{here}:{receiver.port}/").deliver(message()) == Unanswered()
        assert len(receiver.got) == 1
    server, client = certified(tmp_path, "mailer.example")
    with receiving(host=host, tls=server) as receiver:
        to = subscriber(f"{here}:{receiver.port}/", tls=client)
        assert to.deliver(message()) == Unanswered()
        assert receiver.got == []


def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It could reach what is refused here."""
    with receiving() as proxy, receiving() as receiver:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            for spelt in (name, name.upper()):
                monkeypatch.setenv(spelt, f"http://127.0.0.1:{proxy.port}")
        to = subscriber(f"http://127.0.0.1:{receiver.port}/")
        assert to.deliver(message()) == Delivered()
    assert proxy.got == []
