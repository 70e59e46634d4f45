"""Serves a yardstick as `ticketing serve` serves the product: `python -m benchmarks.yardsticks`."""

from functools import partial

import click
from attrs import evolve
from flask import Flask

from benchmarks.gateway_only import gateway_only
from benchmarks.lock_the_row import LockTheRow
from benchmarks.null_service import null_service
from benchmarks.plain_null import plain_null
from ticketing_adapters.jobs.settler import CONNECTIONS as SETTLING_CONNECTIONS
from ticketing_adapters.sql import engine_for
from ticketing_service.composition import build
from ticketing_service.serving import serve_in_workers
from ticketing_service.settings import load_settings

NULL, PLAIN_NULL = "null", "plain-null"
GATEWAY_ONLY, LOCK_THE_ROW = "gateway-only", "lock-the-row"


def _load(name: str, *, threads: int) -> Flask:
    settings = load_settings(access=True, signing_key=True)
    if settings.access is None:
        raise ValueError("the settings have to be loaded with access tokens")
    if name == NULL:
        app = null_service(settings.access)
    elif name == PLAIN_NULL:
        app = plain_null(settings.access)
    elif name == GATEWAY_ONLY:
        service = build(settings, pool_size=threads)
        app = gateway_only(settings.access, gateway=service.box_office.gateway)
    else:
        pool_size = threads + SETTLING_CONNECTIONS
        service = build(settings, pool_size=pool_size)
        tickets = LockTheRow(engine_for(settings.database_url, pool_size=pool_size))
        box_office = evolve(service.box_office, tickets=tickets)
        return evolve(service, box_office=box_office).wsgi()
    app.add_url_rule("/readyz", "ready", view_func=lambda: "ready")
    return app


@click.command()
@click.argument("name", type=click.Choice([NULL, PLAIN_NULL, GATEWAY_ONLY, LOCK_THE_ROW]))
@click.option("--port", type=int, required=True)
@click.option("--workers", type=int, required=True)
@click.option("--threads", type=int, required=True)
def main(*, name: str, port: int, workers: int, threads: int) -> None:
    """Serve a yardstick until a signal stops it."""
    load = partial(_load, name, threads=threads)
    serve_in_workers(load, host="127.0.0.1", port=port, workers=workers, threads=threads)


if __name__ == "__main__":
    main()
