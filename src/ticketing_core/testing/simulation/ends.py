"""Remembers the ends of the runs of a search, so that equal ends are settled only once."""

from collections.abc import Iterable

_END = object()


class Ends:
    """A tree of what happened in runs, step by step.

    Steps are compared, not hashed: they hold lists and dictionaries.
    """

    def __init__(self) -> None:
        self._following: list[tuple[object, Ends]] = []

    def add(self, steps: Iterable[object]) -> bool:
        """Add all steps of a run, and return whether no earlier run was equal."""
        at, is_new = self, False
        for step in (*steps, _END):
            following = next((each for known, each in at._following if known == step), None)
            if following is None:
                is_new, following = True, Ends()
                at._following.append((step, following))
            at = following
        return is_new
