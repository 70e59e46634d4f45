"""A store of your own, in one file: for a club that sells some hundred tickets from one process.

Each step that changes something is written to the end of the file, and reaches the disk, before it
takes effect in memory; opening the file takes all steps again. The steps are those of the testing
kit's store in memory. So who gets places is decided as everywhere, by `reservation.objection`.

The store reads the whole file when it is opened, and keeps no messages for subscribers. The one in
`ticketing_adapters.sql` has neither limit.
"""

import fcntl
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from io import BytesIO
from pathlib import Path
from threading import RLock
from typing import Any, Concatenate, ParamSpec, TypeVar

from ticketing_core.errors import StoreUnavailable
from ticketing_core.testing import (
    InMemoryAdmissions,
    InMemoryEvents,
    InMemoryInstallation,
    InMemoryStrays,
    InMemoryTickets,
)

Arguments = ParamSpec("Arguments")
Outcome = TypeVar("Outcome")

Step = tuple[str, str, tuple[Any, ...], dict[str, Any]]
"""The class, its method, and the arguments."""


class Journal:
    """The file of steps. One process at a time may have it open.

    Args:
        path: Where it is; it is made if it does not exist.

    Raises:
        BlockingIOError: Another process has it open.
    """

    def __init__(self, path: Path) -> None:
        self.lock = RLock()
        # Unbuffered: nothing of a step that failed is written later.
        self._file = path.open("a+b", buffering=0)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._steps = list(self._read())
        self._replays = True

    def _read(self) -> Iterator[Step]:
        """Yield all steps, and cut off a last one that a crash has left half written."""
        self._file.seek(0)
        content, end = BytesIO(self._file.read()), 0
        # The file holds what `write` has put there, and nothing from outside.
        with suppress(EOFError, pickle.UnpicklingError):
            while True:
                yield pickle.load(content)  # noqa: S301 - as above
                end = content.tell()
        self._file.truncate(end)

    def replay(self, *repositories: object) -> None:
        """Take all steps again, with the repositories that have taken them."""
        by_name = {type(each).__name__: each for each in repositories}
        for class_name, method, arguments, named in self._steps:
            # A step that was refused then is refused again.
            with suppress(LookupError, ValueError):
                getattr(by_name[class_name], method)(*arguments, **named)
        self._steps, self._replays = [], False

    def write(self, step: Step) -> None:
        """Put a step on the disk, unless it comes from there.

        Raises:
            StoreUnavailable: The disk takes nothing more. The step is not on it.
        """
        if self._replays:
            return
        end, data = self._file.seek(0, os.SEEK_END), pickle.dumps(step)
        try:
            if self._file.write(data) != len(data):
                raise OSError("the disk is full")  # noqa: TRY301 - one way out
            os.fsync(self._file.fileno())
        except OSError as error:
            self._file.truncate(end)
            raise StoreUnavailable(str(error)) from error

    def close(self) -> None:
        """Let another process open the file."""
        self._file.close()


def kept(
    step: Callable[Concatenate[Any, Arguments], Outcome],
) -> Callable[Concatenate[Any, Arguments], Outcome]:
    """Make a step that is written to the journal before it is taken."""

    @wraps(step)
    def write_and_take(
        self: Any, /, *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Outcome:
        with self.journal.lock:
            self.journal.write((type(self).__name__, step.__name__, arguments, named))
            return step(self, *arguments, **named)

    return write_and_take


class FileEvents(InMemoryEvents):
    """Keeps events."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self.journal = journal

    add = kept(InMemoryEvents.add)
    replace = kept(InMemoryEvents.replace)


class FileTickets(InMemoryTickets):
    """Keeps tickets. A claim changes something, too: when the ticket is due next."""

    def __init__(self, events: FileEvents) -> None:
        super().__init__(events)
        self.journal = events.journal

    hold = kept(InMemoryTickets.hold)
    replace = kept(InMemoryTickets.replace)
    claim_due = kept(InMemoryTickets.claim_due)
    postpone = kept(InMemoryTickets.postpone)
    look_again = kept(InMemoryTickets.look_again)
    claim_looks = kept(InMemoryTickets.claim_looks)
    clear_look = kept(InMemoryTickets.clear_look)


class FileAdmissions(InMemoryAdmissions):
    """Keeps scans."""

    def __init__(self, events: FileEvents, tickets: FileTickets) -> None:
        super().__init__(events, tickets)
        self.journal = events.journal

    admit = kept(InMemoryAdmissions.admit)
    record = kept(InMemoryAdmissions.record)
    take_back = kept(InMemoryAdmissions.take_back)


class FileStrays(InMemoryStrays):
    """Keeps strays."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self.journal = journal

    put = kept(InMemoryStrays.put)


class FileInstallation(InMemoryInstallation):
    """Keeps the state of the installation."""

    def __init__(self, events: FileEvents) -> None:
        super().__init__(events)
        self.journal = events.journal

    move_news_position = kept(InMemoryInstallation.move_news_position)
    begin_restore = kept(InMemoryInstallation.begin_restore)
    skip_ids = kept(InMemoryInstallation.skip_ids)
    end_restore = kept(InMemoryInstallation.end_restore)


class FileStore:
    """The repositories over one file, for a `BoxOffice`, an `Organizer` and a `Gate`.

    Args:
        path: As for `Journal`.
    """

    def __init__(self, path: Path) -> None:
        self._journal = Journal(path)
        self.events = FileEvents(self._journal)
        self.tickets = FileTickets(self.events)
        self.admissions = FileAdmissions(self.events, self.tickets)
        self.strays = FileStrays(self._journal)
        self.installation = FileInstallation(self.events)
        self._journal.replay(
            self.events, self.tickets, self.admissions, self.strays, self.installation
        )

    def close(self) -> None:
        """Close the file."""
        self._journal.close()
