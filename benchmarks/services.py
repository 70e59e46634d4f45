"""The yardsticks as programs: served as `ticketing serve` serves the product, with its flags."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import click
from attrs import evolve

from ticketing_service.cli.serve import serve_in_workers
from ticketing_service.composition import build
from ticketing_service.settings import Settings, load_settings
from ticketing_service.settler import CONNECTIONS as SETTLING_CONNECTIONS

if TYPE_CHECKING:
    from flask import Flask

    from ticketing_service.access import AccessTokens


def _null(settings: Settings, *, threads: int) -> "Flask":
    from benchmarks.null_service import null_service  # noqa: PLC0415 - each process loads its own

    del threads
    return null_service(_access(settings))


def _gateway_only(settings: Settings, *, threads: int) -> "Flask":
    from benchmarks.gateway_only import gateway_only  # noqa: PLC0415 - as above

    installation = build(settings, pool_size=threads)
    return gateway_only(_access(settings), gateway=installation.box_office.gateway)


def _lock_the_row(settings: Settings, *, threads: int) -> "Flask":
    from benchmarks.lock_the_row import LockTheRow  # noqa: PLC0415 - as above
    from ticketing_adapters.sql import engine_for  # noqa: PLC0415 - as above

    pool_size = threads + SETTLING_CONNECTIONS
    installation = build(settings, pool_size=pool_size)
    tickets = LockTheRow(engine_for(settings.database_url, pool_size=pool_size))
    box_office = evolve(installation.box_office, tickets=tickets)
    return evolve(installation, box_office=box_office).wsgi()


def _access(settings: Settings) -> "AccessTokens":
    if settings.access is None:
        raise ValueError("the settings have to be loaded with access tokens")
    return settings.access


SERVICES: Mapping[str, Callable[..., "Flask"]] = {
    "null": _null,
    "gateway-only": _gateway_only,
    "lock-the-row": _lock_the_row,
}


def _load(name: str, *, threads: int) -> "Flask":
    app = SERVICES[name](load_settings(access=True, signing_key=True), threads=threads)
    if "/readyz" not in {rule.rule for rule in app.url_map.iter_rules()}:
        app.add_url_rule("/readyz", "ready", view_func=lambda: "ready")
    return app


@click.command()
@click.argument("name", type=click.Choice(list(SERVICES)))
@click.option("--port", type=int, required=True)
@click.option("--workers", type=int, required=True)
@click.option("--threads", type=int, required=True)
def main(*, name: str, port: int, workers: int, threads: int) -> None:
    """Serve a yardstick until it is told to stop."""
    serve_in_workers(
        partial(_load, name, threads=threads),
        host="127.0.0.1",
        port=port,
        workers=workers,
        threads=threads,
    )


if __name__ == "__main__":
    main()
