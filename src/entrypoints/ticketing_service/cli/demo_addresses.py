"""Where the parts of a demo are, and the frontend beside it; checked before anything starts."""

from urllib.parse import urlsplit

import click
from attrs import frozen

from ticketing_service.cli.ports import port_problem
from ticketing_service.settings_checks.mistakes import Mistakes
from ticketing_service.settings_checks.values import address

HOST = "127.0.0.1"

STOREFRONT_PORT = 5173
"""Also where a frontend of one's own is expected: the protocol's example has this address."""

_THIS_MACHINE = frozenset({"localhost", HOST, "::1"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


@frozen(kw_only=True)
class DemoAddresses:
    """The ports to listen on, and the frontend.

    Attributes:
        storefront_port: None for no storefront.
        frontend_url: Where buyers return to; None for the storefront, or its usual address.
    """

    api_port: int
    sandbox_port: int
    storefront_port: int | None
    frontend_url: str | None

    @property
    def api_url(self) -> str:
        """Where the API is."""
        return f"http://{HOST}:{self.api_port}"

    @property
    def storefront_url(self) -> str | None:
        """Where the storefront is, if there is one."""
        return f"http://localhost:{self.storefront_port}" if self.storefront_port else None

    @property
    def return_url(self) -> str:
        """Where buyers return to."""
        usual = f"http://localhost:{STOREFRONT_PORT}"
        return self.frontend_url or self.storefront_url or usual

    def check(self) -> None:
        """Check that the ports can be used.

        Raises:
            click.ClickException: Some are in use, or one is the frontend's; the text names their
                options.
        """
        ports = {"--api-port": self.api_port, "--sandbox-port": self.sandbox_port}
        if self.storefront_port is not None:
            ports["--storefront-port"] = self.storefront_port
        problems: dict[str, str] = {}
        for option, port in ports.items():
            if _is_here(self.frontend_url, port):
                free = " or --no-storefront" if option == "--storefront-port" else ""
                raise click.UsageError(
                    f"The demo itself uses port {port} of --frontend-url: change it, or {option}"
                    f"{free}."
                )
            # A browser may try either address for `localhost`.
            hosts = (HOST, "::1") if option == "--storefront-port" else (HOST,)
            if problem := next(filter(None, (port_problem(host, port) for host in hosts)), None):
                problems[option] = f"{problem} Choose another port with {option}."
        if problems:
            chosen = " ".join(f"{option} PORT" for option in problems)
            raise click.ClickException(
                "\n".join([*problems.values(), f"With make: make demo DEMO='{chosen}'"])
            )


def _is_here(url: str | None, port: int) -> bool:
    if url is None:
        return False
    parts = urlsplit(url)
    return parts.hostname in _THIS_MACHINE and port == (parts.port or _DEFAULT_PORTS[parts.scheme])


def frontend_address(
    _context: click.Context, parameter: click.Parameter, url: str | None
) -> str | None:
    """Return the address in an option, without its last slash.

    Raises:
        click.BadParameter: Buyers could not return to it.
    """
    if url is None:
        return None
    mistakes = Mistakes()
    # An empty one would count as not set.
    found = address("FRONTEND_URL", url or " ", mistakes)
    if mistakes:
        raise click.BadParameter(f"{url!r} {mistakes[0].detail}.", param=parameter)
    return found
