"""How `ticketing serve` serves.

- `server`: runs Granian and its workers, and ends them.
- `bodies_first`: reads the body of each request before the application gets it.
- `handover`: passes the listening sockets to the next process.
"""

from ticketing_service.serving.handover import Predecessor
from ticketing_service.serving.server import serve_in_workers

__all__ = ["Predecessor", "serve_in_workers"]
