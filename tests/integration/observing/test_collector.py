"""The figures of a scrape: read seldom, by one thread, and missing while the database is away."""

from collections.abc import Iterator
from threading import Event as Flag

from attrs import field, frozen
from prometheus_client import CollectorRegistry

from ticketing_core.errors import StoreUnavailable
from ticketing_service.observing.figures import FIGURES, FigureCollector


@frozen
class Number:
    """A figure of the test."""

    name: str = "strays"
    value: float = 3.0
    labels: dict[str, str] = field(factory=dict)


def samples(collector: FigureCollector) -> dict[str, float]:
    """Return the samples of one scrape."""
    registry = CollectorRegistry()
    registry.register(collector)
    return {each.name: each.value for metric in registry.collect() for each in metric.samples}


def test_scrapes_that_follow_each_other_share_a_reading() -> None:
    """The control: two collectors read twice."""
    read: list[int] = []

    def reading() -> list[Number]:
        read.append(1)
        return [Number()]

    collector = FigureCollector(reading)
    for _ in range(2):
        assert samples(collector) == {"ticketing_database_up": 1, "ticketing_strays": 3}
    assert len(read) == 1
    samples(FigureCollector(reading))
    assert len(read) == 2


def test_a_database_that_is_away_is_told_and_asked_again() -> None:
    """Without numbers that may be wrong by now."""
    answers: Iterator[bool] = iter([False, True])

    def reading() -> list[Number]:
        if not next(answers):
            raise StoreUnavailable("away")
        return [Number()]

    collector = FigureCollector(reading)
    assert samples(collector) == {"ticketing_database_up": 0}
    assert samples(collector) == {"ticketing_database_up": 1, "ticketing_strays": 3}


def test_a_database_that_hangs_holds_up_no_scrape_and_gets_one_reading() -> None:
    """However often Prometheus asks. Its answer is told when it comes."""
    goes_on, read = Flag(), list[int]()

    def reading() -> list[Number]:
        read.append(1)
        goes_on.wait()
        return [Number()]

    collector = FigureCollector(reading, patience=0.01)
    for _ in range(3):
        assert samples(collector) == {"ticketing_database_up": 0}
    assert len(read) == 1
    goes_on.set()
    collector._patience = 30  # noqa: SLF001 - until it ends
    assert samples(collector)["ticketing_strays"] == 3


def test_every_figure_has_a_text() -> None:
    """One without could not be told: a figure of another name is a bug."""
    assert all(text.endswith(".") for text in FIGURES.values())
