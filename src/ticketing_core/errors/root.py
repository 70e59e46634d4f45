"""The root of the tree of errors, and how a use case declares which of them it may raise."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, ClassVar, TypeVar


class TicketingError(Exception):
    """The root of the tree: what kept a call from its result.

    Catch the facts that you can act on, or this class and show `detail`. The attributes of a
    subclass are what a program can act on. Two errors are equal if they are of one class and their
    attributes are equal. A use case raises a copy of one that a port returned: a port may return
    the same object again, and a raised one keeps its traceback alive.

    Attributes:
        code: The stable name of the fact: the name of the class in snake case. An abstract class
            stands for all facts below it, and has none.
    """

    code: ClassVar[str]
    _text: ClassVar[str] = ""
    _wait: ClassVar[timedelta | None] = None

    def __init_subclass__(cls, *, abstract: bool = False) -> None:
        super().__init_subclass__()
        if not abstract:
            cls.code = code_of(cls)
        # By name, since attrs makes a second class of one with slots.
        _TREE[cls.__name__] = cls

    @property
    def detail(self) -> str:
        """The fact in plain English, fit to be shown to a buyer."""
        return self._text.format(self=self)

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later without anybody changing it."""
        return False

    @property
    def retry_after(self) -> timedelta | None:
        """How long to wait before a retry, where waiting helps."""
        return self._wait if self.retryable else None

    def __str__(self) -> str:
        return self.detail

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.args == self.args

    def __hash__(self) -> int:
        return hash((type(self), self.args))


def code_of(error: type) -> str:
    """Return the name of a class in snake case, as it is written on the wire."""
    return re.sub(r"\B(?=[A-Z])", "_", error.__name__).lower()


_UseCase = TypeVar("_UseCase", bound=Callable[..., Any])
_TREE: dict[str, type[TicketingError]] = {}
_RAISED: dict[Callable[..., Any], Sequence[type[TicketingError]]] = {}


def raises(*errors: type[TicketingError]) -> Callable[[_UseCase], _UseCase]:
    """Declare which errors a use case may raise; an abstract one stands for all below it."""

    def declare(use_case: _UseCase) -> _UseCase:
        _RAISED[use_case] = [leaf for error in errors for leaf in leaves(error)]
        return use_case

    return declare


def errors_of(use_case: Callable[..., Any]) -> Sequence[type[TicketingError]]:
    """Return the errors that a use case declares."""
    return _RAISED[use_case]


def leaves(error: type[TicketingError] = TicketingError) -> Sequence[type[TicketingError]]:
    """Return the facts below an abstract error, or the error itself if it is a fact."""
    below = [each for each in _TREE.values() if error in each.__bases__]
    return [leaf for each in below for leaf in leaves(each)] if below else [error]
