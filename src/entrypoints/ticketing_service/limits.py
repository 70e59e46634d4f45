"""How much one process takes on at a time: every number follows from its threads at work."""

from attrs import frozen

DEFAULT_THREADS = 32
"""Most of a request's time is waiting for the database, where those that wait together are
served together, or for the payment provider."""

FEWEST_THREADS, MOST_THREADS = 4, 128
"""With fewer, no part of the threads can be kept for anything; each may want a connection to the
database, and PostgreSQL has 100 by default."""

PATIENCE_SECONDS = 0.5
"""How long a request waits for its turn. Beyond, a page that tells the buyer to come back serves
him better than one that loads; and a refusal has to come within a second in all."""

SPARE_THREADS = 8
"""Threads that never wait: they refuse, and answer whether the process lives. One is enough for
the work; several get a larger share of the interpreter's lock when many compete for it."""

CONNECTIONS = 2048
"""Open connections of clients, most of them idle. The server has no other bound on what waits for
a thread, and HTTP/1.1 has one request at a time on each; a full house costs some 20 MB."""


@frozen
class Limits:
    """What a process does at most at a time.

    Attributes:
        threads: Requests that are at work.
    """

    threads: int

    @property
    def purchases(self) -> int:
        """Those of them that may be new purchases: money that was paid goes first."""
        return self.threads * 3 // 4

    @property
    def waiting(self) -> int:
        """Requests that wait for their turn, of purchases and of all others each."""
        return self.threads

    @property
    def server_threads(self) -> int:
        """Threads of the server: for those at work, those that wait, and the refusals."""
        waiting = 2 * self.waiting + self.opening + self.asking
        return self.threads + waiting + SPARE_THREADS

    @property
    def opening(self) -> int:
        """Threads that may be opening checkouts, or wait to. They are not at work meanwhile."""
        return self.threads * 2

    @property
    def asking(self) -> int:
        """Threads that may ask the payment provider for anything else, or wait to; as above."""
        return self.threads // 2
