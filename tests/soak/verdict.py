"""Decides whether memory stayed flat, and whether settling kept up."""

from collections.abc import Sequence
from itertools import combinations
from statistics import median

from attrs import frozen

from tests.soak.samples import Sample

_FIRST_USES_MEGABYTES = 12.0
"""What the first uses of threads, connections and caches may take in the second half, however short
it is: twice what they take in that of the shortest run, 4 to 7 MB."""

_FIRST_USES_OF_A_BACKEND = 3.0
"""The same for a backend of PostgreSQL: as much as a new one has."""

_TIMES_AN_HOUR = 2.0
"""How often the same may be taken on top in each hour. A worker of 120 MB that grew faster would
pass half a gigabyte within a night, in which nobody looks; less drowns in the noise."""

_HOUR = 3600.0

_OVERDUE_SECONDS = 300.0
"""What a process that was killed had claimed waits for a minute, or for longer if it was claimed
before; and what the next one claims first takes its time."""


@frozen(kw_only=True)
class Growth:
    """How a size has changed in the second half of a run; in MB.

    Attributes:
        grown: The robust slope times the length of the second half.
        allowed: The most that counts as flat.
    """

    of: str
    middle: float
    end: float
    grown: float
    allowed: float

    @property
    def is_flat(self) -> bool:
        """Whether it has not grown by more than is allowed."""
        return self.grown <= self.allowed


def growths(samples: Sequence[Sample], *, seconds: float) -> list[Growth]:
    """Return how the memory of each process and of PostgreSQL has changed in the second half.

    Args:
        samples: All of the run.
        seconds: What it was to last. If it took longer, its second half began later.
    """
    second_half = [each for each in samples if each.at >= samples[-1].at - seconds / 2]
    names = [f"process {number + 1}" for number in range(len(second_half[0].processes))]
    return [
        *(
            growth(name, [(each.at, each.processes[number]) for each in second_half])
            for number, name in enumerate(names)
        ),
        growth(
            "a backend of PostgreSQL",
            [(each.at, each.backend) for each in second_half],
            first_uses=_FIRST_USES_OF_A_BACKEND,
        ),
    ]


def overdue(samples: Sequence[Sample]) -> list[str]:
    """Return what is wrong with settling, in a sentence."""
    most = max(each.overdue for each in samples)
    if most <= _OVERDUE_SECONDS:
        return []
    return [f"a ticket was due for {most:.0f} s, and {_OVERDUE_SECONDS:.0f} s are allowed"]


def growth(
    of: str,
    points: Sequence[tuple[float, float]],
    *,
    first_uses: float = _FIRST_USES_MEGABYTES,
) -> Growth:
    """Judge a size by its values at times in seconds."""
    seconds = points[-1][0] - points[0][0]
    few = max(1, len(points) // 10)
    return Growth(
        of=of,
        middle=median(size for _, size in points[:few]),
        end=median(size for _, size in points[-few:]),
        grown=_slope(points) * seconds,
        allowed=first_uses * (1 + _TIMES_AN_HOUR * seconds / _HOUR),
    )


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the median of the slopes between all pairs of points (Theil and Sen).

    A quarter of the points may lie anywhere: a request with a large body, or a collection of
    garbage that has not come yet, is no leak.
    """
    return median(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for earlier, later in combinations(points, 2)
    )
