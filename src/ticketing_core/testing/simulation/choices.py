"""Where decisions come from: a list that is followed, or chance; and how far they may go.

A run is a function of its decisions: the same ones give the same run.
"""

from collections.abc import Sequence
from random import Random
from typing import Literal, Protocol

from attrs import frozen

Question = Literal["who is first", "switch", "mishap"]


@frozen
class Choice:
    """One decision: ``taken`` out of ``range(options)``; 0 is what happens by itself."""

    taken: int
    options: int


class Choices(Protocol):
    """Decides, and remembers what was decided."""

    made: list[Choice]

    def choose(self, question: Question, options: int) -> int:
        """One of ``range(options)``; more than one option is asked for."""


class Followed:
    """Follows a list of decisions; after its end, whatever happens by itself."""

    def __init__(self, path: Sequence[int] = ()) -> None:
        self._path = path
        self._fits = True
        self.made: list[Choice] = []

    @property
    def fits(self) -> bool:
        """Whether the run had each decision of the list to make."""
        return self._fits and len(self.made) >= len(self._path)

    def choose(self, question: Question, options: int) -> int:
        """See `Choices.choose`."""
        del question
        position = len(self.made)
        taken = self._path[position] if position < len(self._path) else 0
        if taken >= options:
            # Raised later, by whoever repeats the run: this may be the thread of an actor.
            self._fits = False
            taken = 0
        self.made.append(Choice(taken, options))
        return taken


class ByChance:
    """Decides by a random source; most calls go well, and most actors go on.

    Args:
        random: The source.
        switch: How probable a switch is at each call, 0 to 1.
        mishap: How probable a mishap is at each call, 0 to 1.
    """

    def __init__(self, random: Random, *, switch: float, mishap: float) -> None:
        self._random = random
        self._probable = {"switch": switch, "mishap": mishap, "who is first": 1.0}
        self.made: list[Choice] = []

    def choose(self, question: Question, options: int) -> int:
        """See `Choices.choose`."""
        happens = self._random.random() < self._probable[question]
        first = 0 if question == "who is first" else 1
        taken = self._random.randrange(first, options) if happens else 0
        self.made.append(Choice(taken, options))
        return taken


@frozen(kw_only=True)
class Bounds:
    """How far decisions may go.

    Attributes:
        mishaps: The most mishaps in a run.
        switches: The most forced switches in a run that has a mishap; None means no bound.
            Runs without a mishap have none. (A switch is forced if the actor could go on.)
    """

    mishaps: int = 1
    switches: int | None = 2

    def allow_switch(self, *, mishaps: int, switches: int) -> bool:
        """Whether one more forced switch is allowed after so many of each."""
        return mishaps == 0 or self.switches is None or switches < self.switches

    def allow_mishap(self, *, mishaps: int, switches: int) -> bool:
        """Whether one more mishap is allowed after so many of each."""
        return mishaps < self.mishaps and (self.switches is None or switches <= self.switches)


NOTHING_GOES_WRONG = Bounds(mishaps=0)
