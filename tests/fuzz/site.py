"""The service under attack: real database, real signatures, and a look at what has changed."""

import hashlib
import hmac
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

import jwt
from attrs import define, evolve, field, frozen
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy import Table
from werkzeug.test import run_wsgi_app

from tests.support.sql_worlds import TABLES
from ticketing_adapters.sql.installation_tables import public_keys
from ticketing_core import Event, Money
from ticketing_core.testing import FakeGateway
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.access import AccessTokens
from ticketing_service.capacity.limits import Limits
from ticketing_service.capacity.rates import Rates
from ticketing_service.composition import Service, build, migrate_database
from ticketing_service.settings import PREFIX, load_settings

SECRET = "known to the issuer and to this service alone"
WEBHOOK_SECRET = "whsec_of_the_fuzzer"
CREATE = "/api/payments/create-payment-intent/"
BUYER = "42"

Headers = Sequence[tuple[str, str]]

# One key for all runs, so that a seed gives the same tokens each time.
ISSUER = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"issuer").digest())
ISSUER_PEM = ISSUER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@frozen
class Sent:
    """A request as a server hands it on (PEP 3333).

    Attributes:
        missing: How many bytes of the body never come.
        chunked: Whether its length is not told.
    """

    method: str = "GET"
    path: str = "/"
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    missing: int = 0
    chunked: bool = False

    def environ(self) -> dict[str, Any]:
        """Return the environment of the call."""
        found: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path.encode("utf-8", "surrogateescape").decode("latin-1"),
            "QUERY_STRING": self.query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(self.body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if self.chunked:
            found |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
        elif self.body or self.missing:
            found["CONTENT_LENGTH"] = str(len(self.body) + self.missing)
        for name, value in self.headers:
            key = name.upper().replace("-", "_")
            found[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
        return found


@define
class Watch:
    """Looks whether the rows of a SQLite database have changed.

    Attributes:
        tables: Which of them count.
    """

    _connection: sqlite3.Connection
    tables: Sequence[str]
    _before: str = field(default="", init=False)
    _version: int = field(default=-1, init=False)

    def changed(self) -> bool:
        """Return whether any row differs from those at the last call."""
        # It tells whether another connection has committed (sqlite.org/pragma.html).
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version == self._version:
            return False
        found = [
            sorted(map(repr, self._connection.execute(f"SELECT * FROM {each}")))  # noqa: S608 - ours
            for each in self.tables
        ]
        before, self._before, self._version = self._before, repr(found), version
        return before != self._before


@contextmanager
def watching(file: Path, tables: Sequence[Table]) -> Iterator[Watch]:
    """Give a watch over these tables."""
    with closing(
        sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)
    ) as connection:
        yield Watch(connection, [each.name for each in tables])


class Hang(BaseException):
    """A request took too long."""


def _hang(*_: object) -> None:
    raise Hang


@define
class Site:
    """The running service.

    Attributes:
        service: The parts of it.
        app: What is called.
        watch: Tells whether its database has changed.
        alarm: After how many seconds a request hangs; None to leave that to pytest.
    """

    service: Service
    app: Flask
    free: Event
    watch: Watch
    alarm: int | None = None

    def answer(self, sent: Sent) -> int:
        """Send a request and return the status of the response.

        Raises:
            Hang: There was none in time.
        """
        if self.alarm is not None:
            signal.signal(signal.SIGALRM, _hang)
            signal.alarm(self.alarm)
        try:
            _, status, _ = run_wsgi_app(self.app.wsgi_app, sent.environ(), buffered=True)
        finally:
            if self.alarm is not None:
                signal.alarm(0)
        return int(status[:3])

    def with_access(self, access: AccessTokens) -> "Site":
        """Return the same service, with another kind of access token."""
        settings = evolve(self.service.settings, access=access)
        service = evolve(self.service, settings=settings)
        return evolve(self, service=service, app=made(service))


def made(service: Service) -> Flask:
    """Return the application over a fake gateway: a network would only slow it down.

    One buyer calls thousands of times, so calls are not counted.
    """
    office = service.box_office
    gateway = FakeGateway(clock=office.clock)
    with mock.patch.object(Rates, "allow", return_value=True):
        return evolve(service, box_office=evolve(office, gateway=gateway)).wsgi(limits=Limits(8))


@contextmanager
def site(folder: Path, *, alarm: int | None = None) -> Iterator[Site]:
    """Give a service over a new SQLite database, with a paid and a free event."""
    variables = {
        "DATABASE_URL": f"sqlite:///{folder / 'fuzz.db'}",
        "JWT_SECRET": SECRET,
        "STRIPE_SECRET_KEY": "sk_test_any",
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    with ExitStack() as stack:
        stack.enter_context(
            mock.patch.dict(os.environ, {f"{PREFIX}{name}": v for name, v in variables.items()})
        )
        # Two looks at one checkout are seconds apart otherwise.
        stack.enter_context(mock.patch("ticketing_service.capacity.looks.GAP_SECONDS", 0.0))
        settings = load_settings(access=True, signing_key=True)
        migrate_database(settings)
        service = stack.enter_context(closing(build(settings, pool_size=12)))
        _event(service, price=2500)
        free = _event(service, price=0)
        watch = stack.enter_context(watching(folder / "fuzz.db", [*TABLES, public_keys]))
        yield Site(service, made(service), free, watch, alarm=alarm)


def _event(service: Service, *, price: int) -> Event:
    return stored_event(
        service.store.events, price=Money(price, "usd"), capacity=10**6, max_per_order=1000
    )


def claims(**changes: object) -> Mapping[str, object]:
    """Return claims of the buyer for the next hour."""
    now = datetime.now(UTC)
    return {"sub": BUYER, "iat": now, "exp": now + timedelta(hours=1)} | changes


def authorization(**changes: object) -> tuple[str, str]:
    """Return the header of a buyer, or of an organizer by their roles."""
    return "Authorization", f"Bearer {jwt.encode(dict(claims(**changes)), SECRET, 'HS256')}"


def stripe_signature(body: bytes, *, secret: str = WEBHOOK_SECRET, age: int = 0) -> str:
    """Return the header of a notification (docs.stripe.com/webhooks?verify=verify-manually)."""
    at = int(time.time()) - age
    mac = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"
