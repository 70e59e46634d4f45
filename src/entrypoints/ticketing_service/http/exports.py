"""Answers in CSV, which are complete or an error.

A long one is first written into a file, page by page. So it needs little memory and no database
connection of its own, and no thread while the client reads it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from tempfile import TemporaryFile
from threading import BoundedSemaphore

from flask import Response, request
from werkzeug.wsgi import wrap_file

from ticketing_core import TicketsPage
from ticketing_core.errors import Overloaded, StoreUnavailable
from ticketing_service.http import organizer_answers as answers
from ticketing_service.observing.requests import FILE

CSV = "text/csv"

PAGE = 500
"""The number of tickets that are read at a time, and the most in an answer without a file: about
100 kB of text, within a few hundredths of a second."""

AT_ONCE = 2
"""The most long exports that one process writes at a time. Each of them keeps a slot."""

RETRY_AFTER = timedelta(seconds=5)


class Exports:
    """Writes exports of tickets. Safe to use from several threads."""

    def __init__(self) -> None:
        self._room = BoundedSemaphore(AT_ONCE)

    def response(
        self, first: TicketsPage, following: Callable[[int], TicketsPage], *, name: str
    ) -> Response:
        """Return an answer with the tickets of all pages.

        Args:
            first: The first page.
            following: Returns the page after the ticket with this id.
            name: The name of the file, without ``.csv``.

        Raises:
            Overloaded: It is long, and others are being written.
            StoreUnavailable: A page could not be read, or the disk is full.
        """
        if first.next is None:
            return csv_response("".join(_parts(first, following)), name=name)
        if not self._room.acquire(blocking=False):
            raise Overloaded(RETRY_AFTER)
        try:
            return _file_response(_parts(first, following), name=name)
        except OSError as error:
            raise StoreUnavailable(f"an export could not be written: {error}") from error
        finally:
            self._room.release()


def csv_response(text: str, *, name: str) -> Response:
    """Return an answer in CSV, to be saved as a file with this name and ``.csv``."""
    return _named(Response(text, mimetype=CSV), name)


def _parts(first: TicketsPage, following: Callable[[int], TicketsPage]) -> Iterator[str]:
    yield answers.csv_lines([answers.TICKET_COLUMNS])
    page = first
    while True:
        yield answers.csv_of_tickets(page.tickets)
        if page.next is None:
            return
        page = following(page.next)


def _file_response(parts: Iterable[str], *, name: str) -> Response:
    file = TemporaryFile()  # noqa: SIM115 - the server closes it
    try:
        for part in parts:
            file.write(part.encode())
        length = file.tell()
        file.flush()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    body = wrap_file(request.environ, file)
    response = _named(Response(body, mimetype=CSV, direct_passthrough=True), name)
    response.content_length = length
    if request.method == "GET":
        request.environ[FILE] = file
    return response


def _named(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
