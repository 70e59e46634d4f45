"""How `ticketing serve` serves: the server, bodies before requests, and handing over."""

from ticketing_service.serving.handover import Predecessor
from ticketing_service.serving.server import serve_in_workers

__all__ = ["Predecessor", "serve_in_workers"]
