"""The numbers: how much one process takes on, derived from its threads at work."""

from attrs import frozen

DEFAULT_THREADS = 32
"""A request mostly waits: for the database, where waiting requests are served together, or for the
payment provider."""

FEWEST_THREADS, MOST_THREADS = 4, 128
"""With fewer there is nothing to share out. With 128 the server has 1,576 threads on one
interpreter, and may need more database connections than PostgreSQL allows by default: rather add
processes."""

QUEUE_SECONDS = 0.5
"""How long a request waits for its turn. After that, a page that tells the buyer to come back is
better than one that still loads; and a refusal has to arrive within a second in all."""

SPARE_THREADS = 8
"""Threads that never wait: they refuse requests and answer health checks. One is enough for the
work; several get a larger share of the interpreter's lock when many threads compete for it."""

CONNECTIONS = 2048
"""Open client connections, most of them idle. The server bounds nothing else that waits for a
thread, and HTTP/1.1 has one request at a time on each. If each of them stalls with the largest
headers and 8 KiB of a body, 2,048 cost 100 MB."""


OTHER_FILES = 256
"""Files of a process that belong to no thread: idle connections to the provider, logs, databases'
own files, and what Python opens while it imports."""


@frozen
class Limits:
    """The most that one process does at a time.

    Attributes:
        threads: Requests at work.
    """

    threads: int

    @property
    def purchases(self) -> int:
        """How many of these may be new purchases: buyers who have paid go first."""
        return self.threads * 3 // 4

    @property
    def purchases_first(self) -> int:
        """With fewer purchases at work than this, a waiting one goes before all others."""
        return self.threads // 4

    @property
    def queue_length(self) -> int:
        """How many purchases, and how many other requests, may wait for their turn."""
        return self.threads

    @property
    def line_threads(self) -> int:
        """Purchases that wait in the line. They hold no slot meanwhile.

        By default as many as are served within four seconds at 25 a second.
        """
        return self.threads * 3

    @property
    def open_threads(self) -> int:
        """Threads that open checkouts, after their turn in the line; they hold no slot either.

        By default enough for 25 calls a second that take two seconds each.
        """
        return self.threads * 2

    @property
    def other_call_threads(self) -> int:
        """Threads that make other calls of the payment provider or wait to; as above.

        By default enough for a crowd that comes back from its checkouts at once.
        """
        return self.threads * 2

    @property
    def look_threads(self) -> int:
        """Threads that wait for the look of another thread at the same checkout; as above."""
        return self.threads * 2

    @property
    def repeat_threads(self) -> int:
        """Threads of purchases that wait for the first one under the same key; as above.

        A double click waits for as long as a checkout takes to open, and few buyers click twice.
        """
        return self.threads // 4

    @property
    def server_threads(self) -> int:
        """Threads of the server: for requests at work, waiting ones, and refusals."""
        opening = self.line_threads + self.open_threads
        calls = opening + self.other_call_threads + self.look_threads
        waiting = 2 * self.queue_length + self.repeat_threads
        return self.threads + waiting + calls + SPARE_THREADS

    @property
    def files(self) -> int:
        """Open files besides client connections: each thread has one connection at work at most."""
        return self.server_threads + OTHER_FILES
