"""The control: an application that serves over what was made before the fork."""

from flask import Flask

from ticketing_adapters.sql import forks
from ticketing_service import wsgi
from ticketing_service.background import Background
from ticketing_service.composition import Service


def application() -> Flask:
    """Make the application, but leave its connections open and begin its jobs at once."""
    forks._refuse_inherited = lambda *_: None  # noqa: SLF001 - broken on purpose
    Service.close = lambda _: None  # type: ignore[assignment,method-assign]
    Background.around = lambda _, app: app  # type: ignore[assignment,method-assign]
    return wsgi.application(serves_here=True)
