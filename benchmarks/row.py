"""What a figure reports: rows of the table, and what the audit found."""

from collections.abc import Mapping, Sequence

from attrs import field, frozen


@frozen(kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        figure: What was measured.
        measured: Its value.
        yardstick: What it is compared with, from the same run; or the bound that it must keep.
        yardstick_value: That one's value, in the same unit.
        goal: The ratio of both that is wanted.
        at_least: Whether a larger ratio is better.
        detail: What else was seen.
    """

    figure: str
    measured: float
    unit: str = "/s"
    yardstick: str
    yardstick_value: float
    goal: float
    at_least: bool = True
    detail: str = ""

    @property
    def ratio(self) -> float:
        """The measured value in yardsticks; not a number where there is no yardstick."""
        return self.measured / self.yardstick_value if self.yardstick_value else float("nan")

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal

    @property
    def verdict(self) -> str:
        """Whether the goal is reached, or by how much not."""
        if self.reached:
            return "yes"
        if self.ratio != self.ratio:
            return "not measured"
        return f"no: {abs(self.ratio / self.goal - 1):.0%} {'short' if self.at_least else 'over'}"


@frozen(kw_only=True)
class Point:
    """One service at one number of connections.

    Attributes:
        p99: In seconds.
    """

    connections: int
    per_second: float
    p99: float


@frozen(kw_only=True)
class Report:
    """What one figure came to.

    Attributes:
        name: The figure's name on the command line.
        problems: What the audit found wrong; the rows are worth nothing then.
        audited: How many answers were compared with the database.
        curves: Points for the plot, by service.
    """

    name: str
    rows: Sequence[Row] = ()
    problems: Sequence[str] = ()
    audited: int = 0
    curves: Mapping[str, Sequence[Point]] = field(factory=dict)
