"""The line: who came first is next, and the one who came last leaves when it is full."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Event

import pytest
from attrs import define, field

from tests.integration.capacity.rush import SOON, wait_until
from ticketing_service.capacity import line as line_module
from ticketing_service.capacity.line import ComeBack, Line

EACH = 0.1
"""Ten calls a second."""


@define
class ManualPace:
    """Calls begin when the test says so."""

    seconds: float = EACH
    begun: Callable[[], None] = field(default=lambda: None)

    def each(self) -> float:
        """See `OpeningPace`."""
        return self.seconds

    @contextmanager
    def at_start(self, begun: Callable[[], None]) -> Iterator[None]:
        """See `OpeningPace`."""
        self.begun = begun
        yield


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one purchase at a time out of the line."""
    monkeypatch.setattr(line_module, "FEWEST_AHEAD", 1)
    monkeypatch.setattr(line_module, "AHEAD_SECONDS", 0.0)


@define
class Crowd:
    """Purchases in threads. The first has its turn until `let_go`; the others wait for theirs."""

    line: Line
    pool: ThreadPoolExecutor
    served: "SimpleQueue[int]" = field(factory=SimpleQueue)
    sent_away: "SimpleQueue[int]" = field(factory=SimpleQueue)
    busy: Event = field(factory=Event)
    let_go: Event = field(factory=Event)

    def begin(self) -> None:
        """Keep the provider busy."""
        self.pool.submit(self._keep_busy)
        assert self.busy.wait(SOON)

    def ask(self, came: int) -> "Future[ComeBack | None]":
        """Start a purchase that finds the line busy, and wait until it is in it or sent away."""
        before = self.line.waiting(), self.sent_away.qsize()
        asked = self.pool.submit(self._buy, came)
        wait_until(lambda: (self.line.waiting(), self.sent_away.qsize()) != before)
        return asked

    def order(self) -> list[int]:
        """Let all purchases have their turns, and return who was served, in order."""
        self.let_go.set()
        self.pool.shutdown()
        return [self.served.get() for _ in range(self.served.qsize())]

    def _keep_busy(self) -> None:
        with self.line.turn(0):
            self.busy.set()
            assert self.let_go.wait(SOON)

    def _buy(self, came: int) -> ComeBack | None:
        with self.line.turn(came) as told:
            (self.served if told is None else self.sent_away).put(came)
            return told


@contextmanager
def crowd(line: Line) -> Iterator[Crowd]:
    """Give a crowd at a busy line."""
    with ThreadPoolExecutor(16) as pool:
        made = Crowd(line, pool)
        made.begin()
        try:
            yield made
        finally:
            made.let_go.set()


def served_of(*came: int, places: int = 8) -> list[int]:
    """Let purchases ask in this order, and return in which order they are served."""
    with crowd(Line(places, pace=ManualPace())) as made:
        for each in came:
            made.ask(each)
        return made.order()


def test_whoever_came_first_is_next() -> None:
    """Whenever they ask, and although others asked before them."""
    assert served_of(50, 20, 40, 10, 30) == [10, 20, 30, 40, 50]


def in_order_of_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Break the line: the order is that of asking."""
    monkeypatch.setattr(line_module, "_came", lambda _: 0)
    monkeypatch.setattr(line_module, "bisect_left", lambda *_, **__: 0)


def test_the_order_of_asking_is_the_control(monkeypatch: pytest.MonkeyPatch) -> None:
    """FIFO by asking serves somebody who came later before them: the test above would fail."""
    in_order_of_asking(monkeypatch)
    assert served_of(50, 20, 40, 10, 30) == [50, 20, 40, 10, 30]


def test_the_last_to_come_leaves_a_full_line() -> None:
    """It is sent away at once, while it waits; who came before it has its place."""
    assert served_of(20, 30, 10, places=2) == [10, 20]
    assert served_of(10, 20, 30, places=2) == [10, 20]


def test_sending_away_who_asks_last_is_the_control(monkeypatch: pytest.MonkeyPatch) -> None:
    """The buyer who came first would be sent away: the test above would fail."""
    in_order_of_asking(monkeypatch)
    assert served_of(20, 30, 10, places=2) == [20, 30]


def test_the_last_to_come_is_told_while_the_others_wait() -> None:
    """Nobody has to be served first."""
    with crowd(Line(1, pace=ManualPace())) as made:
        young = made.ask(20)
        made.ask(10)
        assert young.result(SOON) is not None
        assert made.served.empty()


@pytest.mark.parametrize(("seconds", "waiting"), [(0.1, 5), (2.0, 2), (100.0, 1)])
def test_a_slow_provider_has_a_short_line(seconds: float, waiting: int) -> None:
    """Nobody waits on a page for longer than four seconds, if there are others to be served."""
    with crowd(Line(5, pace=ManualPace(seconds))) as made:
        for came in range(1, 7):
            made.ask(came)
        assert made.line.waiting() == waiting


def test_a_call_that_begins_lets_the_next_purchase_out() -> None:
    """It does not wait for the provider's answer, and a second call of one purchase counts once."""
    pace = ManualPace()
    line = Line(8, pace=pace)
    with ThreadPoolExecutor(4) as pool, line.turn(1) as told:
        assert told is None
        made = Crowd(line, pool)
        begun, second = pace.begun, made.ask(2)
        begun()
        assert second.result(SOON) is None
        begun()
        with line.turn(3) as third:
            assert third is None
            fourth = made.ask(4)
            assert line.waiting() == 1
            begun()
            assert line.waiting() == 1
        assert fourth.result(SOON) is None


def test_who_is_sent_away_counts_as_waiting() -> None:
    """The expected wait is that for all who came before: in the line, or told to come back."""
    with crowd(Line(2, pace=ManualPace())) as made:
        made.ask(10)
        made.ask(20)
        told = [made.ask(came).result(SOON) for came in (30, 40, 35)]
    turns = [round(each.turn_in / EACH) for each in told if each is not None]
    # One purchase has its turn, two wait. 35 came after 30 and before 40.
    assert turns == [3, 4, 4]


def test_who_comes_back_is_counted_once() -> None:
    """Asking again and again makes nobody's wait longer."""
    with crowd(Line(1, pace=ManualPace())) as made:
        made.ask(10)
        for _ in range(3):
            told = made.ask(20).result(SOON)
            assert told is not None
            assert round(told.turn_in / EACH) == 2
        told = made.ask(30).result(SOON)
        assert told is not None
        assert round(told.turn_in / EACH) == 3


def turn_behind_ten(monkeypatch: pytest.MonkeyPatch, *, grace: float) -> int:
    """Return which turn a buyer is told after ten have been sent away."""
    monkeypatch.setattr(line_module, "GRACE_SECONDS", grace)
    with crowd(Line(1, pace=ManualPace())) as made:
        for came in range(1, 12):
            made.ask(came)
        told = made.ask(12).result(SOON)
    assert told is not None
    return round(told.turn_in / EACH)


def test_who_does_not_come_back_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait is not that behind buyers who should have been back long ago."""
    assert turn_behind_ten(monkeypatch, grace=-1000.0) == 2


def test_waiting_behind_all_of_them_is_the_control(monkeypatch: pytest.MonkeyPatch) -> None:
    """If they were never forgotten, the test above would fail."""
    assert turn_behind_ten(monkeypatch, grace=1000.0) == 12


def test_a_buyer_is_told_to_come_back_before_their_turn() -> None:
    """By a random part of the wait, so that a crowd does not come back at once."""
    with crowd(Line(1, pace=ManualPace(10.0))) as made:
        made.ask(1)
        told = [made.ask(came).result(SOON) for came in range(2, 7)]
    for each in told:
        assert each is not None
        assert 1 <= each.after <= min(each.turn_in, 60)
    parts = {each.after / each.turn_in for each in told if each is not None and each.after < 60}
    assert len(parts) > 1


def test_waiting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the line does not move, a buyer is told to come back, and the next is not affected."""
    monkeypatch.setattr(line_module, "LONGEST_SECONDS", 0.01)
    line = Line(2, pace=ManualPace())
    with line.turn(0):
        with line.turn(1) as told:
            assert told is not None
        assert line.waiting() == 0
    with line.turn(2) as told:
        assert told is None


def test_a_waiting_purchase_lends_its_slot() -> None:
    """But not if it is sent away at once."""
    lent: SimpleQueue[str] = SimpleQueue()

    @contextmanager
    def lending() -> Iterator[None]:
        lent.put("lent")
        yield
        lent.put("back")

    with crowd(Line(1, pace=ManualPace(), while_waiting=lending)) as made:
        made.ask(10)
        assert lent.get(timeout=SOON) == "lent"
        made.ask(20)
        assert made.order() == [10]
    assert lent.get(timeout=SOON) == "back"
    assert lent.empty()


def test_a_failed_purchase_lets_the_next_one_out() -> None:
    """A bug does not stop the line."""
    line = Line(1, pace=ManualPace())
    for came in range(3):
        with pytest.raises(ValueError, match=r"^$"), line.turn(came):
            raise ValueError
    assert line.is_empty()
