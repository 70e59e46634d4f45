"""`ticketing demo`: sandbox, API and storefront in one command, without any settings."""

import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from ticketing_core import EventDraft, Money
from ticketing_service.access import AccessTokens
from ticketing_service.cli.attached import attached
from ticketing_service.cli.output import json_option, print_json
from ticketing_service.cli.ports import port_type, require_free_port
from ticketing_service.cli.sandbox import DEFAULT_PORT, SANDBOX_KEY
from ticketing_service.cli.token import access_token
from ticketing_service.cli.welcome import RunningDemo, print_welcome
from ticketing_service.composition import migrate_database, open_store
from ticketing_service.sandbox import WebhookEndpoint, running_sandbox
from ticketing_service.settings import PREFIX, Settings, load_settings
from ticketing_service.storefront import running_storefront, storefront_app

HOST = "127.0.0.1"

BUYER = "42"
"""The only visitor of the storefront, who also owns the printed token."""

STAFF = "alice"
"""The same visitor, at the gate."""

ORGANIZER = "olga"
"""The same visitor, at the organizer's board."""

TOKEN_LIFETIME = timedelta(hours=12)
"""A working day. The storefront renews its own token."""

START_SECONDS = 60.0
POLL_SECONDS = 0.1

SAMPLE_EVENTS = (
    EventDraft(name="Summer Night Concert", price=Money(2500, "usd"), capacity=200),
    EventDraft(name="Open Rehearsal", price=Money(0, "usd"), capacity=50, max_per_buyer=6),
    EventDraft(name="Rooftop Session", price=Money(4250, "eur"), capacity=3),
)
"""A paid one, a free one, and one that is almost sold out."""


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to keep the database. Without it the database is deleted at the end.",
)
@click.option("--api-port", type=port_type, default=8000, show_default=True)
@click.option("--storefront-port", type=port_type, default=5173, show_default=True)
@click.option("--sandbox-port", type=port_type, default=DEFAULT_PORT, show_default=True)
@json_option
def demo(
    *,
    folder: Path | None,
    api_port: int,
    storefront_port: int,
    sandbox_port: int,
    as_json: bool,
) -> None:
    """Sell a ticket on this machine, without settings or accounts.

    Starts a stand-in for Stripe, the API and a storefront with sample events, and prints what to
    open and what to call. Ctrl-C ends everything.
    """
    require_free_port(HOST, api_port, option="--api-port")
    for host in (HOST, "::1"):
        # A browser may try either for `localhost`.
        require_free_port(host, storefront_port, option="--storefront-port")
    require_free_port(HOST, sandbox_port, option="--sandbox-port")
    # SIGTERM stops the demo in order too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with (
            _folder(folder) as directory,
            _running(
                directory,
                api_port=api_port,
                storefront_port=storefront_port,
                sandbox_port=sandbox_port,
            ) as (running, process),
        ):
            if as_json:
                print_json(
                    {
                        "storefront_url": running.storefront_url,
                        "api_url": running.api_url,
                        "sandbox_url": running.sandbox_url,
                        "gate_url": running.gate_url,
                        "board_url": running.board_url,
                        "access_token": running.token,
                    }
                )
            else:
                print_welcome(running)
            sys.stdout.flush()
            while process.poll() is None:
                # Not `wait`: a signal that arrives just before it blocks would not interrupt it.
                time.sleep(POLL_SECONDS)
            raise click.ClickException("The API stopped unexpectedly; its log is above.")
    except KeyboardInterrupt:
        click.echo("The demo is over.", err=True)


@contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        try:
            chosen.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.BadParameter(
                f"the folder cannot be made: {error.strerror}", param_hint="--dir"
            ) from error
        yield chosen.resolve()
        return
    with TemporaryDirectory(prefix="ticketing-demo-") as temporary:
        yield Path(temporary)


@contextmanager
def _running(
    folder: Path, *, api_port: int, storefront_port: int, sandbox_port: int
) -> "Iterator[tuple[RunningDemo, subprocess.Popen[bytes]]]":
    storefront_url = f"http://localhost:{storefront_port}"
    api_url = f"http://{HOST}:{api_port}"
    with ExitStack() as stack:
        secret = f"whsec_{secrets.token_urlsafe(24)}"
        webhook = WebhookEndpoint(f"{api_url}/api/payments/webhook/", secret)
        sandbox = stack.enter_context(
            running_sandbox(host=HOST, port=sandbox_port, webhook=webhook)
        )
        settings = _set_up(
            folder,
            frontend_url=storefront_url,
            stripe_api_base=sandbox.url,
            webhook_secret=secret,
        )
        # The stand-in for Stripe begins anew each time, so it is another account for a kept folder.
        serve = [sys.executable, "-m", "ticketing_service.cli", "serve", "--new-account"]
        process = stack.enter_context(attached([*serve, "--host", HOST, "--port", str(api_port)]))
        make_token = _token_maker(settings.access, user=BUYER)
        shop = storefront_app(
            url=storefront_url,
            api_url=api_url,
            access_token=make_token,
            staff_token=_token_maker(settings.access, user=STAFF, roles=("gate",)),
            organizer_token=_token_maker(settings.access, user=ORGANIZER, roles=("organizer",)),
        )
        stack.enter_context(running_storefront(host=HOST, port=storefront_port, app=shop))
        _wait_until_ready(f"{api_url}/readyz", process)
        running = RunningDemo(
            storefront_url=storefront_url,
            api_url=api_url,
            sandbox_url=sandbox.url,
            token=make_token(),
        )
        yield running, process


def _set_up(
    folder: Path, *, frontend_url: str, stripe_api_base: str, webhook_secret: str
) -> Settings:
    """Make a database with sample events, and set the environment variables that go with it.

    From here on this process and its children see the settings of the demo and no others.
    """
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ |= {
        f"{PREFIX}DATABASE_URL": f"sqlite:///{folder / 'ticketing.db'}",
        f"{PREFIX}FRONTEND_URL": frontend_url,
        f"{PREFIX}STRIPE_API_BASE": stripe_api_base,
        f"{PREFIX}STRIPE_SECRET_KEY": SANDBOX_KEY,
        f"{PREFIX}STRIPE_WEBHOOK_SECRET": webhook_secret,
        # Off by default, but a frontend has to be seen with a payment that takes days, too.
        f"{PREFIX}STRIPE_SLOW_METHODS": "on",
        f"{PREFIX}JWT_SECRET": secrets.token_urlsafe(32),
    }
    settings = load_settings(access=True, signing_key=True)
    migrate_database(settings)
    with closing(open_store(settings)) as store:
        if not store.events.newest(before=None, limit=1):
            for draft in SAMPLE_EVENTS:
                store.events.add(draft, at=datetime.now(UTC), by="demo")
    return settings


def _token_maker(
    access: AccessTokens | None, *, user: str, roles: tuple[str, ...] = ()
) -> Callable[[], str]:
    if access is None:
        raise ValueError("load the settings with access tokens")

    def make() -> str:
        expires_at = datetime.now(UTC) + TOKEN_LIFETIME
        return access_token(access, user=user, roles=roles, expires_at=expires_at)

    return make


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    # Without the environment's proxy, which would look for the API on its own machine.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with direct.open(url, timeout=POLL_SECONDS * 10):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_SECONDS)
    raise click.ClickException("The API did not start; its log is above.")
