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
from attrs import asdict

from ticketing_service.access import AccessTokens
from ticketing_service.cli.attached import attached
from ticketing_service.cli.demo_addresses import (
    HOST,
    STOREFRONT_PORT,
    DemoAddresses,
    frontend_address,
)
from ticketing_service.cli.demo_login import LOGIN, login_is_set, take_login
from ticketing_service.cli.output import json_option, print_json
from ticketing_service.cli.ports import port_type
from ticketing_service.cli.samples import add_samples
from ticketing_service.cli.sandbox import DEFAULT_PORT, SANDBOX_KEY
from ticketing_service.cli.token import access_token
from ticketing_service.cli.welcome import RunningDemo, print_welcome
from ticketing_service.composition import migrate_database, open_store
from ticketing_service.sandbox import WebhookEndpoint, running_sandbox
from ticketing_service.settings import PREFIX, load_settings
from ticketing_service.storefront import running_storefront, storefront_app

BUYERS = {"Ada": "42", "Ben": "43", "Chloé": "44"}
"""Who the visitor of the storefront may be, by name. The first one owns the printed token."""

STAFF = "alice"
"""The same visitor, at the gate."""

ORGANIZER = "olga"
"""The same visitor, at the organizer's board."""

TOKEN_LIFETIME = timedelta(hours=12)
"""A working day. The storefront renews its own token."""

START_SECONDS = 60.0
POLL_SECONDS = 0.1


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to keep the database. Without it the database is deleted at the end.",
)
@click.option("--api-port", type=port_type, default=8000, show_default=True)
@click.option("--storefront-port", type=port_type, show_default=str(STOREFRONT_PORT))
@click.option("--sandbox-port", type=port_type, default=DEFAULT_PORT, show_default=True)
@click.option(
    "--frontend-url",
    metavar="URL",
    callback=frontend_address,
    show_default="the storefront's",
    help="Where your own frontend is: its pages may call the API, and buyers return there.",
)
@click.option("--no-storefront", is_flag=True, help="Start no storefront: yours takes its place.")
@click.option(
    "--simplejwt",
    metavar="KEY",
    help="Accept the access tokens of Django's SimpleJWT that this key signs. For another login "
    f"set {LOGIN}... as for the service.",
)
@json_option
def demo(
    *,
    folder: Path | None,
    api_port: int,
    storefront_port: int | None,
    sandbox_port: int,
    frontend_url: str | None,
    no_storefront: bool,
    simplejwt: str | None,
    as_json: bool,
) -> None:
    """Sell a ticket on this machine, without settings or accounts.

    Starts a stand-in for Stripe, the API and a storefront with sample events, and prints what to
    open and what to call. Ctrl-C ends everything.
    """
    if no_storefront and storefront_port is not None:
        raise click.UsageError("--storefront-port has no use beside --no-storefront.")
    addresses = DemoAddresses(
        api_port=api_port,
        sandbox_port=sandbox_port,
        storefront_port=None if no_storefront else storefront_port or STOREFRONT_PORT,
        frontend_url=frontend_url,
    )
    addresses.check()
    if ignored := take_login(simplejwt):
        click.echo(
            f"Ignored: {', '.join(ignored)}. Of the settings, the demo takes those of access "
            f"tokens ({LOGIN}...).",
            err=True,
        )
    # SIGTERM stops the demo in order too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with (
            _folder(folder) as directory,
            _running(directory, addresses) as (running, process),
        ):
            if as_json:
                print_json(asdict(running))
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
    folder: Path, addresses: DemoAddresses
) -> "Iterator[tuple[RunningDemo, subprocess.Popen[bytes]]]":
    api_url, storefront_url = addresses.api_url, addresses.storefront_url
    with ExitStack() as stack:
        secret = f"whsec_{secrets.token_urlsafe(24)}"
        webhook = WebhookEndpoint(f"{api_url}/api/payments/webhook/", secret)
        sandbox = stack.enter_context(
            running_sandbox(host=HOST, port=addresses.sandbox_port, webhook=webhook)
        )
        access, events = _set_up(
            folder,
            frontend_url=addresses.return_url,
            cors_origins=storefront_url or "",
            stripe_api_base=sandbox.url,
            webhook_secret=secret,
        )
        if access.secret is None and storefront_url is not None:
            raise click.UsageError(
                "The storefront needs tokens, which only your login can make: add --no-storefront."
            )
        # The stand-in for Stripe begins anew each time, so it is another account for a kept folder.
        serve = [sys.executable, "-m", "ticketing_service.cli", "serve", "--new-account"]
        serve += ["--host", HOST, "--port", str(addresses.api_port)]
        process = stack.enter_context(attached(serve))
        buyers = {name: _token_maker(access, user=user) for name, user in BUYERS.items()}
        staff_token = _token_maker(access, user=STAFF, roles=("gate",), events=events)
        organizer_token = _token_maker(access, user=ORGANIZER, roles=("organizer",), events=events)
        # Unless their address has a token, the API's own pages ask for one.
        gate_url, board_url = (
            f"{api_url}/{page}/" + (f"#token={token()}" if access.secret else "")
            for page, token in (("gate", staff_token), ("board", organizer_token))
        )
        if storefront_url is not None and addresses.storefront_port is not None:
            shop = storefront_app(
                url=storefront_url,
                api_url=api_url,
                buyers=buyers,
                staff_token=staff_token,
                organizer_token=organizer_token,
            )
            stack.enter_context(
                running_storefront(host=HOST, port=addresses.storefront_port, app=shop)
            )
            gate_url, board_url = f"{storefront_url}/staff", f"{storefront_url}/organizer"
        _wait_until_ready(f"{api_url}/readyz", process)
        running = RunningDemo(
            frontend_url=addresses.return_url,
            storefront_url=storefront_url,
            api_url=api_url,
            sandbox_url=sandbox.url,
            gate_url=gate_url,
            board_url=board_url,
            access_token=next(iter(buyers.values()))() if access.secret else None,
        )
        yield running, process


def _set_up(
    folder: Path,
    *,
    frontend_url: str,
    cors_origins: str,
    stripe_api_base: str,
    webhook_secret: str,
) -> tuple[AccessTokens, tuple[int, ...]]:
    """Make a database with sample events, and set the environment variables that go with it.

    This process and its children see the settings of the demo, and no others but a login's.

    Returns:
        Which access tokens are accepted, and the newest events.
    """
    os.environ |= {
        f"{PREFIX}DATABASE_URL": f"sqlite:///{folder / 'ticketing.db'}",
        f"{PREFIX}FRONTEND_URL": frontend_url,
        f"{PREFIX}CORS_ORIGINS": cors_origins,
        f"{PREFIX}STRIPE_API_BASE": stripe_api_base,
        f"{PREFIX}STRIPE_SECRET_KEY": SANDBOX_KEY,
        f"{PREFIX}STRIPE_WEBHOOK_SECRET": webhook_secret,
        # Off by default, but a frontend has to be seen with a payment that takes days, too.
        f"{PREFIX}STRIPE_SLOW_METHODS": "on",
    }
    if not login_is_set():
        os.environ[f"{LOGIN}SECRET"] = secrets.token_urlsafe(32)
    settings = load_settings(access=True, signing_key=True)
    if settings.access is None:
        raise ValueError("the settings were loaded without access tokens")
    migrate_database(settings)
    with closing(open_store(settings)) as store:
        add_samples(settings, store=store)
        newest = store.events.newest(before=None, limit=100)
    return settings.access, tuple(event.event_id for event in newest)


def _token_maker(
    access: AccessTokens, *, user: str, roles: tuple[str, ...] = (), events: tuple[int, ...] = ()
) -> Callable[[], str]:
    # Otherwise a token is good for all events, those to come included.
    named = events if access.events_required else ()

    def make() -> str:
        expires_at = datetime.now(UTC) + TOKEN_LIFETIME
        return access_token(access, user=user, roles=roles, events=named, expires_at=expires_at)

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
