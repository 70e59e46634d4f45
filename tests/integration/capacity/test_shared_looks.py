"""Looks at one checkout are shared; a caller gets a finding that is new enough for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from tests.integration.capacity.looking import BUSY, CHECKOUT, OPEN, PAID, SOON, Provider
from ticketing_core.payment import CheckoutState, Closed
from ticketing_service.capacity.looks import SharedLooks
from ticketing_service.capacity.rooms import Room


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Give a provider whose looks are shared."""
    started = Provider()
    yield started
    started.close()


@pytest.fixture(autouse=True)
def _gap(monkeypatch: pytest.MonkeyPatch) -> None:
    set_gap(monkeypatch, 0.0)


def set_gap(monkeypatch: pytest.MonkeyPatch, seconds: float, *, patience: float = SOON) -> None:
    """Change how far apart looks begin, and how long a caller waits."""
    monkeypatch.setattr("ticketing_service.capacity.looks.GAP_SECONDS", seconds)
    monkeypatch.setattr("ticketing_service.capacity.looks.PATIENCE_SECONDS", patience)


def test_who_comes_during_a_look_takes_its_finding(provider: Provider) -> None:
    """A crowd at one checkout costs one call, and none of it waits for room at the provider."""
    provider.state = PAID
    crowd = [provider.comes() for _ in range(5)]
    provider.ends()
    assert [each.result(SOON) for each in crowd] == [PAID] * 5
    assert provider.begun == 1


def test_open_is_told_only_by_a_look_that_began_later(provider: Provider) -> None:
    """The buyer pays while a look is running, and comes back: the next look tells."""
    poll = provider.comes()
    provider.state = PAID
    verifies = [provider.comes() for _ in range(3)]
    provider.ends()
    assert poll.result(SOON) == OPEN
    provider.ends()
    assert [each.result(SOON) for each in verifies] == [PAID] * 3
    assert provider.begun == 2


def test_nothing_is_told_after_a_look_has_ended(provider: Provider) -> None:
    """The buyer pays after a look, and comes back: there is another look."""
    poll = provider.comes()
    provider.ends()
    assert poll.result(SOON) == OPEN
    provider.state = PAID
    verify = provider.comes()
    provider.ends()
    assert verify.result(SOON) == PAID


def test_news_is_told_only_by_a_look_that_began_later(provider: Provider) -> None:
    """A webhook about a refund comes while a look is running that began before the refund."""
    provider.state = PAID
    verify = provider.comes()
    provider.state = Closed()
    news = provider.comes(for_news=True)
    provider.ends()
    provider.ends()
    assert (verify.result(SOON), news.result(SOON)) == (PAID, Closed())


def test_checkouts_do_not_wait_for_one_another(provider: Provider) -> None:
    """Each has its own looks."""
    one, other = provider.comes(), provider.comes(to="co_2")
    assert provider.begun == 2
    provider.ends()
    provider.ends()
    assert (one.result(SOON), other.result(SOON)) == (OPEN, OPEN)


def looks_within_a_gap(provider: Provider) -> int:
    """Look twice in a row, and return how many looks there were."""
    first = provider.comes()
    provider.ends()
    assert first.result(SOON) == OPEN
    second = provider.comes()
    provider.ends()
    assert second.result(SOON) in (OPEN, BUSY)
    return provider.begun


def test_looks_begin_apart(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that polls all the time costs one call in the gap; it waits for the next look."""
    set_gap(monkeypatch, SOON, patience=0.01)
    assert looks_within_a_gap(provider) == 1


def test_without_a_gap_is_the_control(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each poll would be a call: the test above would fail."""
    set_gap(monkeypatch, 0.0, patience=0.01)
    assert looks_within_a_gap(provider) == 2


def test_a_look_begins_when_the_gap_is_over(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of those who wait then makes it."""
    set_gap(monkeypatch, 0.05)
    provider.close()
    looked = [provider.looks.look_up(CHECKOUT, lambda: OPEN) for _ in range(3)]
    assert looked == [OPEN] * 3


def test_waiting_has_an_end(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the provider is silent, those who wait are told so."""
    set_gap(monkeypatch, 0.0, patience=0.01)
    looking = provider.comes()
    assert provider.comes().result(SOON) == BUSY
    provider.ends()
    assert looking.result(SOON) == OPEN


def test_a_crowd_at_one_checkout_uses_up_only_the_room_to_wait() -> None:
    """Those who find none are told so at once; other checkouts are looked at."""
    provider = Provider(make=lambda _: SharedLooks(waiting=Room(1)))
    with ThreadPoolExecutor(2) as pool:
        looking = provider.comes()
        waiting = pool.submit(provider.looks.look_up, CHECKOUT, lambda: PAID)
        results = SimpleQueue[CheckoutState]()
        while results.empty():
            if provider.looks.look_up(CHECKOUT, lambda: PAID) == BUSY:
                results.put(BUSY)
        assert provider.looks.look_up("co_2", lambda: PAID) == PAID
        provider.close()
    assert looking.result(SOON) == OPEN
    assert waiting.result(SOON) in (PAID, BUSY)


def test_a_look_that_fails_leaves_nobody_waiting(provider: Provider) -> None:
    """A bug in one look reaches its own caller; the others look again."""

    def fails() -> CheckoutState:
        raise ValueError

    for _ in range(2):
        with pytest.raises(ValueError, match=r"^$"):
            provider.looks.look_up(CHECKOUT, fails)


def test_checkouts_are_forgotten(provider: Provider) -> None:
    """Millions of them do not fill the memory."""
    provider.close()
    for number in range(10):
        provider.looks.look_up(f"co_{number}", lambda: PAID)
    assert len(provider.looks._lines) == 1  # noqa: SLF001 - what is kept shows nowhere else


def test_a_gap_is_kept_while_other_checkouts_are_looked_at(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forgetting comes after the gap, not before."""
    set_gap(monkeypatch, SOON, patience=0.01)
    provider.close()
    looked = [provider.looks.look_up(name, lambda: PAID) for name in (CHECKOUT, "co_2", CHECKOUT)]
    assert looked == [PAID, PAID, BUSY]


def test_a_closed_checkout_is_looked_at_anew(provider: Provider) -> None:
    """A look that began before the close may still find it open; who comes later is not told so."""
    before = provider.comes()
    provider.state = Closed()
    after = provider.comes()
    provider.ends()
    provider.ends()
    assert (before.result(SOON), after.result(SOON)) == (OPEN, Closed())
