"""How `ticketing serve` serves: the server, and bodies that are read before a request counts."""

from ticketing_service.serving.server import serve_in_workers

__all__ = ["serve_in_workers"]
