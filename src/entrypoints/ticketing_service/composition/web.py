"""Puts the HTTP service in front of the box office, and bounds what it does at a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from attrs import evolve
from sqlalchemy import QueuePool

from ticketing_adapters.call_pace import CallPace
from ticketing_adapters.qr_images import qr_encoders
from ticketing_core import BoxOffice
from ticketing_core.admission import AdmissionClaims
from ticketing_service.capacity.clocks import BoundedClock
from ticketing_service.capacity.gateways import BoundedGateway
from ticketing_service.capacity.limits import Limits
from ticketing_service.capacity.line import Line
from ticketing_service.capacity.load_shedding import PURCHASE, shed_load, slot_held
from ticketing_service.capacity.looks import GATE_SECONDS, SharedLooks
from ticketing_service.capacity.rates import Rates, unlimited
from ticketing_service.capacity.rooms import Room
from ticketing_service.capacity.slots import Kind, Slots
from ticketing_service.composition.condition import with_degraded
from ticketing_service.composition.gate import gate_of
from ticketing_service.composition.organizer import event_records_of, organizer_of
from ticketing_service.composition.payments import notification_reader, opening_pace
from ticketing_service.http import create_app
from ticketing_service.http.base_path import trust_proxies
from ticketing_service.http.line_tokens import LineTokens
from ticketing_service.http.purchase_line import PurchaseLine
from ticketing_service.http.readiness import SharedReadiness
from ticketing_service.observing.metrics import Metrics
from ticketing_service.observing.requests import OBSERVED, ObservedRequests

if TYPE_CHECKING:
    from flask import Flask

    from ticketing_service.composition.service import Service

_SAMPLE_CLAIMS = AdmissionClaims(ticket_code=UUID(int=0), ticket_id=1, event_id=1, quantity=1)


def web_service(
    service: "Service", *, limits: Limits | None, degraded: Callable[[], Sequence[str]]
) -> "Flask":
    """Return the HTTP service; see `Service.wsgi`."""
    settings = service.settings
    if settings.access is None:
        raise ValueError("the settings have to be loaded with access tokens")
    slots = line = None
    selling = looking_after = at_gates = service.box_office
    if limits is not None:
        slots = Slots(limits)
        selling, looking_after, at_gates = bounded(
            service.box_office, limits, slots, pace=service.pace
        )
        line = _line(service, office=selling, limits=limits, slots=slots)
    app = create_app(
        box_office=selling,
        back_office=looking_after,
        organizer=organizer_of(service.store, gateway=selling.gateway, clock=selling.clock),
        records=event_records_of(service.store, clock=selling.clock),
        gate=gate_of(
            service.store,
            signer=at_gates.signer,
            gateway=at_gates.gateway,
            clock=at_gates.clock,
            metrics=service.metrics,
        ),
        sign_gate_list=service.sign_gate_list,
        access=settings.access,
        frontend_url=settings.frontend_url,
        cors_origins=settings.cors_origins,
        public_keys=service.public_keys,
        readiness=SharedReadiness(lambda: with_degraded(service.condition(), degraded())),
        qr_svg=qr_encoders().svg,
        notification_reader=notification_reader(settings, store=service.store),
        notification_slot=nullcontext if slots is None else partial(slot_held, slots),
        line=line,
        within_rate=unlimited if limits is None else Rates().allow,
    )
    # The encoder learns at the first token that it draws. No buyer should wait for that.
    service.box_office.qr_encoder.encode(service.box_office.signer.sign(_SAMPLE_CLAIMS))
    if service.metrics is not None and slots is not None:
        _watch(service, metrics=service.metrics, slots=slots, line=line)
    if settings.trusted_proxies:
        trust_proxies(app, settings.trusted_proxies)
    if slots is not None:
        shed_load(
            app,
            slots,
            frontend_url=settings.frontend_url,
            cors_origins=settings.cors_origins,
            token_for_unread=None if line is None else line.token_for_unread,
        )
    _observe(app, service)
    return app


def _observe(app: "Flask", service: "Service") -> None:
    """Count the requests, and give each an id. Around all else, so that refusals count as well."""
    observed = app.extensions[OBSERVED] = ObservedRequests(
        metrics=service.metrics,
        purchase_route=next(
            rule.rule for rule in app.url_map.iter_rules() if rule.endpoint == PURCHASE
        ),
        trusts_ids=service.settings.trusted_proxies > 0,
    )
    app.wsgi_app = observed.around(app.wsgi_app)  # type: ignore[assignment,method-assign]


def _watch(
    service: "Service", *, metrics: Metrics, slots: Slots, line: PurchaseLine | None
) -> None:
    """Let the metrics have what is in use."""
    metrics.watch("connections", lambda: _pool(service).checkedout())
    metrics.watch("connections_at_most", lambda: _pool(service).size())
    for kind in Kind:
        name = kind.name.lower()
        metrics.watch(f"slots_{name}", partial(slots.held, kind))
        metrics.watch(f"slots_waiting_{name}", partial(slots.waiting, kind))
    metrics.watch("pace_waiting", service.pace.waiting)
    if line is not None:
        metrics.watch("line_waiting", line.line.waiting)
        metrics.watch("line_away", line.line.away)


def _pool(service: "Service") -> QueuePool:
    # Another one after a fork.
    pool = service.store.engine.pool
    if not isinstance(pool, QueuePool):
        raise TypeError("the engine is not one of `engine_for`")
    return pool


def bounded(
    office: BoxOffice, limits: Limits, slots: Slots, *, pace: CallPace
) -> Iterator[BoxOffice]:
    """Yield what sells, what acts on news and what gates use, with few threads at the provider."""
    # A request that waits for the provider keeps no slot that others need.
    opening = Room(limits.open_threads, while_inside=slots.lent)
    others = Room(limits.other_call_threads, while_inside=slots.lent)
    looks = SharedLooks(waiting=Room(limits.look_threads, while_inside=slots.lent))
    repeats = Room(limits.repeat_threads, patience=0, while_inside=slots.lent)
    clock = BoundedClock(office.clock, sleeping=repeats, end_turn=pace.end_turn)
    gateway = partial(BoundedGateway, office.gateway, opening=opening, others=others, looks=looks)
    for each in (gateway(), gateway(for_news=True), gateway(look_seconds=GATE_SECONDS)):
        yield evolve(office, gateway=each, clock=clock)


def _line(
    service: "Service", *, office: BoxOffice, limits: Limits, slots: Slots
) -> PurchaseLine | None:
    """Return where paid purchases wait for the provider; None if nothing paid is sold."""
    pace = opening_pace(service.settings, pace=service.pace)
    if pace is None:
        return None
    return PurchaseLine(
        line=Line(limits.line_threads, pace=pace, while_waiting=slots.lent),
        tokens=LineTokens(service.line_secret),
        office=office,
    )
