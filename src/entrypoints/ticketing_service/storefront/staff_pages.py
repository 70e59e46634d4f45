"""The pages for those who run events: the gate page, and the organizer's board."""

from flask import Flask

from ticketing_service.storefront.gate_page import gate_page
from ticketing_service.storefront.script_page import script_page


def add_staff_pages(app: Flask, *, api_url: str) -> None:
    """Serve ``/gate/`` and ``/board/``, which loads scripts of the gate page.

    Args:
        app: The application that serves them.
        api_url: Where browsers reach the API, or the path to it from a page.
    """
    app.register_blueprint(gate_page(api_url=api_url))
    app.register_blueprint(script_page("board", api_url=api_url))
