"""What a figure reports: rows of the table, points of the plot, and what its audits found."""

import statistics
from collections.abc import Mapping, Sequence

from attrs import field, frozen

from benchmarks.load import Result
from benchmarks.load.result import OK


@frozen(kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        figure: What was measured.
        measured: Its value.
        yardstick: What it is compared with: a yardstick from the same run, or a bound.
        yardstick_value: The yardstick's value, in the same unit.
        goal: The wanted ratio of the two values.
        at_least: Whether a larger ratio is better.
        detail: What else was seen.
    """

    figure: str
    measured: float
    unit: str = "/s"
    yardstick: str
    yardstick_value: float
    goal: float = 1.0
    at_least: bool = True
    detail: str = ""

    @property
    def ratio(self) -> float:
        """The measured value in yardsticks; NaN where the yardstick has no value."""
        return self.measured / self.yardstick_value if self.yardstick_value else float("nan")

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal

    @property
    def verdict(self) -> str:
        """Whether the goal is reached, or by how much it is missed."""
        if self.reached:
            return "yes"
        if self.ratio != self.ratio:
            return "not measured"
        return f"no: {abs(self.ratio / self.goal - 1):.0%} {'short' if self.at_least else 'over'}"


@frozen(kw_only=True)
class Point:
    """One service at one number of connections."""

    connections: int
    per_second: float
    p99_seconds: float


@frozen(kw_only=True)
class Audit:
    """The result of one audit.

    Attributes:
        problems: All that is wrong, each in one sentence.
        audited: How many answers were compared with the database.
    """

    problems: Sequence[str] = ()
    audited: int = 0


@frozen(kw_only=True)
class Report:
    """The outcome of one figure.

    Attributes:
        rows: Worth nothing if an audit found problems.
        curves: Points for the plot, by service.
    """

    rows: Sequence[Row] = ()
    audits: Sequence[Audit] = ()
    curves: Mapping[str, Sequence[Point]] = field(factory=dict)

    @property
    def problems(self) -> Sequence[str]:
        """What all audits found."""
        return [problem for audit in self.audits for problem in audit.problems]

    @property
    def audited(self) -> int:
        """How many answers were audited in all."""
        return sum(audit.audited for audit in self.audits)


def compared(
    *,
    figure: str,
    product: Sequence[Result],
    yardstick: str,
    beside: Sequence[Result],
    goal: float,
    status: int = OK,
    detail: str | None = None,
) -> Row:
    """Return the row of the product's rate beside a yardstick's, each the median of its windows.

    Args:
        figure: What was measured.
        product: The product's windows.
        yardstick: The yardstick's name.
        beside: The yardstick's windows.
        goal: The wanted ratio.
        status: The status of the product's answers that count.
        detail: What else was seen, if not the product's latencies and other answers.
    """
    return Row(
        figure=figure,
        measured=median_rate(product, status=status),
        yardstick=yardstick,
        yardstick_value=median_rate(beside),
        goal=goal,
        detail=described(product, status=status) if detail is None else detail,
    )


def rows_beside(
    *,
    figure: str,
    product: Sequence[Result],
    yardstick: str,
    windows: Sequence[Result],
    goal: float,
    status: int = OK,
) -> Sequence[Row]:
    """Return the product's rates beside a yardstick's, for a second of processor time and of time.

    Processor time comes first, as other programs on the machine change it less.
    """
    of_product, of_yardstick = per_cpu_second(product, status=status), per_cpu_second(windows)
    size = statistics.median(each.bytes_per_answer(status=status) for each in product)
    return [
        Row(
            figure=f"{figure}, for a second of processor time",
            measured=of_product,
            yardstick=yardstick,
            yardstick_value=of_yardstick,
            goal=goal,
            detail=f"{1000 / of_product:.2f} ms each, {yardstick} {1000 / of_yardstick:.2f} ms; "
            f"{size:,.0f} bytes an answer",
        ),
        compared(
            figure="the same, for a second",
            product=product,
            yardstick=yardstick,
            beside=windows,
            goal=goal,
            status=status,
        ),
    ]


def per_cpu_second(windows: Sequence[Result], *, status: int = OK) -> float:
    """Return the answers for each second of processor time, in the median window."""
    return statistics.median(each.per_cpu_second(status=status) for each in windows)


def median_rate(windows: Sequence[Result], *, status: int = OK) -> float:
    """Return the answers a second with this status, in the median window."""
    return statistics.median(each.summary(status=status).per_second for each in windows)


def described(windows: Sequence[Result], *, status: int = OK) -> str:
    """Return the median p50 and p99, and the number of answers with any other status."""
    summaries = [each.summary(status=status) for each in windows]
    p50 = statistics.median(each.p50 for each in summaries)
    p99 = statistics.median(each.p99 for each in summaries)
    others = [
        f"{count} x {other}"
        for window in windows
        for other, count in sorted(window.statuses().items())
        if other != status
    ]
    unanswered = sum(len(window.unanswered) for window in windows)
    if unanswered:
        others.append(f"{unanswered} unanswered")
    return f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms {', '.join(others)}".strip()
