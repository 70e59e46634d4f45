"""The auditor of benchmarks and chaos tests: what is stored and paid against what clients know.

`receipts` remembers the answers, `books` reads database and gateway, `checks` compares the two, and
`gates` does for scans.
"""

from tests.support.audit.books import Books, read_books, read_events
from tests.support.audit.checks import SOLD, place_problems, problems, settled_problems
from tests.support.audit.receipts import Receipt, Receipts, Told

__all__ = [
    "SOLD",
    "Books",
    "Receipt",
    "Receipts",
    "Told",
    "place_problems",
    "problems",
    "read_books",
    "read_events",
    "settled_problems",
]
