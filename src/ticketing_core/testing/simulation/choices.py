"""Makes the decisions of a run, from a list or at random, and bounds them.

A run is a function of its decisions: the same decisions give the same run.
"""

from collections.abc import Sequence
from random import Random
from typing import Literal, Protocol

from attrs import frozen

Question = Literal["first", "switch", "mishap"]


@frozen
class Choice:
    """One decision: ``taken`` out of ``range(options)``. 0 is the default."""

    question: Question
    taken: int
    options: int


class Choices(Protocol):
    """Decides, and records each decision."""

    made: list[Choice]

    def choose(self, question: Question, options: int) -> int:
        """Return one of ``range(options)``, which has more than one member."""


class ListedChoices:
    """Follows a list of decisions, and takes the default after its end."""

    def __init__(self, path: Sequence[int] = ()) -> None:
        self._path = path
        self._fits = True
        self.made: list[Choice] = []

    @property
    def fits(self) -> bool:
        """Whether the run asked for every decision of the list, and each was possible."""
        return self._fits and len(self.made) >= len(self._path)

    def choose(self, question: Question, options: int) -> int:
        """See `Choices.choose`."""
        position = len(self.made)
        taken = self._path[position] if position < len(self._path) else 0
        if taken >= options:
            # The caller of the run raises: this may be the thread of an actor.
            self._fits = False
            taken = 0
        self.made.append(Choice(question, taken, options))
        return taken


class RandomChoices:
    """Decides at random; most calls succeed, and most actors go on.

    Args:
        random: The source.
        switch: The probability of a switch at each call, 0 to 1.
        mishap: The probability of a mishap at each call, 0 to 1.
    """

    def __init__(self, random: Random, *, switch: float, mishap: float) -> None:
        self._random = random
        self._probability = {"switch": switch, "mishap": mishap, "first": 1.0}
        self.made: list[Choice] = []

    def choose(self, question: Question, options: int) -> int:
        """See `Choices.choose`."""
        happens = self._random.random() < self._probability[question]
        lowest = 0 if question == "first" else 1
        taken = self._random.randrange(lowest, options) if happens else 0
        self.made.append(Choice(question, taken, options))
        return taken


@frozen(kw_only=True)
class Bounds:
    """Limits the decisions of a run. A switch is forced if the actor could go on.

    Attributes:
        mishaps: The most mishaps in a run.
        switches: The most forced switches in a run that has a mishap; None means no limit.
        calm_switches: The most forced switches in a run without a mishap; None means no limit.
    """

    mishaps: int = 1
    switches: int | None = 2
    calm_switches: int | None = None

    def allow_switch(self, *, mishaps: int, switches: int) -> bool:
        """Return whether one more forced switch is allowed after so many of each."""
        most = self.switches if mishaps else self.calm_switches
        return most is None or switches < most

    def allow_mishap(self, *, mishaps: int, switches: int) -> bool:
        """Return whether one more mishap is allowed after so many of each."""
        return mishaps < self.mishaps and (self.switches is None or switches <= self.switches)


NO_MISHAPS = Bounds(mishaps=0)
