"""The audit of the figure of news: it finds a reading or a look that was left out."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve

from benchmarks.bench import Bench, open_bench
from benchmarks.figures import news
from benchmarks.pace import QUICK


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Give a bench for a few tickets."""
    pace = evolve(QUICK, news_tickets=200, moved=10)
    with open_bench(pace=pace, progress=lambda _: None) as opened:
        yield opened


def test_all_that_moved_is_found(bench: Bench) -> None:
    """The audit accepts a reading and its looks: no payment was looked at twice."""
    report = news.news(bench)
    assert report.problems == []
    looks = [row for row in report.rows if "looks" in row.figure]
    assert [row.measured for row in looks] == [10, 10]


def test_news_without_looks_is_the_control(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """If nothing looks at the payments, the audit says what the tickets do not show."""

    def settle_nothing(_office: Any) -> Iterator[Any]:
        return iter(())

    monkeypatch.setattr(news, "settle_all", settle_nothing)
    problems = news.news(bench).problems
    assert any("are refunded, disputed and still noted" in problem for problem in problems)
